package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/cli"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// Law 10: secrets do not leak: not into database text, logs, receipts, errors, output or the backup. It fails when a connection is stored
// unsealed, when a header or a URL with a signature is logged, or when an error quotes what was typed.
func TestSecretsDoNotLeak(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	p := s.month(true)
	var said strings.Builder
	said.WriteString(s.wrongCredentials())

	backup := filepath.Join(t.TempDir(), "backup.db")
	check(t, s.app.Store.Backup(t.Context(), backup))
	_, states, err := s.app.Store.Plan(t.Context(), s.org.ID, p.Run.ID)
	check(t, err)
	check(t, s.app.Close())
	places := map[string][]byte{
		"the log": []byte(s.logs.String()), "errors": []byte(said.String()), "the backup": must(os.ReadFile(backup))(t),
		"receipts": must(json.Marshal(states))(t), "command output": s.commandOutput(),
	}
	for _, entry := range must(os.ReadDir(s.cfg.DataDir))(t) {
		if entry.Name() != "master.key" {
			places["the file "+entry.Name()] = must(os.ReadFile(filepath.Join(s.cfg.DataDir, entry.Name())))(t)
		}
	}
	for place, content := range places {
		if len(content) == 0 {
			t.Errorf("%s is empty: the test shows nothing", place)
		}
		for name, form := range s.secretForms() {
			if bytes.Contains(content, []byte(form)) {
				t.Errorf("%s holds the %s", place, name)
			}
		}
	}
}

// secretForms are the secrets of the stage as they stand and as they may be written.
func (s *stage) secretForms() map[string]string {
	forms := map[string]string{}
	for name, value := range map[string]string{"Autotask secret": s.autotask.Credentials().Secret, "Microsoft secret": s.microsoft.Credentials().ClientSecret,
		"wrong secret": wrongSecret} {
		forms[name] = value
		forms[name+", base64"] = base64.StdEncoding.EncodeToString([]byte(value))
		forms[name+", hex"] = hex.EncodeToString([]byte(value))
		forms[name+", in a URL"] = url.QueryEscape(value)
		forms[name+", in a path"] = url.PathEscape(value)
		forms[name+", JSON"] = strings.Trim(string(must(json.Marshal(value))(s.t)), `"`)
	}
	for i, line := range strings.Fields(string(must(os.ReadFile(s.cfg.KeyPath()))(s.t))) {
		if len(line) > 20 {
			forms["master key, part "+string(rune('0'+i))] = line
		}
	}
	forms["token"] = "Bearer ey"
	forms["signature of a blob"] = "sig=" // the log of calls keeps paths only
	return forms
}

const wrongSecret = "Wr0ng&Secret+that/nobody=may see"

// wrongCredentials types wrong secrets and gives what was answered.
func (s *stage) wrongCredentials() string {
	s.t.Helper()
	a, m := s.autotask.Credentials(), s.microsoft.Credentials()
	_, one := s.app.Engine.ConnectTarget(s.t.Context(), s.org, engine.TargetConfig{UserName: a.UserName, IntegrationCode: a.IntegrationCode,
		Secret: secret.New(wrongSecret)}, clerk)
	m.ClientSecret = wrongSecret
	_, two := s.app.Engine.ConnectMicrosoft(s.t.Context(), s.org, microsoftConfig(m), clerk)
	if !fault.Is(one, fault.KindUnauthorized) || !fault.Is(two, fault.KindUnauthorized) {
		s.t.Errorf("wrong secrets: %v; %v", one, two)
	}
	return errors.Join(one, two).Error()
}

// commandOutput runs the commands that show most, as a person and as a machine would.
func (s *stage) commandOutput() []byte {
	s.t.Helper()
	var out bytes.Buffer
	environment := map[string]string{"SPINDLE_AUTOTASK_URL": s.cfg.AutotaskURL, "SPINDLE_MICROSOFT_LOGIN_URL": s.cfg.MicrosoftLoginURL,
		"SPINDLE_MICROSOFT_GRAPH_URL": s.cfg.MicrosoftGraphURL, "SPINDLE_PARTNER_CENTER_URL": s.cfg.PartnerCenterURL}
	for _, args := range [][]string{
		{"show", "1", "--changes"}, {"runs"}, {"doctor"}, {"autotask", "settings"}, {"org", "list"}, {"customers", "list"},
		{"subscriptions", "list"}, {"services", "list"}, {"contracts", "list"}, {"prices", "list"}, {"export", "lines", "1"}, {"export", "plan", "1"},
	} {
		for _, json := range []bool{false, true} {
			full := append([]string{"--data-dir", s.cfg.DataDir, "--today", firstDay().Format(time.DateOnly), "--log-level", "debug"}, args...)
			if json {
				full = append(full, "--json")
			}
			streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out, Env: func(name string) (string, bool) {
				value, found := environment[name]
				return value, found
			}}
			_ = cli.Run(s.t.Context(), full, streams, "test") // refusals are output too
		}
	}
	return out.Bytes()
}

