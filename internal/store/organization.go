package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// Organization is an MSP on this installation.
type Organization struct {
	ID        billing.OrganizationID // short text made from the name: "northwind-it"
	Name      string
	Enabled   bool // the target may be written to (design §2, step 2)
	CreatedAt time.Time
	CreatedBy string
}

// slugTriesMax bounds the search for a free id among organizations with similar names.
const slugTriesMax = 100

// CreateOrganization makes an organization with writing to its target switched off. A name that is taken, in whatever case, is a conflict.
func (s *Store) CreateOrganization(ctx context.Context, name, by string) (Organization, error) {
	var o Organization
	err := s.begin(ctx, s.writer, nil, func(t *txn) (err error) {
		o, err = t.createOrganization(ctx, name, by)
		return err
	})
	return o, err
}

func (t *txn) createOrganization(ctx context.Context, name, by string) (Organization, error) {
	o := Organization{Name: strings.Join(strings.Fields(name), " "), CreatedBy: by, CreatedAt: fromMicros(micros(t.at))}
	if o.Name == "" {
		return o, fault.Invalidf("an organization needs a name").WithField("name").Do("give the MSP's name, such as Northwind IT")
	}
	taken, err := t.row(ctx, `SELECT id FROM organization WHERE name_key = $1`, []any{nameKey(o.Name)}, &t.org)
	if err != nil {
		return o, err
	}
	if taken {
		return o, fault.Conflictf("there is an organization %q already", o.Name).Do("go on with it, or choose another name")
	}
	for try := 1; try <= slugTriesMax; try++ {
		o.ID = slug(o.Name, try)
		n, err := t.exec(ctx, `INSERT INTO organization
			(id, name, name_key, enabled, created_at, created_by, writes, audit_seq, audit_hash)
			VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '') ON CONFLICT DO NOTHING`,
			o.ID, o.Name, nameKey(o.Name), false, micros(o.CreatedAt), by)
		if err != nil {
			return o, err
		}
		if n == 1 {
			t.org = o.ID
			return o, t.audit(ctx, by, "organization.created", string(o.ID), map[string]string{"name": o.Name})
		}
	}
	return o, fault.Conflictf("there are organizations with names like %q already", o.Name).Do("choose another name")
}

func nameKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// slug makes an id: lower-case letters and digits with single dashes between, and a number from the second try on.
func slug(name string, try int) billing.OrganizationID {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id := strings.Trim(b.String(), "-")
	if id == "" {
		id = "organization"
	}
	if try > 1 {
		id = fmt.Sprintf("%s-%d", id, try)
	}
	return billing.OrganizationID(id)
}

const organizationColumns = `SELECT id, name, enabled, created_at, created_by FROM organization`

func scanOrganization(r scanner) (Organization, error) {
	var o Organization
	var at int64
	err := r.Scan(&o.ID, &o.Name, &o.Enabled, &at, &o.CreatedBy)
	o.CreatedAt = fromMicros(at)
	return o, err
}

// Organization finds an organization by its id, or by its name in whatever case.
func (s *Store) Organization(ctx context.Context, idOrName string) (Organization, error) {
	var all []Organization
	err := s.read(ctx, "", func(t *txn) (err error) {
		all, err = list(ctx, t, scanOrganization, organizationColumns+` WHERE id = $1 OR name_key = $2
			ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END`, idOrName, nameKey(idOrName))
		return err
	})
	if err == nil && len(all) == 0 {
		err = noOrganization(idOrName)
	}
	if err != nil {
		return Organization{}, err
	}
	return all[0], nil
}

// Organizations lists all, ordered by id.
func (s *Store) Organizations(ctx context.Context) ([]Organization, error) {
	var all []Organization
	err := s.read(ctx, "", func(t *txn) (err error) {
		all, err = list(ctx, t, scanOrganization, organizationColumns+` ORDER BY id`)
		return err
	})
	return all, err
}

// SetTargetEnabled switches writing to the target on or off. While it is off BeginSend refuses (law 1).
func (s *Store) SetTargetEnabled(ctx context.Context, org billing.OrganizationID, on bool, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		if _, err := t.exec(ctx, `UPDATE organization SET enabled = $2 WHERE id = $1`, org, on); err != nil {
			return err
		}
		return t.audit(ctx, by, "organization.enabled", string(org), map[string]bool{"enabled": on})
	})
}
