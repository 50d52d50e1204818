package web_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/view"
)

// TestAskForADocument: what an execution opens needs no terminal, so that a browser may
// have the keys, as for what a program opens.
func TestAskForADocument(t *testing.T) {
	of := lockedOut()
	of.Opens = []view.Opening{{Target: "members", Account: "prod", Document: "EmergencyMembers", Browser: view.WhereOpened, Text: "Be a member of operators: one execution of version 2 of the document EmergencyMembers."}}
	page := open(t, scenarioSays(of)).page("/ask/database-locked-out")
	has(t, page, "one execution of version 2", "data-make-holder", "<b><bdi>members</bdi></b>: nothing is fetched")
}
