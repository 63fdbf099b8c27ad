package cli

import (
	"context"
	"runtime/debug"
)

type serveCommand struct {
	Listen string `help:"Address for /healthz, /readyz and /metrics." placeholder:"HOST:PORT"`
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
	return s.app.Serve(ctx, func(addr string) {
		if s.globals.JSON {
			_ = s.printJSON(map[string]string{"url": "http://" + addr})
			return
		}
		s.printf("Serving on http://%s (/healthz, /readyz, /metrics). The schedules run by themselves. Stop with Ctrl-C.\n", addr)
	})
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
