package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
)

type simCommand struct {
	Autotask  string `help:"Address of the Autotask simulator." default:"127.0.0.1:7101" placeholder:"HOST:PORT"`
	Microsoft string `help:"Address of the Microsoft simulator." default:"127.0.0.1:7102" placeholder:"HOST:PORT"`
	Scenario  string `help:"demo, traps or large." default:"demo" placeholder:"NAME"`
	HTTPS     bool   `help:"Serve both over HTTPS, with a certificate made at start, for clients that refuse plain HTTP." name:"https"`
	WriteCA   string `help:"Where to write the certificate that such clients must trust; by default a temporary file." name:"write-ca" placeholder:"FILE" type:"path"`
}

// simulators are both servers with one world.
type simulators struct {
	world     scenario.Scenario
	autotask  *simautotask.Running
	microsoft *simmicrosoft.Running
	authority *authority // nil: plain HTTP
}

func (s *simulators) close() error {
	return errors.Join(s.autotask.Close(), s.microsoft.Close(), s.authority.close())
}

// secure makes the certificates when HTTPS is asked for.
func (c simCommand) secure() (*authority, error) {
	if !c.HTTPS && c.WriteCA == "" {
		return nil, nil
	}
	var hosts []string
	for _, address := range []string{c.Autotask, c.Microsoft} {
		if host, _, err := net.SplitHostPort(address); err == nil {
			hosts = append(hosts, host)
		}
	}
	return newAuthority(c.WriteCA, hosts)
}

// startSimulators serves both; control surfaces listen on free ports of their own. now nil makes the clocks stand still on the day.
func startSimulators(ctx context.Context, c simCommand, day time.Time, now func() time.Time) (*simulators, error) {
	world, err := scenario.Named(c.Scenario, day)
	if err != nil {
		return nil, fault.Invalidf("%w", err).WithField("scenario").Do("choose one of them with --scenario")
	}
	s := &simulators{world: world}
	if s.authority, err = c.secure(); err != nil {
		return nil, err
	}
	var secure *tls.Config
	if s.authority != nil {
		secure = s.authority.tls
	}
	if s.autotask, err = simautotask.Start(ctx, c.Autotask, "127.0.0.1:0", simautotask.Options{Scenario: world, Now: now, TLS: secure}); err != nil {
		_ = s.authority.close()
		return nil, fault.Invalidf("%w", err).Do("choose another address with --autotask HOST:PORT; port 0 takes any free one")
	}
	if s.microsoft, err = simmicrosoft.Start(ctx, c.Microsoft, "127.0.0.1:0", simmicrosoft.Options{Scenario: world, Now: now, TLS: secure}); err != nil {
		_ = errors.Join(s.autotask.Close(), s.authority.close()) // the address is what matters
		return nil, fault.Invalidf("%w", err).Do("choose another address with --microsoft HOST:PORT; port 0 takes any free one")
	}
	return s, nil
}

// view is what spindle sim --json prints, on one line.
func (s *simulators) view() map[string]any {
	autotask, microsoft := s.autotask.Credentials(), s.microsoft.Credentials()
	view := map[string]any{
		"autotask": map[string]string{"url": s.autotask.URL, "control_url": s.autotask.ControlURL, "username": autotask.UserName,
			"secret": autotask.Secret, "integration_code": autotask.IntegrationCode},
		"microsoft": map[string]any{"login_url": s.microsoft.LoginURL, "graph_url": s.microsoft.GraphURL, "partner_center_url": s.microsoft.PartnerCenterURL,
			"blob_url": s.microsoft.BlobURL, "control_url": s.microsoft.ControlURL, "tenant_id": microsoft.TenantID, "client_id": microsoft.ClientID,
			"client_secret": microsoft.ClientSecret, "currency": s.world.Currency, "invoice_ids": s.microsoft.InvoiceIDs()},
	}
	if s.authority != nil {
		view["ca_file"] = s.authority.file
	}
	return view
}

// Run serves the simulators until interrupted.
func (c *simCommand) Run(ctx context.Context, s *session) error {
	day, now := time.Now().UTC(), time.Now
	if s.globals.Today != "" {
		d, err := billing.ParseDate(s.globals.Today)
		if err != nil {
			return fault.Invalidf("%w", err).WithField("today")
		}
		day = time.Date(d.Year, d.Month, d.Day, 9, 0, 0, 0, time.UTC)
		start := time.Now()
		now = func() time.Time { return day.Add(time.Since(start)) }
	}
	sims, err := startSimulators(ctx, *c, day, now)
	if err != nil {
		return err
	}
	defer sims.close()
	if s.globals.JSON {
		if err := json.NewEncoder(s.Out).Encode(sims.view()); err != nil {
			return err
		}
	} else {
		s.printSimulators(sims)
	}
	<-ctx.Done()
	return nil
}

func (s *session) printSimulators(sims *simulators) {
	a, m := sims.autotask.Credentials(), sims.microsoft.Credentials()
	s.printf("Scenario %s, day %s. Invented data; nothing leaves this machine. Stop with Ctrl-C.\n\n", sims.world.Name, sims.world.Today.Format(time.DateOnly))
	if sims.authority != nil {
		s.printf("HTTPS: let clients trust the certificate in %s; Spindle itself with SPINDLE_CA_FILE.\n\n", sims.authority.file)
	}
	s.printf("Autotask    %s   (control %s)\n  user name %s\n  secret %s\n  integration code %s\n\n", sims.autotask.URL, sims.autotask.ControlURL, a.UserName, a.Secret, a.IntegrationCode)
	s.printf("Microsoft   %s   (control %s)\n  tenant %s\n  client id %s\n  client secret %s\n", sims.microsoft.LoginURL, sims.microsoft.ControlURL, m.TenantID, m.ClientID, m.ClientSecret)
}
