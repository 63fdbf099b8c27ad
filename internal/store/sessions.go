package store

import (
	"bytes"
	"context"
	"time"
)

// sessionGrace is how much later a session may expire than is stored: what only moves the expiry a little is not written, so that not
// every page is a write.
const sessionGrace = time.Minute

// SaveSession keeps a browser's session under the hash of its token, and forgets those that have expired.
func (s *Store) SaveSession(ctx context.Context, tokenHash string, data []byte, expires time.Time) error {
	known, until, err := s.session(ctx, tokenHash)
	if err != nil {
		return err
	}
	if !until.IsZero() && bytes.Equal(known, data) && expires.Sub(until).Abs() < sessionGrace {
		return nil
	}
	return s.begin(ctx, s.writer, nil, func(t *txn) error {
		if _, err := t.exec(ctx, `INSERT INTO web_session (token_hash, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			tokenHash, data, micros(expires)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `DELETE FROM web_session WHERE expires_at <= $1`, micros(t.at))
		return err
	})
}

// Session gives the data of a session that has not expired.
func (s *Store) Session(ctx context.Context, tokenHash string) (data []byte, found bool, err error) {
	data, until, err := s.session(ctx, tokenHash)
	return data, !until.IsZero(), err
}

func (s *Store) session(ctx context.Context, tokenHash string) (data []byte, expires time.Time, err error) {
	var until int64
	err = s.read(ctx, "", func(t *txn) error {
		_, err := t.row(ctx, `SELECT data, expires_at FROM web_session WHERE token_hash = $1 AND expires_at > $2`,
			[]any{tokenHash, micros(t.at)}, &data, &until)
		return err
	})
	return data, fromMicros(until), err
}

// DeleteSession ends a session. One that is not there is none already.
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error {
	return s.begin(ctx, s.writer, nil, func(t *txn) error {
		_, err := t.exec(ctx, `DELETE FROM web_session WHERE token_hash = $1`, tokenHash)
		return err
	})
}
