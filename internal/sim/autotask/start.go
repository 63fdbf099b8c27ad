package autotask

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

func jsonInto(text []byte, v any) error {
	return json.NewDecoder(bytes.NewReader(text)).Decode(v)
}

// Running is a server that listens on two addresses.
type Running struct {
	*Server
	URL        string // vendor surface, without path
	ControlURL string // control surface
	servers    []*http.Server
}

// Start builds a server and serves it. Addresses are host:port; the control surface is plain HTTP always; port 0 picks a free one. It stops when ctx ends or on Close.
func Start(ctx context.Context, vendorAddr, controlAddr string, options Options) (*Running, error) {
	s, err := New(options)
	if err != nil {
		return nil, err
	}
	r := &Running{Server: s}
	if r.URL, err = r.serve(ctx, vendorAddr, s.Handler(), options.TLS); err != nil {
		return nil, err
	}
	if r.ControlURL, err = r.serve(ctx, controlAddr, s.ControlHandler(), nil); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	context.AfterFunc(ctx, func() { _ = r.Close() })
	return r, nil
}

func (r *Running) serve(ctx context.Context, addr string, h http.Handler, secure *tls.Config) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("autotask simulator: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, TLSConfig: secure}
	r.servers = append(r.servers, server)
	if secure == nil {
		go func() { _ = server.Serve(listener) }() // ends with ErrServerClosed
		return "http://" + listener.Addr().String(), nil
	}
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // a client that does not trust the certificate says so itself
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)                       // alone: faults close single connections, which HTTP/2 shares
	go func() { _ = server.ServeTLS(listener, "", "") }() // ends with ErrServerClosed
	return "https://" + listener.Addr().String(), nil
}

// Close stops serving and drops open connections.
func (r *Running) Close() error {
	var all []error
	for _, server := range r.servers {
		all = append(all, server.Close())
	}
	return errors.Join(all...)
}
