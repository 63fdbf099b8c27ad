package microsoft

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Running is a simulator that listens. The four vendor surfaces share one listener.
type Running struct {
	*Server
	LoginURL, GraphURL, PartnerCenterURL, BlobURL, ControlURL string

	servers []*http.Server
	stop    func() bool
}

// Start serves the vendor surface and the control surface on their addresses ("127.0.0.1:0" picks a free port) until Close or
// the end of ctx. The control surface is plain HTTP always.
func Start(ctx context.Context, addrVendor, addrControl string, opts Options) (*Running, error) {
	s, err := New(opts)
	if err != nil {
		return nil, err
	}
	out := &Running{Server: s}
	vendor, err := out.listen(ctx, addrVendor, s.Handler(), opts.TLS)
	if err != nil {
		return nil, err
	}
	control, err := out.listen(ctx, addrControl, s.ControlHandler(), nil)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	out.LoginURL, out.GraphURL, out.PartnerCenterURL, out.BlobURL, out.ControlURL = vendor, vendor, vendor, vendor, control
	out.stop = context.AfterFunc(ctx, func() { _ = out.Close() })
	return out, nil
}

func (r *Running) listen(ctx context.Context, addr string, h http.Handler, secure *tls.Config) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("microsoft simulator: listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, TLSConfig: secure}
	r.servers = append(r.servers, server)
	if secure == nil {
		go func() { _ = server.Serve(l) }() // ends with Close
		return "http://" + l.Addr().String(), nil
	}
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // a client that does not trust the certificate says so itself
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)                // alone: faults close single connections, which HTTP/2 shares
	go func() { _ = server.ServeTLS(l, "", "") }() // ends with Close
	return "https://" + l.Addr().String(), nil
}

// Close stops listening and drops open connections.
func (r *Running) Close() error {
	if r.stop != nil {
		r.stop()
	}
	var errs []error
	for _, server := range r.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}
