package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
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

// TestEpochIsSignedByTheQuorum: whoever is in no leg of the change quorum hears it when
// they would sign, and not when all of it is to begin.
func TestEpochIsSignedByTheQuorum(t *testing.T) {
	signers := cli.EpochSigners(celltest.New(celltest.Genesis(), celltest.Scenario()).World)
	if len(signers) < 2 || slices.Contains(signers, "ann") {
		t.Fatalf("the signers are %q", signers)
	}
	for _, person := range signers {
		if err := cli.EpochMaySign(signers, person); err != nil {
			t.Error(err)
		}
	}
	err := cli.EpochMaySign(signers, "ann")
	if err == nil || !strings.Contains(err.Error(), "nothing was signed: by the ledger that is left ann is in no leg of the change quorum") {
		t.Errorf("ann signs: %v", err)
	}
	if err := cli.EpochMaySign(nil, "ann"); err != nil { // a proposal that does not say who
		t.Error(err)
	}
}

// TestEpochOverAnotherDraft: a signature over what was proposed before is told from one
// that is missing, with what is other in it, before anything is written.
func TestEpochOverAnotherDraft(t *testing.T) {
	root := func(of string) canon.Digest { return canon.Sum([]byte(of)) }
	ours := statement.Epoch{
		Number: 2, Lost: statement.Seen{Size: 20, Root: root("20")}, Salt: canon.Key32{1}, Reason: statement.Note{Hash: root("why"), Length: 3},
	}
	base := ledger.Checkpoint{Origin: celltest.Origin, Size: 10, Root: ledger.Hash(root("10"))}
	for want, change := range map[string]func(*statement.Header, *statement.Epoch){
		"": func(*statement.Header, *statement.Epoch) {},
		"it begins epoch 3, and epoch.json begins epoch 2": func(_ *statement.Header, e *statement.Epoch) { e.Number = 3 },
		"it is of the ledger other.example.com":            func(h *statement.Header, _ *statement.Epoch) { h.Ledger = "other.example.com" },
		"it goes on after 9 entries, and epoch.json goes on after 10": func(h *statement.Header, _ *statement.Epoch) {
			h.Seen = statement.Seen{Size: 9, Root: root("9")}
		},
		"it goes on after 10 entries, and epoch.json goes on after 10, or after others": func(h *statement.Header, _ *statement.Epoch) { h.Seen.Root = root("x") },
		"it says that the ledger had 21 entries, and epoch.json says that it had 20":    func(_ *statement.Header, e *statement.Epoch) { e.Lost = statement.Seen{Size: 21, Root: root("21")} },
		"epoch.json was proposed anew since":                                            func(_ *statement.Header, e *statement.Epoch) { e.Salt = canon.Key32{2} },
	} {
		h := statement.Header{
			Actor: "ben", Ledger: celltest.Origin, Expires: celltest.Start, Nonce: canon.Key32{9}, Seen: statement.Seen{Size: 10, Root: root("10")},
		}
		e := ours
		change(&h, &e)
		data, err := statement.Encode(statement.Statement{Header: h, Body: &e})
		if err != nil {
			t.Fatal(err)
		}
		switch err := cli.EpochSignedBy(ours, base, data); {
		case want == "" && err != nil, want != "" && err == nil:
			t.Errorf("%q: %v", want, err)
		case want != "" && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "what ben signed in epoch-ben.json is another draft")):
			t.Errorf("want %q, is %v", want, err)
		}
	}
}
