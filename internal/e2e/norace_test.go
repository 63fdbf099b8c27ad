//go:build !race

package e2e

// Without the race detector the sweeps are complete.
const (
	everyPlace   = 1
	everyDialect = 1
)
