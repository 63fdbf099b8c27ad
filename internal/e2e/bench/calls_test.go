package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// counter counts the calls that reach a simulated Autotask, and the rows each entity answered with.
type counter struct {
	next http.Handler

	mu     sync.Mutex
	reads  int
	writes int
	rows   map[string]int
}

// ServeHTTP counts a call and passes it on.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entity, query := parts(r)
	tee := &tee{ResponseWriter: w}
	c.next.ServeHTTP(tee, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case entity == "":
		// Zone, version and threshold are no entities and are asked once.
	case r.Method == http.MethodGet || query:
		c.reads++
		var page struct{ Items []json.RawMessage }
		_ = json.Unmarshal(tee.body.Bytes(), &page) // answers that are no list hold one row at most
		c.rows[entity] += max(1, len(page.Items))
	default:
		c.writes++
	}
}

// parts gives the entity a call is about, and whether it is a query.
func parts(r *http.Request) (entity string, query bool) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for i, p := range path {
		if strings.EqualFold(p, "v1.0") && i+1 < len(path) && !strings.EqualFold(path[i+1], "zoneInformation") && !strings.EqualFold(path[i+1], "ThresholdInformation") {
			last := path[len(path)-1]
			return strings.ToLower(path[i+1]), last == "query" || last == "count" || r.URL.Query().Has("paging")
		}
	}
	return "", false
}

type tee struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write keeps what is answered.
func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// reset begins a new measurement.
func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads, c.writes, c.rows = 0, 0, map[string]int{}
}

// counts gives reads, writes and what design §6.7 allows for the reads: 1.5 calls for each 500 rows of an entity, at least one each.
func (c *counter) counts() (reads, writes, allowed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pages := 0
	for _, n := range c.rows {
		pages += (n + 499) / 500
	}
	return c.reads, c.writes, pages * 3 / 2
}
