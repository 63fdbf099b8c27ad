// Command spindle keeps an Autotask tenant in step with what its owner buys from Microsoft as a Cloud Solution Provider.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"spindle/internal/cli"
)

// version is set by the build.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, os.Args[1:], cli.System(), version))
}
