package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// rotating is a cell whose broker finds the ledger key "next" while there is true.
func rotating(t *testing.T, there *bool) (d *brokertest.Cell, next string) {
	t.Helper()
	skey, next := celltest.LedgerKey("next")
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	d = brokertest.New(t, brokertest.Setup{})
	d.Shut()
	d.Options.LedgerKey = func(vkey string) note.Signer {
		if *there && vkey == next {
			return signer
		}
		return nil
	}
	d.Open()
	return d, next
}

// proposed is a proposal of sam's of a ledger key.
func proposed(t *testing.T, d *brokertest.Cell, vkey string) broker.Submission {
	t.Helper()
	salt := [32]byte{7}
	reason, err := statement.NewNote(salt, "it is old")
	if err != nil {
		t.Fatal(err)
	}
	s := d.Sign("sam", "sam", &statement.Change{LedgerKey: vkey, Reason: reason})
	s.Notes = []ledger.Note{{Salt: salt, Text: "it is old"}}
	return s
}

// signedBy demands which of two keys signed the newest checkpoint.
func signedBy(t *testing.T, d *brokertest.Cell, next string, first, second bool) {
	t.Helper()
	text := d.Head().Text
	for vkey, want := range map[string]bool{d.Genesis.Ledger: first, next: second} {
		if _, err := ledger.OpenCheckpoint(celltest.Origin, []string{vkey}, text); want != (err == nil) {
			t.Errorf("of %d entries, %s signed is not %v: %v", d.Head().Size, vkey, want, err)
		}
	}
}

// overlapped brings the newest checkpoint into the ledger.
func overlapped(t *testing.T, d *brokertest.Cell, rotated int64) {
	t.Helper()
	ctx, head := context.Background(), d.Head()
	proof, err := ledger.InclusionProof(head.Size, rotated, func(level int, index int64) ([]byte, error) { return d.Store.Tile(ctx, level, index) })
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Effect(ctx, cell.Effect{Kind: cell.EffectOverlapped, Task: fmt.Sprintf("overlap:cell:%d", rotated)},
		cell.Observed{Overlap: &cell.Overlap{Checkpoint: string(head.Text), Proof: proof}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBrokerSignsWithTheKeyInForce: the old key before, both until the ledger holds a
// checkpoint of both, whatever happens in between, and then the other alone.
func TestBrokerSignsWithTheKeyInForce(t *testing.T) {
	there := true
	d, next := rotating(t, &there)
	change := d.Must(proposed(t, d, next))
	signedBy(t, d, next, true, false)
	agreed := d.Must(d.Decide("lea", change.Digest, statement.Approve))
	signedBy(t, d, next, true, true)
	d.Shut() // what if it crashed here
	d.Open()
	d.Must(d.Ask("ann", "1"))
	signedBy(t, d, next, true, true)
	overlapped(t, d, agreed.Index)
	signedBy(t, d, next, false, true)
	d.Shut()
	d.Options.Signer = nil // the old key was put away
	d.Open()
	d.Must(d.Ask("bob", "2"))
	signedBy(t, d, next, false, true)
}

// TestNoKeyThatIsNotThere: what nobody could sign with is neither proposed nor put in
// force, and a broker without a key that must sign does not begin.
func TestNoKeyThatIsNotThere(t *testing.T) {
	there := false
	d, next := rotating(t, &there)
	d.Refused(proposed(t, d, next), cell.NotRotatable)
	there = true
	change := d.Must(proposed(t, d, next))
	there = false
	d.Refused(d.Decide("lea", change.Digest, statement.Approve), cell.NotRotatable)
	signedBy(t, d, next, true, false)
	there = true
	agreed := d.Must(d.Decide("leo", change.Digest, statement.Approve))
	d.Shut()
	for name, take := range map[string]func(*broker.Options){
		"the key in force":                  func(o *broker.Options) { o.LedgerKey = nil },
		"the one before, and without tiles": func(o *broker.Options) { o.Signer, o.Tiles = nil, nil },
		"both":                              func(o *broker.Options) { o.Signer, o.LedgerKey = nil, nil },
	} {
		o := d.Options
		take(&o)
		var missing *broker.MissingKey
		if _, err := openedWith(t, d, o); !errors.As(err, &missing) || missing.Before != strings.HasPrefix(name, "the one before") {
			t.Errorf("without %s: %v", name, err)
		}
	}
	d.Open()
	overlapped(t, d, agreed.Index)
	signedBy(t, d, next, false, true)
}

// TestTheOldKeyIsLostInTheOverlap: the last checkpoint that both keys signed is stored, so
// that a broker begins without the old one: it takes that checkpoint into the ledger
// before anything else, and goes on with the key in force alone.
func TestTheOldKeyIsLostInTheOverlap(t *testing.T) {
	there := true
	d, next := rotating(t, &there)
	change := d.Must(proposed(t, d, next))
	d.Must(d.Decide("lea", change.Digest, statement.Approve))
	d.Must(d.Ask("ann", "1"))
	signedBy(t, d, next, true, true)
	before := d.Head().Size
	d.Shut()
	d.Options.Signer = nil
	d.Open()
	if got := d.Head().Size; got != before+1 {
		t.Errorf("it begins with %d entries, want one more than %d", got, before)
	}
	signedBy(t, d, next, false, true)
	d.Must(d.Ask("bob", "2"))
	signedBy(t, d, next, false, true)
	d.Shut()
	d.Open() // nothing is taken in twice
	if got := d.Head().Size; got != before+2 {
		t.Errorf("it has %d entries, want %d", got, before+2)
	}
}

// openedWith opens a cell that was shut with other options, and shuts it again.
func openedWith(t *testing.T, d *brokertest.Cell, o broker.Options) (*broker.Broker, error) {
	t.Helper()
	kept := d.Options
	defer func() { d.Options = kept }()
	d.Open()
	o.Store, o.Beside = d.Options.Store, d.Options.Beside
	d.Close()
	b, err := broker.Open(context.Background(), o)
	if err == nil {
		b.Close()
	}
	if err := d.Store.Close(); err != nil {
		t.Fatal(err)
	}
	return b, err
}
