package sqlite_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSpoilt lets a system call fail at one point after the other, once or from
// then on: the disk is full, or gives up. An append then fails, and its outcome is
// not known until Load has answered. What Load says must be what the next process
// finds, though this one ends without closing; and nothing acknowledged is lost.
func TestSpoilt(t *testing.T) {
	needStrace(t)
	for _, c := range []struct {
		inject      string // what fails how; %d is the first time
		first, step int
		tries       int
	}{
		{"fsync:error=EIO:when=%d", 2, 1, 14},
		{"fsync:error=EIO:when=%d+", 2, 1, 14},
		{"pwrite64:error=EIO:when=%d", 1, 11, 14},
		{"pwrite64:error=ENOSPC:when=%d", 6, 11, 14},
		{"pwrite64:error=ENOSPC:when=%d+", 8, 17, 10},
		{"ftruncate:error=EIO:when=%d+", 1, 1, 2},
	} {
		t.Run(c.inject, func(t *testing.T) {
			var seen tally
			for i := range rounds(c.tries, 10*c.tries) {
				inject := fmt.Sprintf(c.inject, c.first+i*c.step)
				if err := spoil(t, inject, &seen); err != nil {
					t.Fatalf("%s: %v", inject, err)
				}
			}
			t.Logf("%d ended while opening, %d after a failed append, %d of them settled, %d did not notice", seen.unopened, seen.failed, seen.settled, seen.unhurt)
			if !strings.HasPrefix(c.inject, "ftruncate") && seen.failed == 0 && !testing.Short() {
				t.Error("no append failed: nothing was tried")
			}
		})
	}
}

// tally is what became of the helpers.
type tally struct{ unopened, failed, settled, unhurt int }

func spoil(t *testing.T, inject string, seen *tally) error {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "cell")
	cmd := helper("settle", folder, 12, "strace", "-f", "-o", os.DevNull, "-e", "trace=fsync,pwrite64,ftruncate", "-e", "inject="+inject, "--")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	ended := cmd.Run() // it may fail, and says what it knew
	var marks []mark
	var final *mark
	failed := false
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "failed ") {
			failed = true
			continue
		}
		m, err := parseMark(lines.Text())
		if err != nil {
			return err
		}
		if marks = append(marks, m); m.word == "final" {
			final = &m
		}
	}
	switch {
	case failed:
		seen.failed++
	case len(marks) == 0:
		seen.unopened++
	default:
		seen.unhurt++
	}
	head, err := whole(folder, marks)
	if err != nil {
		return fmt.Errorf("%w (the helper ended with %v: %s)", err, ended, complaint.String())
	}
	if final != nil {
		seen.settled++
		if head.Size != final.size || head.Root != final.root {
			return fmt.Errorf("Load said %d %v, the next process finds %d %v", final.size, final.root.Short(), head.Size, head.Root.Short())
		}
	}
	return nil
}
