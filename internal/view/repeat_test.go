package view_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// TestT18AskedAgainIsOneRow: who asks for the same again and again takes one row of
// an approver's list, which says so and names each; who asks for something else, or
// is somebody else, has a row of their own. Each can still be decided on.
func TestT18AskedAgainIsOneRow(t *testing.T) {
	s := sample(t)
	var ids []canon.Digest
	for i := range 4 {
		ids = append(ids, s.ask("ann", fmt.Sprint(i), "db-1"))
		s.later(time.Minute)
	}
	both := s.ask("ann", "both", "db-1", "db-2")
	bobs := s.ask("bob", "his", "db-1")
	rows := s.View.Inbox("sam", s.at()).Requests
	if len(rows) != 3 || rows[0].ID != ids[3] || rows[1].ID != both || rows[2].ID != bobs {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	same(t, "others", len(rows[0].Before), 3)
	for i, before := range rows[0].Before {
		same(t, "before", before.ID, ids[i])
	}
	same(t, "of bob", len(rows[1].Before)+len(rows[2].Before), 0)

	s.do(s.Approve("sam", ids[1])) // an older one: it leaves sam's row, and stays in lea's
	same(t, "sam's row names the others", len(s.View.Inbox("sam", s.at()).Requests[0].Before), 2)
	same(t, "lea's row names all", len(s.View.Inbox("lea", s.at()).Requests[0].Before), 3)
	s.do(s.Approve("lea", ids[1]))
	same(t, "granted", s.show("sam", ids[1]).State, access.Granted)
}
