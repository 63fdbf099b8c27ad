// Package secret keeps credentials from leaking (design law 10). [String]
// holds a secret that prints as *** wherever it turns up: formatted text, JSON,
// logs, dumps of a surrounding struct. [Keyring] seals secrets before they are
// stored.
package secret

import (
	"crypto/subtle"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"log/slog"

	"spindle/internal/fault"
)

// Redacted is what every String prints as, also an empty one.
const Redacted = "***"

// String is a secret text. Only [String.Reveal] gives it away, so a search for
// that word finds every place that does. The zero value is the empty secret.
//
// The text sits behind a pointer because fmt does not call methods on
// unexported fields: a dump of a struct that holds a String shows an address.
// For the same reason compare with [String.Equal], not with ==.
type String struct{ text *string }

// New makes a secret of text.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{text: &text}
}

// Reveal returns the secret itself, to be handed to whoever must have it.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.text == nil }

// Equal compares two secrets in a time that does not depend on where they
// differ.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns Redacted.
func (s String) String() string { return Redacted }

// Format writes Redacted for every verb and flag.
func (s String) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue returns Redacted.
func (s String) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns Redacted.
func (s String) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON returns Redacted as a JSON string.
func (s String) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }

// UnmarshalText takes a secret from input such as an environment variable, a
// form or a JSON string. It refuses Redacted: that is a value that was printed
// and read back, and storing it would lose the real one.
func (s *String) UnmarshalText(text []byte) error {
	if string(text) == Redacted {
		return fault.Invalidf("%s is the mark of a hidden secret, not a secret", Redacted).
			Do("give the real value, or leave the field out to keep the stored one")
	}
	*s = New(string(text))
	return nil
}

// Value refuses to store an unsealed secret in a database.
func (s String) Value() (driver.Value, error) {
	return nil, fault.Newf(fault.KindInternal, "an unsealed secret must not be stored").
		Do("seal it with secret.Keyring first")
}
