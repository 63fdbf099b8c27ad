package store_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"spindle/internal/store/storetest"
)

// TestMain lets CI, which runs short, play the same random games each time: a case that comes once in thousands must not stop a change that has nothing
// to do with it. make soak draws new ones, and many more.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		if err := flag.Set("rapid.seed", "20261129"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(storetest.Main(m))
}
