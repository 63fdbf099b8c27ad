package engine

import (
	"slices"
	"sync"

	"spindle/internal/billing"
)

// kept holds a list that was worked out for each organization while the state that it was worked out from stands. One organization never
// waits for another's: a vendor may have to be read first.
type kept[T any] struct {
	mu    sync.Mutex
	known map[billing.OrganizationID]*keptList[T]
}

// keptList is what was worked out for one organization, and from which state.
type keptList[T any] struct {
	mu      sync.Mutex
	done    bool
	version int64
	all     []T
}

// of gives what is known, or works it out: once, however many ask.
func (k *kept[T]) of(org billing.OrganizationID, version int64, work func() ([]T, error)) ([]T, error) {
	known := k.room(org)
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.done && known.version == version {
		return slices.Clone(known.all), nil
	}
	all, err := work()
	if err != nil {
		return nil, err
	}
	known.done, known.version, known.all = true, version, all
	return slices.Clone(all), nil
}

func (k *kept[T]) room(org billing.OrganizationID) *keptList[T] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[billing.OrganizationID]*keptList[T]{}
	}
	if k.known[org] == nil {
		k.known[org] = &keptList[T]{}
	}
	return k.known[org]
}
