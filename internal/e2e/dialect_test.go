package e2e

import (
	"os"
	"testing"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/secret"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
)

// Every reading of the vendors' behaviour that is documented but not verified, one at a time: the whole flow from credentials on ends
// verified, and planning again finds nothing to do (law 5).

func TestEveryAutotaskDialect(t *testing.T) {
	t.Parallel()
	everyAutotaskDialect(t, dialectWorld(t))
}

func TestEveryMicrosoftDialect(t *testing.T) {
	t.Parallel()
	everyMicrosoftDialect(t, dialectWorld(t))
}

func TestSoakEveryDialectInTheDemo(t *testing.T) {
	if os.Getenv("SPINDLE_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	everyAutotaskDialect(t, demoWorld(t))
	everyMicrosoftDialect(t, demoWorld(t))
}

// dialectWorld has every kind of first change, licences of every term, and Azure.
func dialectWorld(t testing.TB) scenario.Scenario {
	w := tinyWorld(t)
	w.Customers[0] = demoWorld(t).Customers[1]
	return w
}

// everyAutotaskDialect reads Microsoft once and sets the Autotask side up anew under each switch.
func everyAutotaskDialect(t *testing.T, world scenario.Scenario) {
	source := newStage(t, world, options{})
	source.org = must(source.app.Engine.CreateOrganization(t.Context(), world.PartnerName, clerk))(t)
	source.connectMicrosoft()
	check(t, source.app.Close())
	for i, d := range simautotask.Dialects() {
		for _, value := range d.Values[1:] {
			if i%everyDialect != 0 {
				continue
			}
			t.Run("autotask "+d.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				copyFiles(t, source.cfg.DataDir, dir)
				s := newStage(t, world, options{dir: dir, autotask: map[string]string{d.Name: value}, realWaits: d.Name == "threadRelease"})
				s.reload()
				s.connectAutotask()
				s.mapEverything()
				s.twinPrice()
				s.month(false)
				s.wantQuiet(false)
			})
		}
	}
}

func everyMicrosoftDialect(t *testing.T, world scenario.Scenario) {
	for i, d := range simmicrosoft.Dialects() {
		for _, value := range d.Values[1:] {
			if i%everyDialect != 0 {
				continue
			}
			t.Run("microsoft "+d.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, world, options{microsoft: map[string]string{d.Name: value}})
				if d.Name == "graphPermission" {
					s.wantPermissionNamed()
					return
				}
				s.setUp()
				s.twinPrice()
				s.month(true)
				s.wantQuiet(true)
			})
		}
	}
}

// wantPermissionNamed wants a clear refusal when nobody consented to reading the billing data.
func (s *stage) wantPermissionNamed() {
	s.t.Helper()
	s.org = must(s.app.Engine.CreateOrganization(s.t.Context(), s.world.PartnerName, clerk))(s.t)
	c := s.microsoft.Credentials()
	_, err := s.app.Engine.ConnectMicrosoft(s.t.Context(), s.org, microsoftConfig(c), clerk)
	if err == nil {
		_, err = s.app.Engine.Collect(s.t.Context(), s.org)
	}
	if !fault.Is(err, fault.KindUnauthorized) {
		s.t.Errorf("without the permission: %v (%s), want a refusal that says whom to ask", err, fault.KindOf(err))
	}
}

func microsoftConfig(c simmicrosoft.Credentials) engine.MicrosoftConfig {
	return engine.MicrosoftConfig{TenantID: c.TenantID, ClientID: c.ClientID, Secret: secret.New(c.ClientSecret)}
}
