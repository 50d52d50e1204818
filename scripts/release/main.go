// Command release builds what a release is: for each system one archive with the
// programs, the manual and the service, and one list of digests.
//
//	go run ./scripts/release -version v1.2.3 -out dist
//
// The same sources, version and Go give the same bytes on every machine: nothing
// of the machine, the user, the folder or the clock goes in.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	r := Release{}
	var systems string
	flag.StringVar(&r.Version, "version", "", "what the release is called, such as v1.2.3")
	flag.StringVar(&r.Out, "out", "dist", "folder for the archives; it is made")
	flag.StringVar(&systems, "systems", strings.Join(Systems, ","), "systems to build for, as GOOS/GOARCH")
	flag.Parse()
	r.Systems = strings.Split(systems, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.Build(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}
