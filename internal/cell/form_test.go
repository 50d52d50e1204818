package cell_test

import (
	"fmt"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
)

// TestNormalFormIsNoCoarser: nodes of one normal form, however they were
// reached, take the same moves to the same forms. Were the form too coarse, the
// search would take two states for one and leave the other out.
func TestNormalFormIsNoCoarser(t *testing.T) {
	depth := 3
	if testing.Short() {
		depth = 2
	}
	futures := map[fingerprint]string{}
	layer, reached := starts(), 0
	var f former
	for range depth {
		var next []node
		for _, n := range layer {
			for _, m := range movesAt(n, nil) {
				after, _, fault := try(n, &m)
				if fault != "" {
					t.Fatal(fault)
				}
				if after.w == nil {
					continue
				}
				reached++
				form, future := f.of(after), futureOf(after)
				first, known := futures[form]
				if !known {
					futures[form] = future
					next = append(next, after)
				} else if first != future {
					t.Fatalf("after %q one normal form has two futures:\n%s\n%s", m.name, first, future)
				}
			}
		}
		layer = next
	}
	t.Logf("%d nodes of %d normal forms", reached, len(futures))
	if reached < 3*len(futures)/2 {
		t.Errorf("%d nodes of %d normal forms: hardly any form was reached twice", reached, len(futures))
	}
}

// futureOf tells what a node's moves become, whoever makes them.
func futureOf(n node) string {
	counts := map[string]int{}
	var f former
	for _, m := range movesAt(n, nil) {
		if after, events, _ := try(n, &m); after.w != nil {
			told := fmt.Sprintf("%x", f.of(after))
			for _, e := range events {
				told += " " + cell.NameOf(e)
			}
			counts[told]++
		}
	}
	return fmt.Sprint(counts)
}
