package web

import (
	"spindle/internal/fault"
	"spindle/internal/store"
)

// What a session holds. The cookie is a random token; the rest stays in the database.
const (
	userKey    = "user"
	epochKey   = "epoch"
	lastOrgKey = "org"    // where the person was last
	pendingKey = "second" // sign-in that waits for the second factor
	nextKey    = "next"   // where sign-in leads to
)

// identify finds out who asks: by session, or a program by its token.
func (r *request) identify() error {
	if token, found := r.bearer(); found {
		actor, err := r.s.Accounts.AuthenticateToken(r.Context(), token)
		if fault.Is(err, fault.KindUnauthorized) || fault.Is(err, fault.KindNotFound) {
			return nil // askWho says so where it matters
		}
		r.actor = actor
		return err
	}
	ctx := r.Context()
	id := store.UserID(r.s.sessions.GetString(ctx, userKey))
	if id == "" {
		return nil
	}
	person, err := r.s.Accounts.Visit(ctx, id, r.s.sessions.GetInt64(ctx, epochKey))
	if fault.Is(err, fault.KindUnauthorized) {
		return r.s.sessions.Destroy(ctx)
	}
	if err != nil {
		return err
	}
	r.person = person
	r.memberships, err = r.s.Accounts.Organizations(ctx, person.ID)
	return err
}

// welcome begins the session of a person who proved who he is. The token is a new one, so that nobody who knew the old one gets in.
func (r *request) welcome(person store.User) error {
	ctx := r.Context()
	if err := r.s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	r.s.sessions.Remove(ctx, pendingKey)
	r.s.sessions.Put(ctx, userKey, string(person.ID))
	r.s.sessions.Put(ctx, epochKey, person.Epoch)
	r.person = person
	memberships, err := r.s.Accounts.Organizations(ctx, person.ID)
	r.memberships = memberships
	return err
}

// home is where a person starts: the organization of the last visit, or the first there is.
func (r *request) home() string {
	last := r.s.sessions.GetString(r.Context(), lastOrgKey)
	for _, m := range r.memberships {
		if string(m.Organization.ID) == last {
			return "/o/" + last
		}
	}
	if len(r.memberships) > 0 {
		return "/o/" + string(r.memberships[0].Organization.ID)
	}
	return "/me"
}
