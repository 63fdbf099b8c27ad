package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

// The cost of a password hash: OWASP's second choice for argon2id, 19 MiB and two passes on one lane.
const (
	argonMemoryKiB = 19 * 1024
	argonPasses    = 2
	argonLanes     = 1
	argonSaltBytes = 16
	argonKeyBytes  = 32

	argonMemoryKiBMax = 1 << 20 // the most a stored hash may ask for
	argonPassesMax    = 16

	hashesMax = 4 // at once: they bound the memory that a burst of sign-ins takes

	passwordRunesMin = 12
	passwordBytesMax = 1024
)

// cost is what a hash takes.
type cost struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
}

// hasher hashes passwords, a bounded number at once.
type hasher struct {
	slots chan struct{}
	cost  cost // of new hashes; stored ones say theirs
}

func newHasher(n int) *hasher {
	return &hasher{slots: make(chan struct{}, n), cost: cost{argonMemoryKiB, argonPasses, argonLanes}}
}

// hash gives the PHC text of a password.
func (h *hasher) hash(ctx context.Context, password secret.String) (string, error) {
	salt := make([]byte, argonSaltBytes)
	_, _ = rand.Read(salt) // never fails
	key, err := h.derive(ctx, password, h.cost, salt)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memoryKiB, h.cost.passes, h.cost.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// matches checks a password against PHC text. It does the same work when there is none, so that an answer takes as long for somebody who
// does not exist.
func (h *hasher) matches(ctx context.Context, password secret.String, stored string) (bool, error) {
	c, salt, key := h.cost, make([]byte, argonSaltBytes), make([]byte, argonKeyBytes)
	if stored != "" {
		var err error
		if c, salt, key, err = splitHash(stored); err != nil {
			return false, err
		}
	}
	got, err := h.derive(ctx, password, c, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, key) == 1 && stored != "", nil
}

// splitHash reads PHC text. Costs beyond reason are damage: they would stop the process.
func splitHash(stored string) (c cost, salt, key []byte, err error) {
	damaged := fault.NeedsPersonf("a stored password hash is damaged").Do("make a link for a new password: spindle users link EMAIL --reset")
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, damaged
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil ||
		c.memoryKiB > argonMemoryKiBMax || c.passes == 0 || c.passes > argonPassesMax || c.lanes == 0 {
		return c, nil, nil, damaged
	}
	salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err == nil {
		key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	}
	if err != nil || len(key) != argonKeyBytes {
		return c, nil, nil, damaged
	}
	return c, salt, key, nil
}

// derive does the work. A password over the limit costs no more than one at the limit and matches nothing.
func (h *hasher) derive(ctx context.Context, password secret.String, c cost, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	text := []byte(password.Reveal())
	key := argon2.IDKey(text[:min(len(text), passwordBytesMax)], salt, c.passes, c.memoryKiB, c.lanes, argonKeyBytes)
	if len(text) > passwordBytesMax {
		clear(key)
	}
	return key, nil
}

// weakWords are what the passwords that are tried first are made of, longer ones before what they contain.
func weakWords() []string {
	return []string{
		"administrator", "passphrase", "password", "passwort", "kennwort", "letmein", "welcome", "willkommen", "changeme", "secret",
		"geheim", "admin", "login", "qwertyuiop", "qwertzuiop", "qwerty", "qwertz", "asdfghjkl", "asdf", "abcdefghijkl", "abcdef", "abc",
		"iloveyou", "monkey", "dragon", "football", "sunshine", "princess", "summer", "winter", "spring", "autumn", "sommer",
		"spindle", "autotask", "microsoft", "office", "azure", "billing", "invoice", "1234567890", "123456", "12345", "1234", "123",
	}
}

// How many different characters a password needs, how many of them besides known words, and how many different steps from one character
// to the next: a run like 1234567890 has one.
const (
	distinctMin = 6
	restMin     = 5
	stepsMin    = 5
)

// checkPassword refuses passwords that are short, made of the person's own name or address, or of the words everybody tries first.
func checkPassword(password secret.String, email, name string) error {
	text := password.Reveal()
	if n := len([]rune(text)); n < passwordRunesMin {
		return weak("the password has %d characters", n)
	}
	if len(text) > passwordBytesMax {
		return weak("the password is longer than %d bytes", passwordBytesMax)
	}
	if distinct(text) < distinctMin || steps(text) < stepsMin {
		return weak("the password repeats a few characters or runs through them in order")
	}
	rest := fold(text)
	words := append([]string{email}, strings.FieldsFunc(email+" "+name, func(r rune) bool { return strings.ContainsRune(" @.-_+", r) })...)
	for _, word := range append(words, weakWords()...) {
		if word = fold(word); len([]rune(word)) >= 3 {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	if distinct(rest) < restMin {
		return weak("the password is made of your name, your address or words that everybody tries first")
	}
	return nil
}

func weak(format string, args ...any) error {
	return fault.Invalidf(format, args...).WithField("password").
		Dof("choose at least %d characters: four unrelated words are easy to remember", passwordRunesMin)
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

func steps(text string) int {
	seen, last := map[rune]bool{}, rune(0)
	for _, r := range text {
		seen[r-last], last = true, r
	}
	return len(seen)
}

// fold gives a text in lower case, with letters for the digits and signs that people write for them.
func fold(text string) string {
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t").
		Replace(strings.ToLower(text))
}
