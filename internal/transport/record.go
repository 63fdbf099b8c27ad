package transport

import (
	"maps"
	"sync"
	"time"
)

// Call is one attempt, as logs and counters see it.
type Call struct {
	Endpoint string
	Method   string
	Path     string // without query: that may hold secrets
	Safe     bool
	Status   int // 0: no answer
	Attempt  int // 1, 2 …
	Duration time.Duration
	Err      error
}

// Counter counts calls per endpoint. The zero value is ready; Record fits Options.Record.
type Counter struct {
	mu     sync.Mutex
	counts map[string]int
}

// Record counts one call.
func (c *Counter) Record(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[call.Endpoint]++
}

// Counts gives the calls per endpoint so far.
func (c *Counter) Counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Total gives all calls so far.
func (c *Counter) Total() int {
	total := 0
	for _, n := range c.Counts() {
		total += n
	}
	return total
}
