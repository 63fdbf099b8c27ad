package cli

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rivo/uniseg"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/target"
)

type autotaskCommand struct {
	Enable      autotaskEnable      `cmd:"" help:"Allow Spindle to write to Autotask. Asks first."`
	Disable     autotaskDisable     `cmd:"" help:"Forbid it again. Plans can still be made."`
	Credentials autotaskCredentials `cmd:"" help:"Enter the API user; tested at once and stored sealed."`
	Settings    autotaskSettings    `cmd:"" help:"Show or change the service settings."`
}

type autotaskEnable struct {
	Yes bool `help:"Do not ask." short:"y"`
}

// Run enables writing.
func (c *autotaskEnable) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	question := "Spindle may then create contracts, services, adjustments and charges in the Autotask of " + org.Name +
		", for what was mapped, switched on and approved. Enable?"
	if err := s.confirm(question, c.Yes); err != nil {
		return err
	}
	if err := e.EnableTarget(ctx, org, true, s.actor()); err != nil {
		return err
	}
	return s.done("Autotask is enabled for " + org.Name + ". Switch it off at any time: spindle autotask disable")
}

type autotaskDisable struct {
	Yes bool `help:"Do not ask." short:"y"`
}

// Run disables writing.
func (c *autotaskDisable) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	if err := s.confirm("Nothing is written to the Autotask of "+org.Name+" until it is enabled again. Disable?", c.Yes); err != nil {
		return err
	}
	if err := e.EnableTarget(ctx, org, false, s.actor()); err != nil {
		return err
	}
	return s.done("Autotask is disabled for " + org.Name + ".")
}

// done prints one sentence, also as JSON.
func (s *session) done(sentence string) error {
	if s.globals.JSON {
		return s.printJSON(map[string]string{"message": sentence})
	}
	s.printf("%s\n", sentence)
	return nil
}

type autotaskCredentials struct {
	Username        string `help:"User name (key) of the API user." from:"SPINDLE_AUTOTASK_USERNAME"`
	IntegrationCode string `help:"Tracking identifier of the API user." from:"SPINDLE_AUTOTASK_INTEGRATION_CODE"`
	URL             string `help:"Another address than Autotask's own, such as a simulator." from:"SPINDLE_AUTOTASK_URL" name:"url"`
	Stdin           bool   `help:"Read JSON with username, secret, integration_code and url from standard input."`
}

// Help implements kong.HelpProvider.
func (autotaskCredentials) Help() string {
	return "The secret is never a flag, where others on this machine could read it: it is asked for, or read from SPINDLE_AUTOTASK_SECRET, or from --stdin. " +
		"Credentials that Autotask refuses are not stored."
}

type autotaskStdin struct {
	Username        string `json:"username"`
	Secret          string `json:"secret"`
	IntegrationCode string `json:"integration_code"`
	URL             string `json:"url"`
}

// Run stores credentials. The secret comes from SPINDLE_AUTOTASK_SECRET, from standard input or from a prompt, never from a flag, where
// other users of the machine could read it.
func (c *autotaskCredentials) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	given, err := c.collect(s)
	if err != nil {
		return err
	}
	report, err := e.ConnectTarget(ctx, org, engine.TargetConfig{BaseURL: given.URL, UserName: given.Username,
		IntegrationCode: given.IntegrationCode, Secret: secret.New(given.Secret)}, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(reportView(report))
	}
	s.printReport(report)
	s.printf("\nThe credentials work and are stored sealed. Next: spindle autotask settings shows what to set\n")
	return nil
}

func (c *autotaskCredentials) collect(s *session) (autotaskStdin, error) {
	given := autotaskStdin{Username: c.Username, IntegrationCode: c.IntegrationCode, URL: c.URL}
	given.Secret, _ = s.Env("SPINDLE_AUTOTASK_SECRET")
	if c.Stdin {
		if err := json.NewDecoder(s.In).Decode(&given); err != nil {
			return given, fault.Invalidf("standard input is not the JSON expected: %w", err).
				Do(`write {"username":"…","secret":"…","integration_code":"…"}`)
		}
	}
	for _, field := range []struct {
		label string
		value *string
		hide  bool
	}{{"API user name (key)", &given.Username, false}, {"Secret", &given.Secret, true}, {"Integration code (tracking identifier)", &given.IntegrationCode, false}} {
		if *field.value != "" {
			continue
		}
		text, err := s.prompt(field.label, field.hide)
		if err != nil {
			return given, err
		}
		*field.value = text
	}
	return given, nil
}

type autotaskSettings struct {
	Values []string `arg:"" optional:"" help:"Changes as key=value; without any, the settings are shown."`
}

// Run shows or changes settings.
func (c *autotaskSettings) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	if len(c.Values) > 0 {
		values := map[string]string{}
		for _, pair := range c.Values {
			key, value, found := strings.Cut(pair, "=")
			if !found {
				return fault.Invalidf("%q is not key=value", pair).Do("write for example service-markup=15")
			}
			values[strings.TrimSpace(key)] = value
		}
		if settings, err = e.ApplySettings(ctx, org, values, s.actor()); err != nil {
			return err
		}
	}
	if s.globals.JSON {
		view := map[string]string{}
		for _, setting := range engine.Settings() {
			view[setting.Key] = setting.Value(settings)
		}
		return s.printJSON(view)
	}
	t := table{headers: []string{"setting", "value", "meaning"}}
	for _, setting := range engine.Settings() {
		t.add(setting.Key, orDash(setting.Value(settings)), setting.Help)
	}
	t.write(s.Out)
	return nil
}

func orDash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

type doctorCommand struct{}

// Run tests everything.
func (doctorCommand) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	report, err := e.Doctor(ctx, org)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		if err := s.printJSON(reportView(report)); err != nil {
			return err
		}
	} else {
		s.printReport(report)
	}
	if !report.OK() {
		return fault.NeedsPersonf("%s needs attention", org.Name).Do("follow the remedies above, then run spindle doctor again")
	}
	return nil
}

func (s *session) printReport(r target.Report) {
	width := 0
	for _, item := range r.Items {
		width = max(width, uniseg.StringWidth(item.Name))
	}
	for _, item := range r.Items {
		sign := map[target.CheckState]string{target.CheckPassed: "ok  ", target.CheckWarned: "warn", target.CheckFailed: "FAIL", target.CheckSkipped: "skip"}[item.State]
		s.printf("%s  %s%s  %s\n", sign, item.Name, strings.Repeat(" ", width-uniseg.StringWidth(item.Name)), item.Found)
		if item.Remedy != "" && item.State != target.CheckPassed {
			s.printf("      → %s\n", item.Remedy)
		}
	}
	if r.Calls.Limit > 0 {
		s.printf("      Autotask API: %d of %d calls used in the last %d minutes, by everybody\n", r.Calls.Used, r.Calls.Limit, r.Calls.Window)
	}
}

func reportView(r target.Report) map[string]any {
	items := []map[string]string{}
	for _, i := range r.Items {
		items = append(items, map[string]string{"name": i.Name, "state": string(i.State), "found": i.Found, "remedy": i.Remedy})
	}
	return map[string]any{"ok": r.OK(), "items": items,
		"calls": map[string]int{"limit": r.Calls.Limit, "used": r.Calls.Used, "window_minutes": r.Calls.Window}}
}
