package fault

import "time"

// KindOf returns the kind of err: KindNone for nil, the kind of the outermost
// fault in its chain, KindInternal if there is none. Where errors are joined
// the fault that asks most of people decides (see [Find]): a batch with one
// unknown outcome and nine time-outs must not simply be repeated.
func KindOf(err error) Kind {
	if err == nil {
		return KindNone
	}
	if e := Find(err); e != nil {
		return e.Kind
	}
	return KindInternal
}

// Is reports whether err is of the given kind, as KindOf tells it.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }

// Find returns the fault that decides the kind of err, or nil if there is
// none. It is the outermost one; among joined errors the one of the gravest
// kind, the first of several equals. Branches without a fault do not count.
func Find(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return Find(w.Unwrap())
	case interface{ Unwrap() []error }:
		var found *Error
		for _, branch := range w.Unwrap() {
			e := Find(branch)
			if e != nil && (found == nil || gravity(e.Kind) > gravity(found.Kind)) {
				found = e
			}
		}
		return found
	}
	return nil
}

// List returns the outermost fault of every joined branch of err, in order:
// what to show when several mistakes are reported at once. Errors that are no
// faults appear as KindInternal, so that none is lost. Text wrapped around one
// fault is kept; text wrapped around several belongs to none of them and is not.
func List(err error) []*Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return []*Error{e}
	}
	switch w := err.(type) {
	case interface{ Unwrap() []error }:
		var all []*Error
		for _, branch := range w.Unwrap() {
			all = append(all, List(branch)...)
		}
		return all
	case interface{ Unwrap() error }:
		if inner := List(w.Unwrap()); len(inner) > 1 {
			return inner
		}
		if e := Find(err); e != nil {
			c := *e
			c.Message, c.Field, c.Err = err.Error(), "", err
			return []*Error{&c}
		}
	}
	return []*Error{{Kind: KindInternal, Message: err.Error(), Err: err}}
}

// Remedy returns what to do about err, or "": the remedy of the fault that
// decides its kind, or of the nearest cause that names one.
func Remedy(err error) string {
	for e := Find(err); e != nil; e = Find(e.Err) {
		if e.Remedy != "" {
			return e.Remedy
		}
	}
	return ""
}

// RetryAt returns when err may be tried again: Error.At of the fault that
// decides its kind. ok is false unless that kind is KindWaitUntil.
func RetryAt(err error) (at time.Time, ok bool) {
	e := Find(err)
	if e == nil || e.Kind != KindWaitUntil {
		return time.Time{}, false
	}
	return e.At, true
}

// gravity orders the kinds by how much they ask of people, so that the kind
// of joined errors is safe for all of them. Unknown text counts as a defect.
func gravity(k Kind) int {
	switch k {
	case KindTransient:
		return 1
	case KindWaitUntil:
		return 2
	case KindStale:
		return 3
	case KindConflict:
		return 4
	case KindNotFound:
		return 5
	case KindInvalid:
		return 6
	case KindUnauthorized:
		return 7
	case KindNeedsPerson:
		return 8
	case KindUnknownOutcome:
		return 10
	}
	return 9
}

// ExitCode maps a kind to the exit code of the command line:
//
//	0 ok
//	1 internal
//	2 wrong usage or invalid input
//	3 not found
//	4 conflict or stale
//	5 unauthorized
//	6 wait, or try again
//	7 a person must decide
//	8 unknown outcome
func ExitCode(k Kind) int {
	switch k {
	case KindNone:
		return 0
	case KindInvalid:
		return 2
	case KindNotFound:
		return 3
	case KindConflict, KindStale:
		return 4
	case KindUnauthorized:
		return 5
	case KindWaitUntil, KindTransient:
		return 6
	case KindNeedsPerson:
		return 7
	case KindUnknownOutcome:
		return 8
	}
	return 1
}
