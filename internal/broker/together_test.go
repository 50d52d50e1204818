package broker_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT17NoEpochOfARunningCell: nobody begins anything for ever at a healthy cell:
// each half of an epoch would be one more entry that every evidence bears.
func TestT17NoEpochOfARunningCell(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	before := d.Head()
	for range 3 {
		reason, err := statement.NewNote([32]byte{1}, "the disk burnt")
		if err != nil {
			t.Fatal(err)
		}
		lost := statement.Seen{Size: before.Size + 1, Root: canon.Sum([]byte("lost"))}
		s := d.Sign("sam", "sam", &statement.Epoch{Number: 2, Lost: lost, Salt: canon.Key32{1}, Reason: reason})
		s.Notes = []ledger.Note{{Salt: [32]byte{1}, Text: "the disk burnt"}}
		d.Refused(s, cell.NotAllowed)
	}
	if d.Head().Root != before.Root {
		t.Errorf("the ledger went from %d to %d entries", before.Size, d.Head().Size)
	}
}
