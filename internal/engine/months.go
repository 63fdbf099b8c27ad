package engine

import (
	"sync"

	"spindle/internal/billing"
	"spindle/internal/rating"
)

// months remembers the months of sets that name none, while the process lives: only all lines of a set tell it, and a version of a set never
// changes.
type months struct {
	mu    sync.Mutex
	known map[setVersion]billing.Month
}

type setVersion struct {
	org     billing.OrganizationID
	set     billing.SetID
	version string
}

// learn notes the months of the sets when the input holds all of their lines, and else tells it what is known of them.
func (m *months) learn(org billing.OrganizationID, in *rating.Input, whole bool) {
	versions := map[billing.SetID]string{}
	for _, set := range in.Lines {
		versions[set.ID] = set.Version
	}
	for _, set := range in.Usage {
		versions[set.ID] = set.Version
	}
	if whole {
		in.SetMonths = rating.SetMonths(*in)
	} else {
		in.SetMonths = map[billing.SetID]billing.Month{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[setVersion]billing.Month{}
	}
	for id, version := range versions {
		if in.InvoiceMonths[id.Invoice] != "" {
			continue // an invoice that names its month goes before what its lines look like
		}
		at := setVersion{org, id, version}
		if whole {
			m.known[at] = in.SetMonths[id]
		} else if month, known := m.known[at]; known {
			in.SetMonths[id] = month
		}
	}
}