// Law 11: any amount leads to its source lines, price rule, approver, request and read-back. It fails when one link is not stored.
func TestEveryChangeLeadsToItsProof(t *testing.T) {
	t.Parallel()
	s := newStage(t, dialectWorld(t), options{}).setUp()
	s.twinPrice()
	p := s.month(true)
	ctx := t.Context()
	_, states, err := s.app.Store.Plan(ctx, s.org.ID, p.Run.ID)
	check(t, err)
	readbacks := map[string]store.Readback{}
	for _, r := range must(s.app.Store.Readbacks(ctx, s.org.ID, p.Run.ID))(t) {
		readbacks[r.ChangeID] = r
	}
	desired := must(s.app.Store.Desired(ctx, s.org.ID, p.Run.ID))(t)
	rules := map[string]bool{}
	for _, r := range must(s.app.Store.Mappings(ctx, s.org.ID))(t).Prices {
		rules[r.ID] = true
	}
	for _, c := range states {
		id := string(c.Change.Kind) + " " + c.Change.What
		if c.State != store.ChangeApplied || c.By != approver || c.DecidedAt.IsZero() {
			t.Errorf("%s: %s, approved by %q at %s", id, c.State, c.By, c.DecidedAt)
		}
		if c.Intent == "" || !strings.Contains(c.Receipt.Request, "{") || !strings.HasPrefix(c.Receipt.Response, "200") {
			t.Errorf("%s: intent %q, request %q, response %q", id, c.Intent, c.Receipt.Request, c.Receipt.Response)
		}
		if r := readbacks[c.Change.ID]; !r.Verified || r.What == "" {
			t.Errorf("%s: read back %+v", id, r)
		}
		if c.Change.Kind == plan.Increase || c.Change.Kind == plan.AddRepeat {
			wantLineProof(t, c.Change, desired, rules)
		}
		if c.Change.Kind == plan.CreateCharge && !billedBy(desired, c.Change.ChargeKey) {
			t.Errorf("%s: no source line leads to charge %s", id, c.Change.ChargeKey)
		}
	}
}

func billedBy(d billing.Desired, key string) bool {
	for _, each := range d.Dispositions {
		if each.Outcome == billing.Billed && each.By == key && each.LineKey != "" {
			return true
		}
	}
	return false
}

func wantLineProof(t *testing.T, c plan.Change, d billing.Desired, rules map[string]bool) {
	t.Helper()
	for _, line := range d.Lines {
		if line.Key != c.LineKey {
			continue
		}
		if !billedBy(d, line.Key) {
			t.Errorf("%s: no source line leads to line %s", c.What, line.Key)
		}
		if len(line.Shares) == 0 || line.CostBasis == "" || line.PriceRule == "" {
			t.Errorf("%s: shares %v, cost %q, price rule %q", c.What, line.Shares, line.CostBasis, line.PriceRule)
		}
		if !rules[line.PriceRule] && !strings.Contains(line.PriceRule, "markup") {
			t.Errorf("%s: price rule %q is neither a stored rule nor the organization's markup", c.What, line.PriceRule)
		}
		return
	}
	t.Errorf("%s: line %s is not in the desired state behind the plan", c.What, c.LineKey)
}

// Law 11: the audit trail is append-only and shows tampering. Triggers refuse changes; who takes the triggers away is found by the chain.
func TestAuditTrailShowsTampering(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	s.month(true)
	ctx, db := t.Context(), s.app.Store.SQLite()
	check(t, s.app.Store.VerifyAudit(ctx, s.org.ID))
	for _, statement := range []string{"UPDATE audit SET actor = 'nobody' WHERE seq = 5", "DELETE FROM audit WHERE seq = 5"} {
		if _, err := db.ExecContext(ctx, statement); err == nil {
			t.Errorf("%s: done, and nothing refused it", statement)
		}
	}
	check(t, s.app.Store.VerifyAudit(ctx, s.org.ID))
	rows, err := db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
	check(t, err)
	var triggers []string
	for rows.Next() {
		var name string
		check(t, rows.Scan(&name))
		triggers = append(triggers, name)
	}
	check(t, errors.Join(rows.Err(), rows.Close()))
	for _, name := range triggers {
		_, err := db.ExecContext(ctx, "DROP TRIGGER "+name)
		check(t, err)
	}
	result, err := db.ExecContext(ctx, "UPDATE audit SET actor = 'nobody' WHERE seq = 5")
	check(t, err)
	if n, _ := result.RowsAffected(); n != 1 {
		t.Fatalf("%d entries changed: the test shows nothing", n)
	}
	if err := s.app.Store.VerifyAudit(ctx, s.org.ID); !fault.Is(err, fault.KindNeedsPerson) {
		t.Errorf("a changed entry: %v, want a fault that names it", err)
	}
}
