package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"spindle/internal/fault"
	"spindle/internal/secret"
)

// tokenBytes is how much chance is in a token: too much to guess, so a plain hash of it may be stored.
const tokenBytes = 32

// newToken makes a token, and the hash under which it is stored.
func newToken(prefix string) (token secret.String, hash string) {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails
	text := prefix + base64.RawURLEncoding.EncodeToString(random)
	return secret.New(text), hashToken(text)
}

func hashToken(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// carried is what a browser carries between two steps, sealed.
type carried struct {
	Until time.Time
	What  json.RawMessage
}

// seal makes text that only open reads again, for the same purpose and for so long.
func (s *Service) seal(purpose string, life time.Duration, what any) (string, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	text, err := json.Marshal(carried{Until: s.Now().Add(life), What: body})
	if err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	return s.Keys.Seal(secret.New(string(text)), carriedFor(purpose)), nil
}

func (s *Service) open(purpose, sealed string, into any) error {
	text, err := s.Keys.Open(sealed, carriedFor(purpose))
	if err != nil {
		return expired()
	}
	var c carried
	if err := json.Unmarshal([]byte(text.Reveal()), &c); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	if !c.Until.After(s.Now()) {
		return expired()
	}
	return json.Unmarshal(c.What, into)
}

func carriedFor(purpose string) secret.Row {
	return secret.Row{Table: "carried", Field: purpose}
}

func expired() error {
	return fault.Unauthorizedf("signing in took too long, or was begun elsewhere").Do("begin again")
}
