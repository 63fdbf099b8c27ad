// Package source is the port for reading facts from a vendor: who the customers are, what they hold, what was billed.
//
// Contract of every implementation, made executable by package sourcetest:
//   - A set is delivered whole or not at all. What could not be read is an error or a Gap, never silence (law 2).
//   - Rows are translated, never edited: amounts are the vendor's own, to the last digit.
//   - Equal inputs give equal results in equal order.
//   - Errors carry a fault kind that says who acts next.
package source

import (
	"context"

	"spindle/internal/billing"
)

// Source reads one vendor account.
type Source interface {
	// Directory reads customers, subscriptions and Azure subscriptions. Parts that could not be read are named in
	// Directory.Incomplete; the rest is still good for increases.
	Directory(ctx context.Context) (billing.Directory, error)

	// Sets lists the billed invoices and the sets each of them has, newest first. Versions tell a restated set from a known one.
	Sets(ctx context.Context) ([]Available, error)

	// Lines reads one set of reconciliation lines.
	Lines(ctx context.Context, id billing.SetID) (billing.LineSet, error)

	// Usage reads one set of daily usage, aggregated while it streams.
	Usage(ctx context.Context, id billing.SetID) (billing.UsageSet, error)
}

// Available is a set that a source can deliver.
type Available struct {
	ID      billing.SetID
	Version string          // "" when the source learns it only by reading
	Invoice billing.Invoice // zero for unbilled sets
}
