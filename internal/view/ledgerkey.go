package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/cell"
)

// ofLedgerKey says what an event of the ledger's key means.
func ofLedgerKey(e cell.Event) string {
	switch e := e.(type) {
	case *cell.LedgerKeyRotated:
		return fmt.Sprintf("From here on the ledger is signed with %s, in place of %s.", e.To, e.From)
	case *cell.OverlapRecorded:
		return fmt.Sprintf("The ledger holds the checkpoint of %d entries, which its old key and its new one signed; the old one signs no more.", e.Size)
	}
	return ""
}
