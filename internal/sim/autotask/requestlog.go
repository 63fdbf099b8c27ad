package autotask

import (
	"slices"
	"time"
)

// RequestEntry is one line of the request log.
type RequestEntry struct {
	Seq              int64         `json:"seq"`
	At               time.Time     `json:"at"` // virtual time
	Method           string        `json:"method"`
	Path             string        `json:"path"`
	Entity           string        `json:"entity"`
	Status           int           `json:"status"` // 0 = connection dropped
	DroppedOperators int           `json:"droppedOperators"`
	Delay            time.Duration `json:"delay"` // nominal latency of the hourly limit, in nanoseconds
	BodyHash         string        `json:"bodyHash"`
	Fault            string        `json:"fault"`
}

// logMax is how many requests the log remembers.
const logMax = 200_000

type requestLog struct {
	entries []RequestEntry
	serial  int64
}

func (s *Server) record(e RequestEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.serial++
	e.Seq = s.log.serial
	if len(s.log.entries) >= logMax {
		s.log.entries = slices.Delete(s.log.entries, 0, logMax/10)
	}
	s.log.entries = append(s.log.entries, e)
}

// Requests returns the request log, oldest first, from a sequence number on.
func (s *Server) Requests(from int64) []RequestEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.log.entries, from, func(e RequestEntry, seq int64) int { return int(e.Seq - seq) })
	return slices.Clone(s.log.entries[at:])
}

// ClearRequests empties the request log; sequence numbers go on.
func (s *Server) ClearRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.entries = nil
}
