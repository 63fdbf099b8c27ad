//go:build race

package e2e

// The race detector makes everything some ten times slower: with it the sweeps take a sample, without it every place and switch.
const (
	everyPlace   = 9
	everyDialect = 8
)
