package cli

import (
	"context"
	"slices"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
)

type tokensCommand struct {
	List   tokensList   `cmd:"" help:"List the API tokens of the organization."`
	Create tokensCreate `cmd:"" help:"Make an API token. It is shown once."`
	Revoke tokensRevoke `cmd:"" help:"End an API token."`
}

type tokensList struct{}

// Run lists tokens.
func (tokensList) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	all, err := accounts.Tokens(ctx, org.ID)
	if err != nil {
		return err
	}
	now := s.app.Engine.Now()
	if s.globals.JSON {
		views := []map[string]any{}
		for _, a := range all {
			views = append(views, map[string]any{"id": a.ID, "name": a.Name, "role": a.Role, "state": tokenState(a, now), "by": a.CreatedBy,
				"created_at": instant(a.CreatedAt), "expires_at": instant(a.ExpiresAt), "last_used_at": instant(a.LastUsedAt)})
		}
		return s.printJSON(views)
	}
	if len(all) == 0 {
		s.printf("No API tokens. Make one: spindle tokens create NAME --role viewer\n")
		return nil
	}
	t := table{headers: []string{"id", "name", "role", "state", "by", "created", "expires", "last used"}}
	for _, a := range all {
		t.add(a.ID, a.Name, a.Role, tokenState(a, now), a.CreatedBy, instant(a.CreatedAt), orDash(instant(a.ExpiresAt)), orDash(instant(a.LastUsedAt)))
	}
	t.write(s.Out)
	return nil
}

func tokenState(a store.APIToken, now time.Time) string {
	switch {
	case !a.RevokedAt.IsZero():
		return "revoked"
	case !a.ExpiresAt.IsZero() && !a.ExpiresAt.After(now):
		return "expired"
	}
	return "in force"
}

type tokensCreate struct {
	Name    string `arg:"" help:"What the token is for."`
	Role    string `required:"" help:"owner, admin, biller, approver or viewer." placeholder:"ROLE"`
	Expires string `help:"First day on which it no longer holds." placeholder:"YYYY-MM-DD"`
}

// Run makes a token.
func (c *tokensCreate) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	n := account.NewToken{Name: c.Name}
	if n.Role, err = account.ParseRole(c.Role); err != nil {
		return err
	}
	if c.Expires != "" {
		day, err := billing.ParseDate(c.Expires)
		if err != nil {
			return fault.Invalidf("%w", err).WithField("expires")
		}
		n.ExpiresAt = time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC)
	}
	a, text, err := accounts.CreateToken(ctx, org.ID, n, s.operator())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]string{"id": a.ID, "name": a.Name, "role": a.Role, "token": text.Reveal(), "expires_at": instant(a.ExpiresAt)})
	}
	s.printf("Token %s, %s of %s. Keep it now, it is not shown again:\n%s\n", a.ID, a.Role, org.Name, text.Reveal())
	return nil
}

type tokensRevoke struct {
	ID  string `arg:"" help:"Token id, as spindle tokens list shows it."`
	Yes bool   `help:"Do not ask." short:"y"`
}

// Run ends a token.
func (c *tokensRevoke) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	all, err := accounts.Tokens(ctx, org.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(t store.APIToken) bool { return t.ID == c.ID && t.RevokedAt.IsZero() }) {
		return fault.NotFoundf("there is no API token %q in force", c.ID).Do("spindle tokens list shows them")
	}
	if err := s.confirm("End token "+c.ID+" for good? Programs that use it are refused from then on.", c.Yes); err != nil {
		return err
	}
	if err := accounts.RevokeToken(ctx, org.ID, c.ID, s.operator()); err != nil {
		return err
	}
	return s.done("Token " + c.ID + " is revoked.")
}
