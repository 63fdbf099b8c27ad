package store

import "spindle/internal/plan"

// EffectOf adds up what changes do to the money.
func EffectOf(changes ...plan.Change) Effect {
	var e Effect
	for _, c := range changes {
		e.add(c)
	}
	return e
}
