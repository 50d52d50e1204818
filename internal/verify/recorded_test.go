package verify_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

var record = flag.Bool("record", false, "record a ledger under the rules of today, if none of them is recorded yet")

// recorded is a ledger that some version wrote, and how much is in it.
type recorded struct {
	Anchor  ledger.Anchor `json:"anchor"`
	Entries int64         `json:"entries"`
	Grants  int           `json:"grants"`
}

// TestRecordedLedgersReplay: every ledger that was ever recorded is verified by
// the rules of today, whichever rules it was recorded under. Recorded files are
// never written anew: a difference is a law that changed in place. Rules are
// recorded when the next ones begin, or when they are released.
func TestRecordedLedgersReplay(t *testing.T) {
	const folder = "testdata/recorded"
	if *record {
		writeRecorded(t, filepath.Join(folder, fmt.Sprintf("rules-%d", cell.RulesNow)))
	}
	for rules := 1; rules < cell.RulesNow; rules++ {
		at := filepath.Join(folder, fmt.Sprintf("rules-%d", rules))
		data, err := os.ReadFile(filepath.Join(at, "recorded.json"))
		if err != nil {
			t.Errorf("no ledger is recorded under rules %d (-record writes one): %v", rules, err)
			continue
		}
		var want recorded
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		log, err := verify.OpenDirectory(filepath.Join(at, "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		report := check(t, log, want.Anchor, ledger.Checkpoint{})
		if !report.Good() {
			t.Errorf("rules %d:\n%s", rules, report.Text())
		}
		if report.Entries != want.Entries || len(report.Grants) != want.Grants || want.Entries < 200 || want.Grants < 3 {
			t.Errorf("rules %d: %d entries and %d grants; %d and %d were recorded", rules, report.Entries, len(report.Grants), want.Entries, want.Grants)
		}
	}
}

// manyEndings is a whole life, then a grant for each way in which one ends, then
// whatever happens.
func manyEndings() *cellOf {
	c, _ := wholeLife(0)
	for _, end := range []func(id canon.Digest) cell.Command{
		func(id canon.Digest) cell.Command { return c.Deny("leo", id) },
		func(id canon.Digest) cell.Command {
			return c.By("sue", "sue", &statement.Stop{Of: id, Reason: c.note("enough")})
		},
		func(id canon.Digest) cell.Command { return c.Release("ann", c.asked[len(c.asked)-1].holder, id) },
		func(canon.Digest) cell.Command {
			c.Now = c.Now.Add(31 * time.Minute)
			return c.result(c.tasks(canon.Digest{}, cell.TaskEnd)[0])
		},
		func(canon.Digest) cell.Command {
			key := celltest.Line("ann").Fingerprint
			change := c.must(c.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "ann", Key: key}, Reason: c.note("stolen")}))
			c.must(c.Approve("leo", canon.Sum(change.Entry.Cause.Statement)))
			return c.result(c.tasks(canon.Digest{}, cell.TaskConsequence)[0])
		},
	} {
		id := c.granted()
		c.must(c.Fetch("ann", c.asked[len(c.asked)-1].holder, id, "db-1"))
		c.settle(id, cell.TaskBaseline, cell.TaskDeliver)
		c.must(end(id))
		c.Now = c.Now.Add(time.Minute)
		c.settle(id, cell.TaskProve)
		c.must(c.By("sue", "sue", &statement.Attest{Of: id, Target: "db-1", Note: c.note("saw it")}))
	}
	for len(c.bodies) < 250 {
		c.act()
	}
	return c
}

// writeRecorded records many endings.
func writeRecorded(t *testing.T, at string) {
	if _, err := os.Stat(at); err == nil {
		t.Fatalf("%s is recorded already, and stays as it is", at)
	}
	c := manyEndings()
	files, cp := c.export(c.bodies)
	report := check(t, files, c.anchor, ledger.Checkpoint{})
	for path, data := range files {
		to := filepath.Join(at, "log", filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told := recorded{Anchor: c.anchor, Entries: cp.Size, Grants: len(report.Grants)}
	if err := os.WriteFile(filepath.Join(at, "recorded.json"), append(canon.MustEncode(told), '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
