package store

import (
	"context"
	"fmt"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// LinkKind says what a one-time link is good for. It is a stored format.
type LinkKind string

// The kinds of link.
const (
	InviteLink LinkKind = "invite"
	SignInLink LinkKind = "sign-in"
	ResetLink  LinkKind = "reset"
	OpenLink   LinkKind = "open" // signs in like SignInLink, when it is opened
)

// Link is a one-time link. Only the hash of its token is stored.
type Link struct {
	ID           string // "l7"
	TokenHash    string
	Kind         LinkKind
	User         UserID                 // whom it lets in; "" for invitations
	Organization billing.OrganizationID // invitations: to what, for whom, as what
	Email        string
	Role         string
	CreatedAt    time.Time
	CreatedBy    string
	ExpiresAt    time.Time
}

const linkColumns = `SELECT id, token_hash, kind, user_id, organization_id, email, role, created_at, created_by, expires_at
	FROM one_time_link WHERE used_at = 0 AND expires_at > $1`

func scanLink(r scanner) (l Link, err error) {
	var created, expires int64
	err = r.Scan(&l.ID, &l.TokenHash, &l.Kind, &l.User, &l.Organization, &l.Email, &l.Role, &created, &l.CreatedBy, &expires)
	l.CreatedAt, l.ExpiresAt = fromMicros(created), fromMicros(expires)
	return l, err
}

func (t *txn) insertLink(ctx context.Context, l *Link, by string) error {
	n, err := t.nextOfPeople(ctx, "link")
	if err != nil {
		return err
	}
	l.ID, l.CreatedAt, l.CreatedBy = fmt.Sprintf("l%d", n), fromMicros(micros(t.at)), by
	_, err = t.exec(ctx, `INSERT INTO one_time_link (id, token_hash, kind, user_id, organization_id, email, role, created_at, created_by,
		expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`,
		l.ID, l.TokenHash, l.Kind, l.User, l.Organization, l.Email, l.Role, micros(l.CreatedAt), by, micros(l.ExpiresAt))
	return err
}

// CreateInvitation keeps an invitation to an organization. An earlier one of the same address is taken back.
func (s *Store) CreateInvitation(ctx context.Context, org billing.OrganizationID, l Link, by string) (Link, error) {
	l.Kind, l.Organization, l.User = InviteLink, org, ""
	err := s.write(ctx, org, func(t *txn) error {
		if _, err := t.exec(ctx, `UPDATE one_time_link SET used_at = $4 WHERE organization_id = $1 AND kind = $2 AND email = $3
			AND used_at = 0`, org, InviteLink, l.Email, micros(t.at)); err != nil {
			return err
		}
		if err := t.insertLink(ctx, &l, by); err != nil {
			return err
		}
		return t.audit(ctx, by, "member.invited", l.Email, map[string]string{"link": l.ID, "role": l.Role})
	})
	return l, err
}

// Invitations lists the open invitations to an organization, the newest first.
func (s *Store) Invitations(ctx context.Context, org billing.OrganizationID) ([]Link, error) {
	var all []Link
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanLink, linkColumns+` AND organization_id = $2 AND kind = $3 ORDER BY created_at DESC, id DESC`,
			micros(t.at), org, InviteLink)
		return err
	})
	return all, err
}

// InvitationsFor lists the open invitations of an address.
func (s *Store) InvitationsFor(ctx context.Context, email string) ([]Link, error) {
	var all []Link
	err := s.read(ctx, "", func(t *txn) (err error) {
		all, err = list(ctx, t, scanLink, linkColumns+` AND email = $2 AND kind = $3 ORDER BY created_at, id`,
			micros(t.at), email, InviteLink)
		return err
	})
	return all, err
}

