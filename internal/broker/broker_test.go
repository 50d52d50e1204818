package broker_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestSubmitAnswersTheSameStatementAlike(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	ask := d.Ask("ann", "1")
	first := d.Must(ask)
	again := d.Must(ask)
	if !again.Again || again.Index != first.Index {
		t.Errorf("again: %+v, first entry %d", again, first.Index)
	}
	d.Refused(d.Decide("ann", first.Digest, statement.Approve), cell.SelfApproval)
}

func TestSubmitDemandsItsNotes(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	for name, change := range map[string]func(*broker.Submission){
		"missing":          func(s *broker.Submission) { s.Notes = nil },
		"changed":          func(s *broker.Submission) { s.Notes[0].Text = "cannot connecT" },
		"stray":            func(s *broker.Submission) { s.Notes = append(s.Notes, s.Notes[0]) },
		"stray attachment": func(s *broker.Submission) { s.Attachments = [][]byte{[]byte("x")} },
		"signature":        func(s *broker.Submission) { s.Signature.SSHSig[len(s.Signature.SSHSig)-1] ^= 1 },
		"statement":        func(s *broker.Submission) { s.Statement = append(s.Statement, ' ') },
	} {
		s := d.Ask("ann", "1")
		change(&s)
		_, err := d.Submit(context.Background(), s)
		var malformed *broker.Malformed
		if !errors.As(err, &malformed) {
			t.Errorf("%s: got %v, want malformed", name, err)
		}
	}
}

// TestReopen restarts in the middle of everything: what was acknowledged is
// there, and replayed statements are known.
func TestReopen(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	id := d.Granted("1")
	fetch := d.Sign("ann", "holder 1", &statement.Fetch{Of: id, Target: "db-1"})
	a := d.Must(fetch)
	d.Shut()
	d.Open()
	if again := d.Must(fetch); !again.Again || again.Index != a.Index {
		t.Errorf("the fetch is not known after a restart: %+v", again)
	}
	stop := d.Must(d.Stop("sam", id))
	if stop.Request.State != access.Ended {
		t.Errorf("after stop the request is %s", stop.Request.State)
	}
	d.Refused(d.Sign("ann", "holder 1", &statement.Fetch{Of: id, Target: "db-1"}), cell.NotLive)
}

// TestT08ManyAtOnce: 64 callers at a time; every request is agreed exactly once.
func TestT08ManyAtOnce(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	id := d.Must(d.Ask("ann", "1")).Digest
	same := d.Decide("sam", id, statement.Approve)
	var wg sync.WaitGroup
	var mu sync.Mutex
	agreed, taken := 0, 0
	for i := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := same
			switch i % 3 {
			case 0:
				s = d.Decide("sam", id, statement.Approve)
			case 1:
				s = d.Decide("lea", id, statement.Approve)
			}
			a, err := d.Submit(context.Background(), s)
			var refusal *cell.Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && !a.Again {
				taken++
			}
			for _, e := range a.Events {
				if _, ok := e.(*cell.Agreed); ok && err == nil {
					agreed++
				}
			}
		}()
	}
	wg.Wait()
	if agreed != 1 || taken != 2 {
		t.Errorf("%d agreements by %d decisions, want 1 by 2", agreed, taken)
	}
}
