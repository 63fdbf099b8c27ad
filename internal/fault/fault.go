// Package fault holds the error kinds of Spindle. A kind answers the one
// question every caller has after a failure: who acts next? Nobody can help
// (fix the input), the program (try again, wait), or a person. The place that
// knows the answer makes the fault; each edge (command line, job queue, web)
// maps the kind once and shows the message and the remedy.
//
// An error that is no fault is a defect until shown otherwise: KindInternal.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says who acts next. It is a stored format: released values are never
// renamed.
type Kind string

// The kinds, by who acts next.
const (
	// KindNone is the kind of a nil error.
	KindNone Kind = ""
	// KindInternal is the kind of every error that is no fault: ours to fix.
	KindInternal Kind = "internal"
	// KindInvalid means that the input is wrong; whoever gave it corrects it.
	KindInvalid Kind = "invalid"
	// KindNotFound means that the thing asked for does not exist.
	KindNotFound Kind = "not_found"
	// KindConflict means that the request contradicts what is already there.
	KindConflict Kind = "conflict"
	// KindStale means that the state moved since it was read: read it again.
	KindStale Kind = "stale"
	// KindUnauthorized means that credentials or rights are missing or refused.
	KindUnauthorized Kind = "unauthorized"
	// KindWaitUntil means that the same request may succeed from Error.At on.
	KindWaitUntil Kind = "wait_until"
	// KindTransient means that the same request may succeed when repeated.
	KindTransient Kind = "transient"
	// KindNeedsPerson means that a person must decide; repeating is useless.
	KindNeedsPerson Kind = "needs_person"
	// KindUnknownOutcome means that a write was sent and no answer came back.
	// It must be settled by reading, never by sending again.
	KindUnknownOutcome Kind = "unknown_outcome"
)

// Error is a fault: a kind, a message for people, and what to do about it.
// Make one with a constructor such as [Invalidf] and refine it with the With
// methods, each of which returns a changed copy.
type Error struct {
	Kind    Kind
	Message string    // what is wrong, in full, including the text of Err
	Remedy  string    // what to do about it, as an instruction; may be empty
	Field   string    // the input field, setting or column that is wrong; may be empty
	At      time.Time // for KindWaitUntil: when to try again
	Err     error     // the cause; may be nil
}

// Error returns the message, led by the field if there is one. The remedy is
// not part of it: edges show it on a line of its own, see [Remedy].
func (e *Error) Error() string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	if text == "" {
		text = string(e.Kind)
	}
	if e.Field != "" {
		return e.Field + ": " + text
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Do returns a copy of e with the remedy set, for example
// fault.NotFoundf("no such customer").Do("run spindle customers list").
func (e *Error) Do(remedy string) *Error {
	c := *e
	c.Remedy = remedy
	return &c
}

// Dof is [Error.Do] with a format.
func (e *Error) Dof(format string, args ...any) *Error {
	return e.Do(fmt.Sprintf(format, args...))
}

// WithField returns a copy of e that names the wrong field.
func (e *Error) WithField(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// WithCause returns a copy of e caused by err, whose text is added to the
// message. A nil err returns e unchanged.
func (e *Error) WithCause(err error) *Error {
	if err == nil {
		return e
	}
	c := *e
	c.Err = err
	if c.Message == "" {
		c.Message = err.Error()
	} else {
		c.Message += ": " + err.Error()
	}
	return &c
}

// Newf makes a fault of any kind. Like [fmt.Errorf] it takes %w, also several
// times; the wrapped errors become the cause.
func Newf(kind Kind, format string, args ...any) *Error {
	f := fmt.Errorf(format, args...)
	e := &Error{Kind: kind, Message: f.Error()}
	switch w := f.(type) {
	case interface{ Unwrap() error }:
		e.Err = w.Unwrap()
	case interface{ Unwrap() []error }:
		e.Err = errors.Join(w.Unwrap()...)
	}
	return e
}

// Invalidf makes a fault of KindInvalid: whoever gave the input corrects it.
func Invalidf(format string, args ...any) *Error { return Newf(KindInvalid, format, args...) }

// NotFoundf makes a fault of KindNotFound.
func NotFoundf(format string, args ...any) *Error { return Newf(KindNotFound, format, args...) }

// Conflictf makes a fault of KindConflict.
func Conflictf(format string, args ...any) *Error { return Newf(KindConflict, format, args...) }

// Stalef makes a fault of KindStale: the caller reads again and decides anew.
func Stalef(format string, args ...any) *Error { return Newf(KindStale, format, args...) }

// Unauthorizedf makes a fault of KindUnauthorized.
func Unauthorizedf(format string, args ...any) *Error {
	return Newf(KindUnauthorized, format, args...)
}

// WaitUntilf makes a fault of KindWaitUntil: the same request may succeed
// from at on.
func WaitUntilf(at time.Time, format string, args ...any) *Error {
	e := Newf(KindWaitUntil, format, args...)
	e.At = at
	return e
}

// Transientf makes a fault of KindTransient.
func Transientf(format string, args ...any) *Error { return Newf(KindTransient, format, args...) }

// NeedsPersonf makes a fault of KindNeedsPerson.
func NeedsPersonf(format string, args ...any) *Error { return Newf(KindNeedsPerson, format, args...) }

// UnknownOutcomef makes a fault of KindUnknownOutcome.
func UnknownOutcomef(format string, args ...any) *Error {
	return Newf(KindUnknownOutcome, format, args...)
}
