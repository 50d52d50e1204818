package cli_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT64EpochFitsWhatWasSeen: nobody is brought to sign that less was lost than
// their machine saw, that the ledger was another, or an epoch that has begun already.
func TestT64EpochFitsWhatWasSeen(t *testing.T) {
	const first = "halligan.example.com"
	root := func(of string) ledger.Hash { return ledger.Hash(canon.Sum([]byte(of))) }
	begun := func(number int64) string { return canon.EpochOrigin(first, number, canon.Sum(nil)) }
	base := ledger.Checkpoint{Origin: first, Size: 10, Root: root("10")}
	lost := statement.Seen{Size: 20, Root: canon.Digest(root("20"))}
	for name, c := range map[string]struct {
		known ledger.Checkpoint
		fits  bool
	}{
		"nothing":                      {ledger.Checkpoint{}, true},
		"less":                         {ledger.Checkpoint{Origin: first, Size: 9, Root: root("9")}, true},
		"the same":                     {base, true},
		"what is lost":                 {ledger.Checkpoint{Origin: first, Size: 20, Root: root("20")}, true},
		"another beginning":            {ledger.Checkpoint{Origin: first, Size: 10, Root: root("x")}, false},
		"another end":                  {ledger.Checkpoint{Origin: first, Size: 20, Root: root("x")}, false},
		"more than is said to be lost": {ledger.Checkpoint{Origin: first, Size: 21, Root: root("21")}, false},
		"that this epoch has begun":    {ledger.Checkpoint{Origin: begun(2), Size: 12, Root: root("12")}, false},
		"that a later one has":         {ledger.Checkpoint{Origin: begun(3), Size: 12, Root: root("12")}, false},
	} {
		if err := cli.EpochFits(statement.Epoch{Number: 2, Lost: lost}, base, c.known); c.fits != (err == nil) {
			t.Errorf("who saw %s: %v", name, err)
		}
	}
}

// TestT64EpochNamesNoTwoHistories: of the checkpoints that are named the newest counts;
// one of the same size and another root is a fork, and is not passed over.
func TestT64EpochNamesNoTwoHistories(t *testing.T) {
	root := func(of string) ledger.Hash { return ledger.Hash(canon.Sum([]byte(of))) }
	lost := statement.Seen{Size: 20, Root: canon.Digest(root("20"))}
	for name, c := range map[string]struct {
		cp   ledger.Checkpoint
		want int64 // 0: refused
	}{
		"older":           {ledger.Checkpoint{Size: 12, Root: root("12")}, 20},
		"the same":        {ledger.Checkpoint{Size: 20, Root: root("20")}, 20},
		"newer":           {ledger.Checkpoint{Size: 21, Root: root("21")}, 21},
		"another history": {ledger.Checkpoint{Size: 20, Root: root("x")}, 0},
	} {
		got, err := cli.EpochHolds(lost, c.cp)
		if (err != nil) != (c.want == 0) || err == nil && got.Size != c.want || err != nil && got != lost {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
