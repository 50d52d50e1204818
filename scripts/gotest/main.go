// Command gotest runs `go test` and shows what it shows, and then what it hides:
// each skipped test with its reason, and, last of all, what each failed test said,
// without the logs that may stand around it. In CI (CI=true) a skip that is not a choice
// of ours (a long run, the short mode) is a failure, and so is a run of no test.
//
//	gotest -name unit -- -timeout 20m ./...
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	name := flag.String("name", "tests", "what to call this run in its closing line")
	flag.Parse()
	os.Exit(run(*name, flag.Args(), os.Getenv("CI") == "true"))
}

// run executes go test with args and returns the exit code.
func run(name string, args []string, ci bool) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "cannot run go test: %v\n", err)
		return 1
	}
	report := NewReport(os.Stdout)
	if err := report.Read(out); err != nil {
		fmt.Fprintf(os.Stderr, "cannot read the output of go test: %v\n", err)
		io.Copy(io.Discard, out)
	}
	exit := cmd.Wait()
	bad := report.Close(name, ci)
	if exit != nil || bad {
		return 1
	}
	return 0
}
