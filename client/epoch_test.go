package client_test

import (
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestLost: an entry is given up by the epoch that followed its ledger, or by one
// after that, and by no other.
func TestLost(t *testing.T) {
	epochs := []client.Epoch{
		{Number: 2, Before: "one", Base: ledger.Checkpoint{Origin: "two", Size: 10}},
		{Number: 3, Before: "two", Base: ledger.Checkpoint{Origin: "three", Size: 5}},
	}
	for _, c := range []struct {
		origin string
		index  int64
		lost   bool
	}{
		{"one", 4, false}, {"one", 5, true}, {"one", 9, true}, {"one", 10, true},
		{"two", 4, false}, {"two", 5, true}, {"three", 100, false}, {"another", 100, false},
	} {
		if got := client.Lost(epochs, c.origin, c.index); got != c.lost {
			t.Errorf("entry %d of %s: %v", c.index, c.origin, got)
		}
	}
	if client.Lost(nil, "one", 5) {
		t.Error("lost without an epoch")
	}
}
