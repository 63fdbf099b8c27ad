package job

import (
	"time"

	"spindle/internal/fault"
)

// Verdict says what a queue does with a job after an attempt.
type Verdict string

// The verdicts.
const (
	VerdictDone   Verdict = "done"   // finished
	VerdictRetry  Verdict = "retry"  // try again after a delay; the attempt counts
	VerdictSnooze Verdict = "snooze" // try again at a stated time; the attempt does not count
	VerdictCancel Verdict = "cancel" // do not repeat: it would fail again, or do harm
)

// Decide maps the outcome of an attempt to a verdict, by who acts next:
//
//   - wait until: the time is known, so waiting costs no attempt;
//   - transient, stale, internal: repeat, up to the queue's limit of attempts;
//   - everything else waits for a person or for the sweep: repeating would
//     fail the same way, and after an unknown outcome it might write twice.
//
// at is set for VerdictSnooze.
func Decide(err error) (v Verdict, at time.Time) {
	if err == nil {
		return VerdictDone, time.Time{}
	}
	if at, ok := fault.RetryAt(err); ok {
		return VerdictSnooze, at
	}
	switch fault.KindOf(err) {
	case fault.KindTransient, fault.KindStale, fault.KindInternal:
		return VerdictRetry, time.Time{}
	}
	return VerdictCancel, time.Time{}
}

const (
	// AttemptsMax is how often a job is tried before it is given up. The
	// sweep asks again if the stored state still wants it.
	AttemptsMax = 6

	retryDelayFirst = 2 * time.Second
	retryDelayMax   = 5 * time.Minute
)

// RetryDelay returns how long to wait after a number of failed attempts: 2 s,
// then four times as long each time, at most 5 minutes.
func RetryDelay(attempt int) time.Duration {
	delay := retryDelayFirst
	for i := 1; i < attempt && delay < retryDelayMax; i++ {
		delay *= 4
	}
	return min(delay, retryDelayMax)
}
