package transport

import (
	"context"
	"sync"
)

// gates hold one counting gate per endpoint. The zero size lets everybody pass.
type gates struct {
	size int
	mu   sync.Mutex
	open map[string]chan struct{}
}

// enter waits for a place at the endpoint and gives the function that leaves it, safe to call more than once.
func (g *gates) enter(ctx context.Context, endpoint string) (leave func(), err error) {
	if g.size <= 0 {
		return func() {}, nil
	}
	g.mu.Lock()
	if g.open == nil {
		g.open = map[string]chan struct{}{}
	}
	gate, ok := g.open[endpoint]
	if !ok {
		gate = make(chan struct{}, g.size)
		g.open[endpoint] = gate
	}
	g.mu.Unlock()
	select {
	case gate <- struct{}{}:
		return sync.OnceFunc(func() { <-gate }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
