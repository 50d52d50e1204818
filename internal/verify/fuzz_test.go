package verify_test

import (
	"context"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// FuzzPartial: no bytes but the true evidence are verified, and none are without
// an anchor.
func FuzzPartial(f *testing.F) {
	// Short seeds: the fuzzer spends a minute on making a long one shorter.
	c := newCell(1, 1, nil)
	c.must(c.ask("ann", "db-1"))
	src, cp := c.export(c.bodies)
	s := &subject{cellOf: c, id: c.asked[0].id, src: src, cp: cp, rand: c.rand}
	f.Add(s.encoded(s.partial(everything)))
	f.Add([]byte(`{"attachments":{},"checkpoint":"","entries":[{"body":{},"index":0,"proof":[]}],"evidence":"v1","notes":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, anchor := range []ledger.Anchor{s.anchor, {}} {
			report, err := verify.Partial(context.Background(), anchor, data, verify.Options{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if report.Verdict == verify.Verified && (anchor.Origin == "" || report.Grants == nil || report.Checkpoint.Size != s.cp.Size) {
				t.Errorf("%q was verified", data)
			}
		}
	})
}
