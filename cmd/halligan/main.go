// Command halligan asks for, agrees to, uses, ends and proves emergency access.
package main

import (
	"os"

	"github.com/halligan-dev/halligan/internal/cli"
)

func main() { os.Exit(cli.Main()) }
