package cli

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"spindle/internal/app"
)

type serveCommand struct {
	Listen  string `help:"Address of the console, and of /healthz, /readyz and /metrics." placeholder:"HOST:PORT"`
	LinkFor string `help:"Print a one-time sign-in link for this person too." placeholder:"EMAIL"`
}

// Run serves until interrupted.
func (c *serveCommand) Run(ctx context.Context, s *session) error {
	s.serving = true
	if _, err := s.open(ctx); err != nil {
		return err
	}
	if c.Listen != "" {
		s.app.Config.Listen = c.Listen
	}
	s.app.Version = s.version
	link, err := c.link(ctx, s)
	if err != nil {
		return err
	}
	return s.app.Serve(ctx, func(at app.Serving) { s.serves(at, link) })
}

// link makes the sign-in link that was asked for: the path, "" for none.
func (c *serveCommand) link(ctx context.Context, s *session) (string, error) {
	if c.LinkFor == "" {
		return "", nil
	}
	user, err := s.app.Store.UserByEmail(ctx, c.LinkFor)
	if err != nil {
		return "", err
	}
	link, err := s.app.Accounts.OpenLink(ctx, user.ID, s.operator())
	return link.Path(), err
}

// serves says where the console is and how to get in.
func (s *session) serves(at app.Serving, link string) {
	if s.globals.JSON {
		view := map[string]string{"url": at.URL}
		if link != "" {
			view["login_url"] = at.URL + link
		}
		if !at.StartPath.IsZero() {
			view["start_url"] = at.URL + at.StartPath.Reveal()
		}
		s.printed = true
		_ = json.NewEncoder(s.Out).Encode(view) // one line; serve on when nobody reads it
		return
	}
	s.printf("The console is at %s. The schedules run by themselves. Stop with Ctrl-C.\n", at.URL)
	if link != "" {
		s.printf("Sign in once with %s\n", at.URL+link)
	}
	if !at.StartPath.IsZero() {
		s.printf("Nobody has an account yet. Who opens this link becomes the owner: %s\n", at.URL+at.StartPath.Reveal())
	}
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s *session) error {
	goVersion := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	if s.globals.JSON {
		return s.printJSON(map[string]string{"version": s.version, "go": goVersion})
	}
	s.printf("spindle %s (%s)\n", s.version, goVersion)
	return nil
}
