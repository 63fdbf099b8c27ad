package web

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// turns lets as many pages be worked out at once as there are processors; further ones wait in the order in which they came. A page is work
// of this process from end to end, with SQLite the reading too. Begun all at the same time, each page would take as long as all of them
// together; in turn they are done one after the other, and the last no later.
type turns chan struct{}

func newTurns() turns { return make(turns, runtime.GOMAXPROCS(0)) }

// turnWait is how long a page waits for its turn at most: a page that takes long to work out keeps nobody out.
const turnWait = 250 * time.Millisecond

// take waits for a turn and gives what ends it, which may be called again.
func (t turns) take(ctx context.Context) (end func()) {
	select {
	case t <- struct{}{}:
		return t.ender()
	default:
	}
	wait := time.NewTimer(turnWait)
	defer wait.Stop()
	select {
	case t <- struct{}{}:
		return t.ender()
	case <-wait.C:
	case <-ctx.Done():
	}
	return func() {}
}

func (t turns) ender() func() { return sync.OnceFunc(func() { <-t }) }
