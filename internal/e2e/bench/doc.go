// Package bench measures the whole program: calls of a run against the budget of design §6.7, the demo, the size of the binary and its
// cold start. make bench runs it.
package bench
