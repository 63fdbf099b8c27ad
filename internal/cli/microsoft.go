package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/secret"
	"spindle/internal/store"
)

type microsoftCommand struct {
	Connect microsoftConnect `cmd:"" help:"Connect a Partner Center account; tested at once and stored sealed."`
	Import  microsoftImport  `cmd:"" help:"Read reconciliation and daily usage files: CSV, JSON Lines, gzip, zip."`
}

type microsoftConnect struct {
	Tenant           string `help:"Tenant id of the partner." from:"SPINDLE_MICROSOFT_TENANT"`
	ClientID         string `help:"Application (client) id." from:"SPINDLE_MICROSOFT_CLIENT_ID"`
	LoginURL         string `help:"Another sign-in address, such as a simulator's." from:"SPINDLE_MICROSOFT_LOGIN_URL"`
	GraphURL         string `help:"Another Graph address." from:"SPINDLE_MICROSOFT_GRAPH_URL"`
	PartnerCenterURL string `help:"Another Partner Center address." from:"SPINDLE_PARTNER_CENTER_URL"`
	User             bool   `help:"Sign in in a user's name (secure application model): ask for a refresh token. Without it the application signs in alone, which is enough."`
	Yes              bool   `help:"Do not ask when the connection to another account is replaced." short:"y"`
	Stdin            bool   `help:"Read JSON with tenant_id, client_id, client_secret, refresh_token and the three URLs from standard input."`
}

// Help implements kong.HelpProvider.
func (microsoftConnect) Help() string {
	return "The secret is never a flag, where others on this machine could read it: it is asked for, or read from SPINDLE_MICROSOFT_CLIENT_SECRET, or from --stdin. " +
		"A connection that Microsoft refuses is not stored.\n\n" +
		"A refresh token of a partner user (secure application model, signed in with multi-factor authentication) comes from SPINDLE_MICROSOFT_REFRESH_TOKEN, " +
		"from --stdin, or is asked for with --user. Microsoft replaces it at each use; Spindle stores the new one, sealed. It expires after 90 days without a run."
}

type microsoftStdin struct {
	TenantID         string `json:"tenant_id"`
	ClientID         string `json:"client_id"`
	ClientSecret     string `json:"client_secret"`
	RefreshToken     string `json:"refresh_token"`
	LoginURL         string `json:"login_url"`
	GraphURL         string `json:"graph_url"`
	PartnerCenterURL string `json:"partner_center_url"`
}

// Run stores a connection. The secret comes from SPINDLE_MICROSOFT_CLIENT_SECRET, standard input or a prompt.
func (c *microsoftConnect) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	given := microsoftStdin{TenantID: c.Tenant, ClientID: c.ClientID, LoginURL: c.LoginURL, GraphURL: c.GraphURL, PartnerCenterURL: c.PartnerCenterURL}
	given.ClientSecret, _ = s.Env("SPINDLE_MICROSOFT_CLIENT_SECRET")
	given.RefreshToken, _ = s.Env("SPINDLE_MICROSOFT_REFRESH_TOKEN")
	if c.Stdin {
		if err := json.NewDecoder(s.In).Decode(&given); err != nil {
			return fault.Invalidf("standard input is not the JSON expected: %w", err).
				Do(`write {"tenant_id":"…","client_id":"…","client_secret":"…"}`)
		}
	}
	for _, field := range []struct {
		label        string
		value        *string
		hide, needed bool
	}{{"Partner tenant id", &given.TenantID, false, true}, {"Application (client) id", &given.ClientID, false, true},
		{"Client secret", &given.ClientSecret, true, true}, {"Refresh token", &given.RefreshToken, true, c.User}} {
		if *field.value == "" && field.needed {
			if *field.value, err = s.prompt(field.label, field.hide); err != nil {
				return err
			}
		}
	}
	if err := c.replaces(ctx, s, e, org, given.TenantID); err != nil {
		return err
	}
	sets, err := e.ConnectMicrosoft(ctx, org, engine.MicrosoftConfig{TenantID: given.TenantID, ClientID: given.ClientID,
		LoginURL: given.LoginURL, GraphURL: given.GraphURL, PartnerCenterURL: given.PartnerCenterURL, Secret: secret.New(given.ClientSecret),
		RefreshToken: secret.New(given.RefreshToken)}, s.actor())
	if err != nil {
		return err
	}
	invoices := map[string]bool{}
	for _, set := range sets {
		invoices[set.ID.Invoice] = true
	}
	collected, err := e.Collect(ctx, org)
	if err != nil {
		return err
	}
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"invoices": len(invoices), "sets_read": len(collected.Sets), "customers": len(directory.Customers),
			"subscriptions": len(directory.Subscriptions), "gaps": gapViews(collected.Gaps)})
	}
	s.printf("Partner Center answers: %s, %s, %s. Stored sealed.\n", plural(len(directory.Customers), "customer"),
		plural(len(directory.Subscriptions), "subscription"), plural(len(invoices), "invoice"))
	s.printGaps(collected.Gaps)
	s.printf("Next: spindle customers suggest\n")
	return nil
}

