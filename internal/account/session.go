package account

import (
	"context"
	"time"

	"spindle/internal/store"
)

// Sessions keeps the browsers' sessions in the database, for scs.SessionManager. Set its HashTokenInStore, so that who reads the database
// cannot enter. Put no secret into a session: its data is stored as it is.
type Sessions struct {
	Store *store.Store
	Now   func() time.Time // the clock of the store, which may be one for practice; the session manager knows the system's only
}

// FindCtx gives the data of a session that has not expired.
func (s Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	return s.Store.Session(ctx, token)
}

// CommitCtx keeps a session.
func (s Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.Store.SaveSession(ctx, token, data, s.Now().Add(time.Until(expiry)))
}

// DeleteCtx ends a session.
func (s Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.Store.DeleteSession(ctx, token)
}

// Find is FindCtx for callers without a context.
func (s Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for callers without a context.
func (s Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for callers without a context.
func (s Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
