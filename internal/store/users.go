package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// UserID names a person of this installation: "u7". Ids are never given twice.
type UserID string

// User is a person who may sign in. He belongs to the installation; memberships say where he may do what.
type User struct {
	ID         UserID
	Email      string // lower case; also the name under which he acts in the audit trail
	Name       string
	Password   bool   // has one
	TOTP       bool   // is asked for a one-time password too
	Issuer     string // of the OpenID Connect identity that is his, "" for none
	Subject    string
	Epoch      int64 // sessions of an earlier epoch have ended
	Locked     time.Time
	DisabledAt time.Time
	SignedInAt time.Time // zero: never
	CreatedAt  time.Time
	CreatedBy  string
}

// NewUser is what makes a user.
type NewUser struct {
	Email        string // lower case
	Name         string
	PasswordHash string // "" for who comes by OpenID Connect only
	Issuer       string
	Subject      string
}

// OwnerRole is the one role the store knows: an organization that has an owner never loses its last one.
const OwnerRole = "owner"

const userColumns = `SELECT u.id, u.email, u.name, u.password <> '', u.totp <> '', u.issuer, u.subject, u.epoch, u.locked_until,
	u.disabled_at, u.signed_in_at, u.created_at, u.created_by`

// userFields gives where to scan userColumns, and what turns the times into times.
func userFields(u *User) (into []any, finish func()) {
	times := make([]int64, 4)
	into = []any{&u.ID, &u.Email, &u.Name, &u.Password, &u.TOTP, &u.Issuer, &u.Subject, &u.Epoch,
		&times[0], &times[1], &times[2], &times[3], &u.CreatedBy}
	return into, func() {
		u.Locked, u.DisabledAt, u.SignedInAt, u.CreatedAt = fromMicros(times[0]), fromMicros(times[1]), fromMicros(times[2]), fromMicros(times[3])
	}
}

func (t *txn) user(ctx context.Context, where string, args ...any) (u User, found bool, err error) {
	into, finish := userFields(&u)
	found, err = t.row(ctx, userColumns+` FROM user_account u WHERE `+where, args, into...)
	finish()
	return u, found, err
}

func (s *Store) oneUser(ctx context.Context, what, where string, args ...any) (u User, err error) {
	err = s.read(ctx, "", func(t *txn) error {
		var found bool
		if u, found, err = t.user(ctx, where, args...); err == nil && !found {
			err = noUser(what)
		}
		return err
	})
	return u, err
}

func noUser(what string) error {
	return fault.NotFoundf("there is no user %s", what).Do("spindle users list shows them")
}

// HasUsers reports whether anybody was ever made a user.
func (s *Store) HasUsers(ctx context.Context) (has bool, err error) {
	err = s.read(ctx, "", func(t *txn) error {
		var id string
		has, err = t.row(ctx, `SELECT id FROM user_account LIMIT 1`, nil, &id)
		return err
	})
	return has, err
}

// User finds a user by his id.
func (s *Store) User(ctx context.Context, id UserID) (User, error) {
	return s.oneUser(ctx, string(id), `u.id = $1`, id)
}

// UserByEmail finds a user by his address in whatever case.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	return s.oneUser(ctx, email, `u.email = $1`, strings.ToLower(email))
}

// UserBySubject finds the user who has an OpenID Connect identity.
func (s *Store) UserBySubject(ctx context.Context, issuer, subject string) (User, error) {
	return s.oneUser(ctx, "with this identity", `u.issuer = $1 AND u.subject = $2 AND u.subject <> ''`, issuer, subject)
}

// CreateFirstUser makes the first user the owner of every organization; when there is none yet, of a new one with the given name. As
// soon as there is any user it is a conflict, also for two who try at once.
func (s *Store) CreateFirstUser(ctx context.Context, n NewUser, organization string) (User, error) {
	var u User
	err := s.begin(ctx, s.writer, nil, func(t *txn) error {
		id, err := t.insertUser(ctx, n, n.Email)
		if err != nil {
			return err
		}
		if id != firstUser {
			return fault.Conflictf("this installation has an owner already").Do("sign in, or ask him for an invitation")
		}
		orgs, err := list(ctx, t, scanOrganization, organizationColumns+` ORDER BY id`)
		if err != nil {
			return err
		}
		if len(orgs) == 0 {
			made, err := t.createOrganization(ctx, organization, n.Email)
			if err != nil {
				return err
			}
			orgs = append(orgs, made)
		}
		for _, o := range orgs {
			if err := t.enter(ctx, o.ID); err != nil {
				return err
			}
			if err := t.insertMember(ctx, id, OwnerRole, n.Email); err != nil {
				return err
			}
		}
		u, _, err = t.user(ctx, `u.id = $1`, id)
		return err
	})
	return u, err
}

// firstUser is the id that only the first user gets: the counter is what keeps two of them apart.
const firstUser UserID = "u1"

// enter makes the transaction one of an organization and takes its row, as write does.
func (t *txn) enter(ctx context.Context, org billing.OrganizationID) error {
	t.org = org
	n, err := t.exec(ctx, `UPDATE organization SET writes = writes + 1 WHERE id = $1`, org)
	if err == nil && n == 0 {
		err = noOrganization(string(org))
	}
	return err
}

