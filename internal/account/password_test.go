package account

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

func TestPasswordHashes(t *testing.T) {
	h := newHasher(1)
	password := secret.New("staple-quartz-meadow-9")
	a, err := h.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") || len(strings.Split(a, "$")) != 6 {
		t.Errorf("hashes %s and %s", a, b)
	}
	for _, c := range []struct {
		password, stored string
		want             bool
	}{
		{"staple-quartz-meadow-9", a, true}, {"staple-quartz-meadow-9", b, true}, {"staple-quartz-meadow-8", a, false}, {"", a, false},
		{"", "", false}, {"staple-quartz-meadow-9", "", false},
	} {
		if got, err := h.matches(t.Context(), secret.New(c.password), c.stored); err != nil || got != c.want {
			t.Errorf("%q matches: %v, %v", c.password, got, err)
		}
	}
	for _, damaged := range []string{"x", a[:len(a)-4], strings.Replace(a, "argon2id", "argon2i", 1),
		strings.Replace(a, "m=19456", "m=99999999", 1), strings.Replace(a, "t=2", "t=0", 1), strings.Replace(a, "p=1", "p=0", 1),
		strings.Replace(a, "v=19", "v=16", 1), "$argon2id$v=19$m=19456,t=2,p=1$"} {
		if _, err := h.matches(t.Context(), password, damaged); !fault.Is(err, fault.KindNeedsPerson) {
			t.Errorf("%s: %v", damaged, err)
		}
	}
}

// TestPasswordHashIsArgon2id checks the parts of a hash against the function itself.
func TestPasswordHashIsArgon2id(t *testing.T) {
	text, err := newHasher(1).hash(t.Context(), secret.New("staple-quartz-meadow-9"))
	if err != nil {
		t.Fatal(err)
	}
	c, salt, key, err := splitHash(text)
	if err != nil {
		t.Fatal(err)
	}
	if c != (cost{19456, 2, 1}) {
		t.Errorf("the cost is %+v", c)
	}
	if want := argon2.IDKey([]byte("staple-quartz-meadow-9"), salt, 2, 19456, 1, 32); string(key) != string(want) || len(salt) != 16 {
		t.Error("the hash is not argon2id of the password")
	}
}

// TestAnEndlessPasswordMatchesNothing holds that what is over the limit is not cut to something that fits.
func TestAnEndlessPasswordMatchesNothing(t *testing.T) {
	h := newHasher(1)
	limit := strings.Repeat("a long password ", passwordBytesMax/16)
	stored, err := h.hash(t.Context(), secret.New(limit))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{limit: true, limit + "x": false} {
		if got, err := h.matches(t.Context(), secret.New(text), stored); err != nil || got != want {
			t.Errorf("%d bytes: %v, %v", len(text), got, err)
		}
	}
}

// TestHashesOfAnotherCostStillMatch holds that the cost may be raised without locking anybody out.
func TestHashesOfAnotherCostStillMatch(t *testing.T) {
	old := &hasher{slots: make(chan struct{}, 1), cost: cost{64, 1, 2}}
	stored, err := old.hash(t.Context(), secret.New("staple-quartz-meadow-9"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"staple-quartz-meadow-9": true, "staple-quartz-meadow-8": false} {
		if got, err := newHasher(1).matches(t.Context(), secret.New(text), stored); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestHashesWaitForEachOther(t *testing.T) {
	h := newHasher(1)
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, secret.New("x")); err == nil {
		t.Error("more hashes at once than allowed")
	}
	<-h.slots
	if _, err := h.hash(t.Context(), secret.New("x")); err != nil {
		t.Error(err)
	}
}

// TestUnknownPeopleCostTheSame compares the work, with a wide margin: no hash at all would be a thousand times faster.
func TestUnknownPeopleCostTheSame(t *testing.T) {
	h := newHasher(1)
	stored, err := h.hash(t.Context(), secret.New("staple-quartz-meadow-9"))
	if err != nil {
		t.Fatal(err)
	}
	best := func(stored string) time.Duration {
		least := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := h.matches(t.Context(), secret.New("a wrong password"), stored); err != nil {
				t.Fatal(err)
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	if known, unknown := best(stored), best(""); unknown < known/3 {
		t.Errorf("%s for a user, %s for nobody", known, unknown)
	}
}

func TestPasswordRules(t *testing.T) {
	for text, want := range map[string]string{
		"staple-quartz-meadow-9":      "",
		"Tr0ub4dor&3xyz":              "",
		"82#96%2^68&9":                "",
		"пароль из леса":              "",
		"eleven char":                 "11 characters",
		"":                            "0 characters",
		"aaaaaaaaaaaaaaaa":            "repeats",
		"abababababab":                "repeats",
		"123456789012":                "repeats",
		"abcdefghijklm":               "repeats",
		"Password2024!":               "everybody",
		"P@ssw0rd1234":                "everybody",
		"Spindle-Autotask-1":          "everybody",
		"Microsoft365!!":              "everybody",
		"qwertyuiop12":                "everybody",
		"ann@northwind.example":       "everybody",
		"AnnArcher2026":               "everybody",
		"northwind-archer":            "everybody",
		strings.Repeat("long ", 1000): "longer than 1024 bytes",
	} {
		err := checkPassword(secret.New(text), "ann@northwind.example", "Ann Archer")
		if want == "" && err == nil {
			continue
		}
		f := fault.Find(err)
		if want == "" || f == nil || !strings.Contains(f.Message, want) || f.Field != "password" || f.Remedy == "" {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
		if text != "" && err != nil && strings.Contains(err.Error()+fault.Remedy(err), text) {
			t.Errorf("the password is in: %v", err)
		}
	}
}

func TestLockAfter(t *testing.T) {
	for n, want := range map[int64]time.Duration{
		0: 0, 1: 0, 4: 0, 5: time.Minute, 6: 2 * time.Minute, 7: 4 * time.Minute, 10: 32 * time.Minute, 11: time.Hour, 12: time.Hour, 1 << 40: time.Hour,
	} {
		if got := lockAfter(n); got != want {
			t.Errorf("after %d attempts %s, want %s", n, got, want)
		}
	}
}

func TestUnknownAddressesAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
	s := New(Deps{Now: func() time.Time { return now }})
	for i := range unknownMax + 100 {
		if err := s.attemptUnknown(strings.Repeat("x", i%200) + time.Duration(i).String()); err != nil {
			t.Fatal(err)
		}
		if len(s.unknown) > unknownMax {
			t.Fatalf("%d addresses are remembered", len(s.unknown))
		}
	}
}
