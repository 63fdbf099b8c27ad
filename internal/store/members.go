package store

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// Member is a user of an organization.
type Member struct {
	User
	Role  string
	Since time.Time
}

// Membership is an organization of a user.
type Membership struct {
	Organization Organization
	Role         string
	Since        time.Time
}

func scanMember(r scanner) (m Member, err error) {
	into, finish := userFields(&m.User)
	var since int64
	err = r.Scan(append(into, &m.Role, &since)...)
	finish()
	m.Since = fromMicros(since)
	return m, err
}

const memberColumns = userColumns + `, m.role, m.since FROM membership m JOIN user_account u ON u.id = m.user_id WHERE m.organization_id = $1`

// Members lists the users of an organization by address.
func (s *Store) Members(ctx context.Context, org billing.OrganizationID) ([]Member, error) {
	var all []Member
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanMember, memberColumns+` ORDER BY u.email`, org)
		return err
	})
	return all, err
}

// Member finds a user of an organization; who is none of its members is not found.
func (s *Store) Member(ctx context.Context, org billing.OrganizationID, id UserID) (m Member, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		m, err = t.member(ctx, id)
		return err
	})
	return m, err
}

func (t *txn) member(ctx context.Context, id UserID) (Member, error) {
	all, err := list(ctx, t, scanMember, memberColumns+` AND m.user_id = $2`, t.org, id)
	if err != nil {
		return Member{}, err
	}
	if len(all) == 0 {
		return Member{}, fault.NotFoundf("user %s is no member of %s", id, t.org).Do("spindle users list shows the members")
	}
	return all[0], nil
}

// Memberships lists the organizations of a user by name.
func (s *Store) Memberships(ctx context.Context, id UserID) ([]Membership, error) {
	var all []Membership
	err := s.read(ctx, "", func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (m Membership, err error) {
			var created, since int64
			o := &m.Organization
			err = r.Scan(&o.ID, &o.Name, &o.Enabled, &created, &o.CreatedBy, &m.Role, &since)
			o.CreatedAt, m.Since = fromMicros(created), fromMicros(since)
			return m, err
		}, `SELECT o.id, o.name, o.enabled, o.created_at, o.created_by, m.role, m.since FROM membership m
			JOIN organization o ON o.id = m.organization_id WHERE m.user_id = $1 ORDER BY o.name_key`, id)
		return err
	})
	return all, err
}

// insertMember makes a user a member of the transaction's organization. Who is one keeps his role.
func (t *txn) insertMember(ctx context.Context, id UserID, role, by string) error {
	if role == "" {
		return fault.Invalidf("a member needs a role").WithField("role")
	}
	n, err := t.exec(ctx, `INSERT INTO membership (organization_id, user_id, role, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, user_id) DO NOTHING`, t.org, id, role, micros(t.at))
	if err != nil || n == 0 {
		return err
	}
	u, _, err := t.user(ctx, `u.id = $1`, id)
	if err != nil {
		return err
	}
	return t.audit(ctx, by, "member.added", u.Email, map[string]string{"role": role})
}

// AddMember makes a user of this installation a member of an organization. Who is one keeps his role.
func (s *Store) AddMember(ctx context.Context, org billing.OrganizationID, id UserID, role, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		if _, found, err := t.user(ctx, `u.id = $1`, id); err != nil || !found {
			if err == nil {
				err = noUser(string(id))
			}
			return err
		}
		return t.insertMember(ctx, id, role, by)
	})
}

// SetMemberRole changes what a member may do. The last owner stays one.
func (s *Store) SetMemberRole(ctx context.Context, org billing.OrganizationID, id UserID, role, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		m, err := t.member(ctx, id)
		if err != nil || m.Role == role {
			return err
		}
		if m.Role == OwnerRole {
			if err := t.keepOwner(ctx, id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `UPDATE membership SET role = $3 WHERE organization_id = $1 AND user_id = $2`, org, id, role); err != nil {
			return err
		}
		return t.audit(ctx, by, "member.role", m.Email, map[string]string{"before": m.Role, "after": role})
	})
}

// RemoveMember takes a user out of an organization and revokes the API tokens he made in it. The last owner stays.
func (s *Store) RemoveMember(ctx context.Context, org billing.OrganizationID, id UserID, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		m, err := t.member(ctx, id)
		if err != nil {
			return err
		}
		if m.Role == OwnerRole {
			if err := t.keepOwner(ctx, id); err != nil {
				return err
			}
		}
		revoked, err := t.exec(ctx, `UPDATE api_token SET revoked_at = $3 WHERE organization_id = $1 AND user_id = $2 AND revoked_at = 0`,
			org, id, micros(t.at))
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM membership WHERE organization_id = $1 AND user_id = $2`, org, id); err != nil {
			return err
		}
		return t.audit(ctx, by, "member.removed", m.Email, map[string]any{"role": m.Role, "tokens_revoked": revoked})
	})
}

// keepOwner refuses to go on when the transaction's organization would be left without an owner who can sign in.
func (t *txn) keepOwner(ctx context.Context, without UserID) error {
	var others int64
	if _, err := t.row(ctx, `SELECT COUNT(*) FROM membership m JOIN user_account u ON u.id = m.user_id
		WHERE m.organization_id = $1 AND m.role = $2 AND m.user_id <> $3 AND u.disabled_at = 0`,
		[]any{t.org, OwnerRole, without}, &others); err != nil {
		return err
	}
	if others == 0 {
		return fault.Conflictf("%s would be left without an owner", t.org).Do("make somebody else an owner first")
	}
	return nil
}

// keepOwners does so in every organization the user owns.
func (t *txn) keepOwners(ctx context.Context, id UserID) error {
	orgs, err := t.organizationsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, org := range orgs {
		t.org = org
		m, err := t.member(ctx, id)
		if err != nil {
			return err
		}
		if m.Role != OwnerRole {
			continue
		}
		if err := t.keepOwner(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
