package server_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// atATime is how many lives are at work at a time. Most of a life is waiting, so that
// it is more than there are cores.
const atATime = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", atATime); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}

// together runs a test for each of many seeds, several at a time, and comes back when
// all are over.
func together(t *testing.T, what string, many int, test func(t *testing.T, seed int)) {
	t.Helper()
	t.Run(what, func(t *testing.T) {
		for seed := range many {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				test(t, seed)
			})
		}
	})
}
