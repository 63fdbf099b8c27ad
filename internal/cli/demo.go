package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/app"
	"spindle/internal/config"
	"spindle/internal/fault"
	"spindle/internal/secret"
)

type demoCommand struct {
	Keep     string `help:"Keep the data folder here instead of a temporary one." placeholder:"DIR" type:"path"`
	Serve    bool   `help:"Stay up with both simulators and the worker, to play on."`
	Scenario string `help:"demo, or traps: every special case of the vendors at once." default:"demo" placeholder:"NAME" enum:"demo,traps"`
}

// demoDay is the day the demo plays on, so that it reads the same whenever it is run.
func demoDay() time.Time { return time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC) }

// acceptScore is the least score of suggestions that the demo accepts in bulk.
const acceptScore = "60"

// Run plays a month: it starts both simulators and then types the public commands.
func (c *demoCommand) Run(ctx context.Context, s *session) error {
	began := time.Now()
	dir, keep, err := c.folder()
	if err != nil {
		return err
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	out := s.Out
	if s.globals.JSON {
		s.Out = s.Err // standard output is for the one line of JSON
	}
	sims, err := startSimulators(ctx, simCommand{Autotask: "127.0.0.1:0", Microsoft: "127.0.0.1:0", Scenario: c.Scenario}, demoDay(), nil)
	if err != nil {
		return err
	}
	defer sims.close()
	fmt.Fprintf(s.Out, "Two simulators are up: Autotask on %s, Microsoft on %s. Nothing leaves this machine.\n", sims.autotask.URL, sims.microsoft.LoginURL)
	d := &demo{s: s, dir: dir, sims: sims}
	if err := d.play(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "\nThat was a month, in %s.\n", time.Since(began).Round(100*time.Millisecond))
	if err := d.written(ctx); err != nil {
		return err
	}
	d.farewell(keep)
	if !c.Serve {
		return nil
	}
	if err := d.firstUser(ctx); err != nil {
		return err
	}
	s.Out = out
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--link-for", demoOwner}
	if s.globals.JSON {
		serve = append(serve, "--json")
	}
	return d.command(ctx, serve...)
}

// demoOwner is who the demo's sign-in link is for.
const demoOwner = "owner@demo.example"

// firstUser does what the first visitor of the console would do. The password is random: the demo's console is entered by the link.
func (d *demo) firstUser(ctx context.Context) error {
	cfg, err := config.Load(config.FromFlags(map[string]string{"data-dir": d.dir, "today": d.sims.world.Today.Format(time.DateOnly)}),
		func(string) (string, bool) { return "", false })
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, err = a.Accounts.CreateOwner(ctx, account.NewOwner{Email: demoOwner, Name: "Demo Owner", Password: secret.New(rand.Text())})
	return errors.Join(err, a.Close())
}

func (c *demoCommand) folder() (dir string, keep bool, err error) {
	if c.Keep == "" {
		dir, err = os.MkdirTemp("", "spindle-demo-")
		return dir, false, err
	}
	if entries, err := os.ReadDir(c.Keep); err == nil && len(entries) > 0 {
		return "", true, fault.Conflictf("folder %s is not empty", c.Keep).WithField("keep").Do("name a new folder")
	}
	if err := os.MkdirAll(c.Keep, 0o700); err != nil {
		return "", true, fault.Invalidf("%w", err).WithField("keep").Do("name a folder that can be made")
	}
	return c.Keep, true, nil
}

// demo types commands as a user would.
type demo struct {
	s    *session
	dir  string
	sims *simulators
}

func (d *demo) play(ctx context.Context) error {
	world := d.sims.world
	for _, step := range []struct {
		title string
		args  []string
	}{
		{"1. An organization", []string{"org", "create", world.PartnerName}},
		{"2. Autotask: credentials, tested at once", []string{"autotask", "credentials", "--stdin"}},
		{"3. Service settings, each checked against Autotask", []string{"autotask", "settings", "vendor=" + world.VendorCompany, "service-code=" + world.ServiceCode,
			"material-code=" + world.MaterialCode, "service-markup=15", "product-markup=10", "start-day=1", "azure-bundled=on", "azure-bundle-name=Microsoft Azure"}},
		{"4. Microsoft Partner Center: connect and read", []string{"microsoft", "connect", "--stdin"}},
		{"5. Customers to companies, by evidence", []string{"customers", "suggest", "--accept", acceptScore}},
		{"6. Billing on, also for what they buy later, with the month that Microsoft billed last", []string{"subscriptions", "bill", "on", "--all",
			"--from", world.Today.AddDate(0, -1, 0).Format("2006-01"), "--yes"}},
		{"7. A contract for everybody: their own, or one that Spindle manages", []string{"contracts", "map", "--all"}},
		{"8. A price rule: 20 % margin on one product", []string{"prices", "add", "margin", "20", "--product", "CFQ7TTC07DHZ:0001"}},
		{"9. Allow writing", []string{"autotask", "enable", "--yes"}},
		{"10. Everything in place?", []string{"doctor"}},
		{"11. The plan", []string{"plan"}},
		{"12. Approve it", []string{"approve", "1"}},
		{"13. Apply and verify", []string{"apply", "1"}},
		{"14. Plan again: nothing is left to do", []string{"plan"}},
		{"15. What became of every line Microsoft billed", []string{"export", "lines", "1", "--file", filepath.Join(d.dir, "lines.csv")}},
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(d.s.Out, "\n── %s\n", step.title)
		if err := d.typed(ctx, step.args...); err != nil {
			return err
		}
		if step.args[0] == "customers" {
			if err := d.mapTheRest(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// typed shows a command line and runs it.
func (d *demo) typed(ctx context.Context, args ...string) error {
	fmt.Fprintf(d.s.Out, "$ spindle %s\n", shellWords(args))
	if err := d.command(ctx, args...); err != nil {
		return fault.Newf(fault.KindInternal, "the demo stopped at %q: %w", shellWords(args), err)
	}
	return nil
}

// mapTheRest picks the best suggestion for every customer that the bulk left open, as a person would after reading the evidence.
func (d *demo) mapTheRest(ctx context.Context) error {
	var open struct {
		Suggestions []struct {
			CustomerID string `json:"customer_id"`
			CompanyID  string `json:"company_id"`
		}
	}
	if err := d.ask(ctx, &open, "customers", "suggest", "--json"); err != nil {
		return err
	}
	done := map[string]bool{}
	for _, s := range open.Suggestions {
		if done[s.CustomerID] {
			continue
		}
		done[s.CustomerID] = true
		if err := d.typed(ctx, "customers", "map", s.CustomerID, s.CompanyID); err != nil {
			return err
		}
	}
	return nil
}

// ask runs a command unseen and reads its JSON.
func (d *demo) ask(ctx context.Context, into any, args ...string) error {
	var out bytes.Buffer
	quiet := *d.s
	quiet.Out = &out
	unseen := &demo{s: &quiet, dir: d.dir, sims: d.sims}
	if err := unseen.command(ctx, args...); err != nil {
		return err
	}
	return json.Unmarshal(out.Bytes(), into)
}

// command runs one command line in this process, on the demo's data folder and day.
func (d *demo) command(ctx context.Context, args ...string) error {
	streams := d.s.Streams
	streams.In = strings.NewReader(d.stdin(args))
	streams.Env = func(string) (string, bool) { return "", false }
	args = append([]string{"--data-dir", d.dir, "--today", d.sims.world.Today.Format(time.DateOnly), "--as", "demo"}, args...)
	if code := Run(ctx, args, streams, d.s.version); code != 0 {
		return fmt.Errorf("exit code %d", code)
	}
	return nil
}

// stdin gives the credentials that a command asks for.
func (d *demo) stdin(args []string) string {
	view := d.sims.view()
	var of any
	switch {
	case args[0] == "autotask" && args[1] == "credentials":
		of = view["autotask"]
	case args[0] == "microsoft" && args[1] == "connect":
		of = view["microsoft"]
	default:
		return ""
	}
	text, err := json.Marshal(of)
	if err != nil {
		return ""
	}
	return string(text)
}

func (d *demo) farewell(keep bool) {
	if !keep {
		fmt.Fprintf(d.s.Out, "The data folder was temporary. Keep it next time: spindle demo --keep DIR. Look at it in a browser: spindle demo --serve.\n"+
			"With your own tenants: spindle org create NAME; every answer says what comes next.\n")
		return
	}
	fmt.Fprintf(d.s.Out, "The data is in %s: spindle.db, master.key, lines.csv.\nGo on there: spindle --data-dir %s --today %s show 1 --changes\n",
		d.dir, d.dir, d.sims.world.Today.Format(time.DateOnly))
}

// written says what the apply left in Autotask.
func (d *demo) written(ctx context.Context) error {
	var shown struct {
		Changes []struct{ Kind, State string }
	}
	if err := d.ask(ctx, &shown, "show", "1", "--json"); err != nil {
		return err
	}
	count := map[string]int{}
	for _, c := range shown.Changes {
		if c.State == "applied" {
			count[c.Kind]++
		}
	}
	quantities := count["increase"] + count["decrease"] + count["end"] + count["reprice"] + count["add-repeat"]
	fmt.Fprintf(d.s.Out, "Written to the simulated Autotask, and read back: %s, %s, %s put on contracts, %s of quantity or price, %s.\n",
		plural(count["create-contract"], "contract"), plural(count["create-service"], "service"), plural(count["attach-service"], "service"),
		plural(quantities, "adjustment"), plural(count["charge"], "charge"))
	return nil
}

// shellWords writes a command line so that it can be pasted into a shell.
func shellWords(args []string) string {
	var words []string
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " '\"$*&;|<>()`\\") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