// replaces asks before the connection to another account is replaced: what that one listed is gone with the next read.
func (c *microsoftConnect) replaces(ctx context.Context, s *session, e *engine.Engine, org store.Organization, tenant string) error {
	before, effect, err := e.ReviewMicrosoft(ctx, org, tenant)
	if err != nil || before == "" {
		return err
	}
	return s.ask(effect, fmt.Sprintf("Replace the connection to Partner Center account %s with %s? Whatever the first one lists is gone then.", before, tenant), c.Yes)
}

type microsoftImport struct {
	Files    []string `arg:"" help:"Files as downloaded from Partner Center or from your distributor." type:"path"`
	DayFirst bool     `help:"Dates in the files are written with the day first, as in 31.12.2026."`
	Replace  bool     `help:"Let a file take the place of a stored one that held more rows or customers: Microsoft took rows away."`
}

// Help implements kong.HelpProvider.
func (microsoftImport) Help() string {
	return "A file replaces what is stored of its invoice. One that holds fewer rows, or lacks a customer, is not taken without --replace, because half a file " +
		"looks like cancelled subscriptions. Parts of one download go together, in one zip archive."
}

// Run imports files.
func (c *microsoftImport) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	for _, name := range c.Files {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return fault.Invalidf("%s is a folder", name).Do("name the files in it")
		}
	}
	all, err := e.Import(ctx, org, c.Files, engine.ImportChoice{DayFirst: c.DayFirst, Replace: c.Replace}, s.actor())
	if err != nil {
		return err
	}
	return s.printImports(all)
}

// printImports prints control reports; broken rows make the command fail after everything good was kept.
func (s *session) printImports(all []engine.Imported) error {
	problems, kept := 0, int64(0)
	views := []map[string]any{}
	for _, i := range all {
		problems += len(i.Report.Problems)
		kept += i.Report.Kept
		views = append(views, importView(i))
		if !s.globals.JSON {
			s.printImport(i)
		}
	}
	if s.globals.JSON {
		if err := s.printJSON(views); err != nil {
			return err
		}
	}
	if problems > 0 && kept == 0 {
		return fault.Invalidf("nothing was imported").Do("do what is named above and import the files again")
	}
	if problems > 0 {
		return fault.Invalidf("%s; the good rows around them are kept, and nothing is reduced until the file is whole", plural(problems, "problem")).
			Do("repair the rows named above and import the file again")
	}
	return nil
}

func (s *session) printImport(i engine.Imported) {
	r := i.Report
	switch {
	case i.Kind == "" || r.Rows == 0:
		s.printf("%s: not imported\n", r.Origin)
	case len(r.Totals.Amounts()) == 0:
		s.printf("%s: %s, %s read, %d kept\n", r.Origin, i.Kind, plural(int(r.Rows), "row"), r.Kept)
	default:
		toTheCent := r.Totals.Round(2, money.HalfAwayFromZero) // Microsoft rates usage to many decimals; the JSON has all of them
		s.printf("%s: %s, %s read, %d kept, total before tax %s\n", r.Origin, i.Kind, plural(int(r.Rows), "row"), r.Kept, toTheCent)
	}
	if !r.Changed && len(r.Sets) > 0 && len(r.Problems) == 0 {
		s.printf("  nothing new: this content is stored already\n")
	}
	for _, set := range r.Sets {
		s.printf("  set %s\n", set)
	}
	for _, n := range i.Notices {
		s.printf("  note: %s\n", n)
	}
	for _, p := range r.Problems {
		s.printf("  %s\n", problemLine(r.Origin, p))
	}
}

func problemLine(file string, p store.ImportProblem) string {
	line := file
	if p.Line > 0 {
		line += ":" + itoa(p.Line)
	}
	if p.Field != "" {
		line += ": " + p.Field
	}
	line += ": " + p.Message
	if p.Remedy != "" {
		line += " → " + p.Remedy
	}
	return line
}

func importView(i engine.Imported) map[string]any {
	problems := []map[string]any{}
	for _, p := range i.Report.Problems {
		problems = append(problems, map[string]any{"line": p.Line, "field": p.Field, "message": p.Message, "remedy": p.Remedy})
	}
	return map[string]any{"file": i.Report.Origin, "kind": i.Kind, "rows": i.Report.Rows, "kept": i.Report.Kept, "refused": i.Report.Refused,
		"changed": i.Report.Changed, "sets": orEmpty(i.Report.Sets), "total": i.Report.Totals.String(), "notices": orEmpty(i.Notices), "problems": problems}
}
