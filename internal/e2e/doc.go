// Package e2e holds tests of whole runs: the program as the composition root builds it, on a real database, over real HTTP against both
// simulators. They show the laws of the design that no single room can show, and crash the program at every point where that matters.
package e2e
