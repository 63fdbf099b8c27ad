package secret_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

var credential = secret.Row{Organization: "org-1", Table: "credential", ID: "7", Field: "secret"}

func openKeyring(t *testing.T) (*secret.Keyring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "master.key")
	k, err := secret.OpenKeyring(path, secret.String{})
	if err != nil {
		t.Fatal(err)
	}
	return k, path
}

func TestSealOpens(t *testing.T) {
	k, _ := openKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "secret")
		sealed := k.Seal(secret.New(text), credential)
		if len(text) > 3 && strings.Contains(sealed, text) {
			t.Fatalf("sealed text shows the secret: %s", sealed)
		}
		got, err := k.Open(sealed, credential)
		if err != nil || got.Reveal() != text {
			t.Fatalf("Open = %q, %v; want %q", got.Reveal(), err, text)
		}
		if sealed == k.Seal(secret.New(text), credential) {
			t.Fatal("sealing twice gave the same text")
		}
	})
}

// Law 10: a sealed credential copied to any other row does not open there.
func TestWrongRowFails(t *testing.T) {
	k, _ := openKeyring(t)
	sealed := k.Seal(secret.New(hidden), credential)
	rows := map[string]secret.Row{
		"organization": {Organization: "org-2", Table: "credential", ID: "7", Field: "secret"},
		"table":        {Organization: "org-1", Table: "token", ID: "7", Field: "secret"},
		"id":           {Organization: "org-1", Table: "credential", ID: "8", Field: "secret"},
		"field":        {Organization: "org-1", Table: "credential", ID: "7", Field: "user"},
		"shifted":      {Organization: "org-1", Table: "credentia", ID: "l7", Field: "secret"},
		"empty":        {},
	}
	for name, row := range rows {
		got, err := k.Open(sealed, row)
		if !fault.Is(err, fault.KindNeedsPerson) || !got.IsZero() {
			t.Errorf("%s: Open = %q, %v; want needs_person", name, got.Reveal(), err)
		}
	}
}

// Who restores a backup without its key is told in words what cannot be opened.
func TestAMissingKeySaysWhatItKeepsShut(t *testing.T) {
	k, _ := openKeyring(t)
	other, _ := openKeyring(t)
	row := secret.Row{Organization: "org-1", Table: "user_account", ID: "u3", Field: "totp"}
	_, err := other.Open(k.Seal(secret.New(hidden), row), row)
	if want := "what is sealed for user account u3 cannot be opened: its key " + k.KeyID() + " is not in the key file"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestDamageIsNoticed(t *testing.T) {
	k, _ := openKeyring(t)
	sealed := k.Seal(secret.New(hidden), credential)
	for i := range sealed {
		broken := sealed[:i] + flip(sealed[i]) + sealed[i+1:]
		if _, err := k.Open(broken, credential); !fault.Is(err, fault.KindNeedsPerson) {
			t.Errorf("damage at %d: %v; want needs_person", i, err)
		}
	}
	for _, text := range []string{"", "x", "s1..", "s1.a.b.c", "s2" + sealed[2:], sealed[:len(sealed)-6], hidden} {
		if _, err := k.Open(text, credential); !fault.Is(err, fault.KindNeedsPerson) || fault.Remedy(err) == "" {
			t.Errorf("Open(%q) = %v; want needs_person with a remedy", text, err)
		}
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func TestRotatedKeyStillOpens(t *testing.T) {
	old, path := openKeyring(t)
	sealed := old.Seal(secret.New(hidden), credential)
	rotated, err := secret.Rotate(path)
	if err != nil {
		t.Fatal(err)
	}
	reopened, err := secret.OpenKeyring(path, secret.String{})
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*secret.Keyring{"rotated": rotated, "reopened": reopened} {
		got, err := k.Open(sealed, credential)
		if err != nil || got.Reveal() != hidden {
			t.Errorf("%s: Open = %q, %v", name, got.Reveal(), err)
		}
		if k.Current(sealed) || !k.Current(k.Seal(got, credential)) || k.KeyID() == old.KeyID() {
			t.Errorf("%s: the old key still seals", name)
		}
	}
	fresh := rotated.Seal(secret.New(hidden), credential)
	if _, err := old.Open(fresh, credential); !fault.Is(err, fault.KindNeedsPerson) || !strings.Contains(err.Error(), rotated.KeyID()) {
		t.Errorf("opening with a key that is missing: %v", err)
	}
	assertMode(t, path)
}

func TestKeyFileIsPrivate(t *testing.T) {
	_, path := openKeyring(t)
	assertMode(t, path)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := secret.OpenKeyring(path, secret.String{})
		if !fault.Is(err, fault.KindNeedsPerson) || fault.Remedy(err) != "run: chmod 600 "+path {
			t.Errorf("mode %o: %v (remedy %q)", mode, err, fault.Remedy(err))
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v (%v), want the key file alone", left, err)
	}
}

func TestBadKeyFile(t *testing.T) {
	tests := map[string]string{
		"empty":        "",
		"only comment": "# nothing\n",
		"short":        base64.StdEncoding.EncodeToString([]byte("short")) + "\n",
		"not base64":   "# head\n" + hidden + "\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := secret.OpenKeyring(path, secret.String{})
			if !fault.Is(err, fault.KindNeedsPerson) || fault.Remedy(err) == "" || !strings.Contains(err.Error(), path) {
				t.Fatalf("err = %v", err)
			}
			assertHidden(t, "error", err.Error())
		})
	}
}

func TestKeyFromEnvironment(t *testing.T) {
	one := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("1", 32)))
	two := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("2", 32)))
	path := filepath.Join(t.TempDir(), "master.key")
	k1, err := secret.OpenKeyring(path, secret.New(one))
	if err != nil {
		t.Fatal(err)
	}
	k2, err := secret.OpenKeyring(path, secret.New(one+", "+two))
	if err != nil {
		t.Fatal(err)
	}
	sealed := k1.Seal(secret.New(hidden), credential)
	if got, err := k2.Open(sealed, credential); err != nil || got.Reveal() != hidden || k2.Current(sealed) {
		t.Errorf("Open = %q, %v", got.Reveal(), err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a key file was made although the key came from the environment (%v)", err)
	}
	if _, err := secret.OpenKeyring(path, secret.New(hidden)); !fault.Is(err, fault.KindNeedsPerson) || !strings.Contains(err.Error(), secret.KeyEnv) {
		t.Errorf("bad key: %v", err)
	} else {
		assertHidden(t, "error", err.Error())
	}
}

// Two processes that start at once on an empty folder must agree on one key.
func TestFirstStartsAgree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			k, err := secret.OpenKeyring(path, secret.String{})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = k.KeyID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("different keys: %v", ids)
		}
	}
}

func assertMode(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("key file has mode %o, want 600", info.Mode().Perm())
	}
}
