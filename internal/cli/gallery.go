package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"spindle/internal/fault"
	"spindle/internal/web"
	"spindle/internal/web/gallery"
)

type galleryCommand struct {
	Listen string `help:"Address to serve on." default:"127.0.0.1:7107" placeholder:"HOST:PORT"`
}

// Run serves the samples until interrupted. It needs no data folder and no database.
func (c *galleryCommand) Run(ctx context.Context, s *session) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fault.Invalidf("%w", err).WithField("listen").Do("choose another address with --listen HOST:PORT; port 0 takes any free one")
	}
	server := &http.Server{Handler: web.Secured(gallery.Handler()), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if s.globals.JSON {
		s.printed = true
		_ = json.NewEncoder(s.Out).Encode(map[string]string{"url": url}) // one line; serve on when nobody reads it
	} else {
		s.printf("Every page of the console with sample data: %s. Stop with Ctrl-C.\n", url)
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(stop))
}
