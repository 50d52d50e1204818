package verify_test

import (
	"context"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

func check(t testing.TB, src ledger.Source, anchor ledger.Anchor, seen ledger.Checkpoint) *verify.Report {
	t.Helper()
	report, err := verify.Log(context.Background(), src, anchor, verify.Options{Seen: seen})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestUntouchedLedgersAreAccepted(t *testing.T) {
	grants := 0
	for seed := range uint64(100) {
		c := randomLife(1000+seed, 20+int(seed)%80)
		src, cp := c.export(c.bodies)
		report := check(t, src, c.anchor, cp)
		if !report.Good() {
			t.Fatalf("seed %d: %s", seed, report.Text())
		}
		if report.Entries != int64(len(c.bodies)) {
			t.Errorf("seed %d: %d entries replayed of %d", seed, report.Entries, len(c.bodies))
		}
		grants += len(report.Grants)
	}
	if grants < 25 {
		t.Errorf("the random ledgers have only %d grants among them", grants)
	}
}

func TestWholeLife(t *testing.T) {
	for seed := range uint64(10) {
		c, id := wholeLife(seed)
		src, cp := c.export(c.bodies)
		report := check(t, src, c.anchor, cp)
		if !report.Good() {
			t.Fatalf("seed %d: %s", seed, report.Text())
		}
		if seed == 0 {
			t.Log(report.Text())
		}
		_ = id
	}
}
