// Command halligan-kit does offline what must work with no server at all. It
// links no network client and no database.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/halligan-dev/halligan/internal/seal"
)

func main() {
	seal.KeepFromDumps()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