// RevokeInvitation takes an open invitation back.
func (s *Store) RevokeInvitation(ctx context.Context, org billing.OrganizationID, id, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		var email string
		found, err := t.row(ctx, `SELECT email FROM one_time_link WHERE organization_id = $1 AND id = $2 AND kind = $3`,
			[]any{org, id, InviteLink}, &email)
		if err != nil {
			return err
		}
		if !found {
			return noLink()
		}
		if err := t.useLink(ctx, id); err != nil {
			return err
		}
		return t.audit(ctx, by, "member.invitation.revoked", email, map[string]string{"link": id})
	})
}

// AcceptInvitation makes the invited person a member: a user who has the address already, or a new one. created says which.
func (s *Store) AcceptInvitation(ctx context.Context, org billing.OrganizationID, id string, n NewUser) (u User, created bool, err error) {
	err = s.write(ctx, org, func(t *txn) error {
		var role string
		found, err := t.row(ctx, `SELECT email, role FROM one_time_link WHERE organization_id = $1 AND id = $2 AND kind = $3`,
			[]any{org, id, InviteLink}, &n.Email, &role)
		if err != nil {
			return err
		}
		if !found {
			return noLink()
		}
		if err := t.useLink(ctx, id); err != nil {
			return err
		}
		u, found, err = t.user(ctx, `u.email = $1`, n.Email)
		if err != nil {
			return err
		}
		if created = !found; created {
			if u.ID, err = t.insertUser(ctx, n, n.Email); err != nil {
				return err
			}
		}
		if err := t.insertMember(ctx, u.ID, role, n.Email); err != nil {
			return err
		}
		u, _, err = t.user(ctx, `u.id = $1`, u.ID)
		return err
	})
	return u, created, err
}

// CreateUserLink keeps a link that lets a user in, or lets him choose a new password.
func (s *Store) CreateUserLink(ctx context.Context, id UserID, l Link, by string) (Link, error) {
	l.User, l.Organization = id, ""
	err := s.writeUser(ctx, id, func(t *txn, u User) error {
		l.Email = u.Email
		if err := t.insertLink(ctx, &l, by); err != nil {
			return err
		}
		return t.auditUser(ctx, u, by, "user.link.created", map[string]string{"link": l.ID, "kind": string(l.Kind)})
	})
	return l, err
}

// Link finds a link that is still good by the hash of its token.
func (s *Store) Link(ctx context.Context, tokenHash string) (l Link, err error) {
	err = s.read(ctx, "", func(t *txn) error {
		all, err := list(ctx, t, scanLink, linkColumns+` AND token_hash = $2`, micros(t.at), tokenHash)
		if err == nil && len(all) == 0 {
			err = noLink()
		}
		if err == nil {
			l = all[0]
		}
		return err
	})
	return l, err
}

// RedeemLink uses a user's link up: the first of several who try gets through.
func (s *Store) RedeemLink(ctx context.Context, user UserID, link string) error {
	return s.writeUser(ctx, user, func(t *txn, u User) error {
		if err := t.useLink(ctx, link); err != nil {
			return err
		}
		return t.auditUser(ctx, u, u.Email, "user.link.used", map[string]string{"link": link})
	})
}

// ResetPassword uses a user's link up and gives him a new password, as SetPassword does.
func (s *Store) ResetPassword(ctx context.Context, user UserID, link, hash string) (after User, err error) {
	err = s.writeUser(ctx, user, func(t *txn, u User) error {
		if err := t.useLink(ctx, link); err != nil {
			return err
		}
		if _, err := t.exec(ctx, passwordStatement, user, hash); err != nil {
			return err
		}
		if after, _, err = t.user(ctx, `u.id = $1`, user); err != nil {
			return err
		}
		return t.auditUser(ctx, u, u.Email, "user.password.changed", map[string]string{"link": link})
	})
	return after, err
}

func (t *txn) useLink(ctx context.Context, id string) error {
	n, err := t.exec(ctx, `UPDATE one_time_link SET used_at = $2 WHERE id = $1 AND used_at = 0 AND expires_at > $2`, id, micros(t.at))
	if err == nil && n == 0 {
		err = noLink()
	}
	return err
}

func noLink() error {
	return fault.NotFoundf("this link was used, taken back, or has expired").Do("ask for a new one")
}
