// Command halligan-host keeps an SSH target's revocation list current, ends the
// sessions of grants that are over, and reports. See package host.
package main

import (
	"context"
	"os"

	"github.com/halligan-dev/halligan/internal/host"
)

func main() {
	os.Exit(host.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