// nextOfPeople counts up a counter that belongs to no organization.
func (t *txn) nextOfPeople(ctx context.Context, counter string) (int64, error) {
	var n int64
	if err := t.store.cut("counter"); err != nil {
		return 0, err
	}
	_, err := t.row(ctx, `INSERT INTO people_counter (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = people_counter.value + 1 RETURNING value`, []any{counter}, &n)
	return n, err
}

func (t *txn) insertUser(ctx context.Context, n NewUser, by string) (UserID, error) {
	if n.Email == "" || n.Email != strings.ToLower(n.Email) {
		return "", fault.Invalidf("a user needs an address in lower case").WithField("email")
	}
	number, err := t.nextOfPeople(ctx, "user")
	if err != nil {
		return "", err
	}
	id := UserID(fmt.Sprintf("u%d", number))
	rows, err := t.exec(ctx, `INSERT INTO user_account (id, email, name, password, totp, totp_pending, totp_step, issuer, subject, epoch,
		failures, locked_until, disabled_at, signed_in_at, created_at, created_by)
		VALUES ($1, $2, $3, $4, '', '', 0, $5, $6, 1, 0, 0, 0, 0, $7, $8) ON CONFLICT DO NOTHING`,
		id, n.Email, n.Name, n.PasswordHash, n.Issuer, n.Subject, micros(t.at), by)
	if err == nil && rows == 0 {
		err = fault.Conflictf("there is a user %s already, or one with the same identity", n.Email).Do("try again")
	}
	return id, err
}

// writeUser runs f in a transaction about a user. It first takes the rows of his organizations in their order and then his own, so that
// writes about him happen one after the other and never wait for each other in a circle.
func (s *Store) writeUser(ctx context.Context, id UserID, f func(t *txn, u User) error) error {
	return s.begin(ctx, s.writer, nil, func(t *txn) error {
		orgs, err := t.organizationsOf(ctx, id)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			if err := t.enter(ctx, org); err != nil {
				return err
			}
		}
		n, err := t.exec(ctx, `UPDATE user_account SET epoch = epoch WHERE id = $1`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return noUser(string(id))
		}
		u, _, err := t.user(ctx, `u.id = $1`, id)
		if err != nil {
			return err
		}
		return f(t, u)
	})
}

func (t *txn) organizationsOf(ctx context.Context, id UserID) ([]billing.OrganizationID, error) {
	return list(ctx, t, func(r scanner) (org billing.OrganizationID, err error) {
		err = r.Scan(&org)
		return org, err
	}, `SELECT organization_id FROM membership WHERE user_id = $1 ORDER BY organization_id`, id)
}

// auditUser appends an entry about a user to the trail of each of his organizations. Who belongs to none leaves no trace here: no chain
// is his.
func (t *txn) auditUser(ctx context.Context, u User, by, action string, detail any) error {
	orgs, err := t.organizationsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	if detail == nil {
		detail = struct{}{}
	}
	for _, org := range orgs {
		t.org = org
		if err := t.audit(ctx, by, action, u.Email, detail); err != nil {
			return err
		}
	}
	return nil
}

// changeUser is writeUser for one statement about the user and its audit entry; it gives the user as he is now.
func (s *Store) changeUser(ctx context.Context, id UserID, d decision, statement string, args ...any) (after User, err error) {
	err = s.writeUser(ctx, id, func(t *txn, u User) error {
		if _, err := t.exec(ctx, statement, append([]any{id}, args...)...); err != nil {
			return err
		}
		if after, _, err = t.user(ctx, `u.id = $1`, id); err != nil {
			return err
		}
		return t.auditUser(ctx, u, d.by, d.action, d.detail)
	})
	return after, err
}

// SetPassword replaces a user's password, ends his sessions and opens a lock.
func (s *Store) SetPassword(ctx context.Context, id UserID, hash, by string) (User, error) {
	return s.changeUser(ctx, id, decision{by: by, action: "user.password.changed"}, passwordStatement, hash)
}

const passwordStatement = `UPDATE user_account SET password = $2, epoch = epoch + 1, failures = 0, locked_until = 0 WHERE id = $1`

// EndSessions signs a user out everywhere.
func (s *Store) EndSessions(ctx context.Context, id UserID, by string) (User, error) {
	return s.changeUser(ctx, id, decision{by: by, action: "user.sessions.ended"},
		`UPDATE user_account SET epoch = epoch + 1 WHERE id = $1`)
}

// SetSubject says which OpenID Connect identity is the user's.
func (s *Store) SetSubject(ctx context.Context, id UserID, issuer, subject, by string) (User, error) {
	return s.changeUser(ctx, id, decision{by: by, action: "user.identity.linked", detail: map[string]string{"issuer": issuer}},
		`UPDATE user_account SET issuer = $2, subject = $3 WHERE id = $1`, issuer, subject)
}

// SetDisabled keeps a user out, or lets him in again. His sessions end. The last owner of an organization cannot be kept out.
func (s *Store) SetDisabled(ctx context.Context, id UserID, disabled bool, by string) (User, error) {
	var after User
	err := s.writeUser(ctx, id, func(t *txn, u User) error {
		at, action := int64(0), "user.enabled"
		if disabled {
			at, action = micros(t.at), "user.disabled"
			if err := t.keepOwners(ctx, id); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, `UPDATE user_account SET disabled_at = $2, epoch = epoch + 1 WHERE id = $1`, id, at)
		if err != nil {
			return err
		}
		if after, _, err = t.user(ctx, `u.id = $1`, id); err != nil {
			return err
		}
		return t.auditUser(ctx, u, by, action, struct{}{})
	})
	return after, err
}
