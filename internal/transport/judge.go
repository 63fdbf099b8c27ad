package transport

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Verdict is what an answer of 429 or 5xx means.
type Verdict struct {
	Temporary bool          // the same read may succeed later
	NotDone   bool          // the server surely did nothing: a write may be repeated too
	After     time.Duration // least wait when the answer carries no Retry-After
}

// Judge says what an answer with status 429 or 5xx means. Body is its first part, at most 1 MiB.
type Judge func(status int, header http.Header, body []byte) Verdict

// DefaultJudge takes 429 as refused unseen, and every 5xx but 501 as temporary.
func DefaultJudge(status int, _ http.Header, _ []byte) Verdict {
	if status == http.StatusTooManyRequests {
		return Verdict{Temporary: true, NotDone: true, After: time.Second}
	}
	return Verdict{Temporary: status >= 500 && status != http.StatusNotImplemented}
}

// RetryAfter reads the Retry-After header in both of its forms, seconds and HTTP date. ok is false when it is missing or unreadable.
// A date in the past is no wait.
func RetryAfter(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}

// pause gives the wait before repetition n (1, 2 …): what the server demands plus a jitter, or exponential with full jitter.
func (s *Stack) pause(n int, demanded time.Duration) time.Duration {
	ceiling := min(retryCap, retryBase<<min(n, 10))
	return demanded + s.opts.Jitter(ceiling)
}
