package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// noted is a note of a text, and the text that must come with it.
func noted(t *testing.T, text string) (statement.Note, []ledger.Note) {
	t.Helper()
	salt := [32]byte{9}
	note, err := statement.NewNote(salt, text)
	if err != nil {
		t.Fatal(err)
	}
	return note, []ledger.Note{{Salt: salt, Text: text}}
}

// founded is a cell with trustees.
func founded(g *cell.Genesis, _ *access.Scenario) { celltest.WithTrustees(g) }

// recovering has vic propose that lea gets another key, and wil agree.
func recovering(t *testing.T, d *brokertest.Cell) canon.Digest {
	t.Helper()
	after := d.Genesis
	after.People = append(after.People[:0:0], after.People...)
	celltest.Rekeyed("lea", "lea's new")(&after)
	data := canon.MustEncode(after)
	why, texts := noted(t, "lea lost every key")
	s := d.Sign("vic", "vic", &statement.Recover{
		Amend:  statement.Amend{From: canon.Sum(canon.MustEncode(d.Genesis)), To: statement.Blob{Digest: canon.Sum(data), Length: len(data)}},
		Reason: why,
	})
	s.Notes, s.Attachments = texts, [][]byte{data}
	id := d.Must(s).Digest
	d.Must(d.Decide("wil", id, statement.Approve))
	return id
}

// due tells that the newest task of a recovery is due, if it is.
func due(t *testing.T, d *brokertest.Cell) (broker.Answer, error) {
	t.Helper()
	return d.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: waiting(t, d, cell.TaskRecover)[0].ID}, cell.Observed{})
}

// TestRecoveryOutlivesRestarts: a server that is started anew each day reminds of a
// recovery each day, puts it in force when the week is over and not a day before, and
// decides by it ever after.
func TestRecoveryOutlivesRestarts(t *testing.T) {
	wall := &wrong{}
	d := brokertest.New(t, brokertest.Setup{Wall: wall.now, Change: founded})
	recovering(t, d)
	restart := func(after time.Duration) {
		d.Shut()
		wall.set(after)
		d.Open()
	}
	for day := range 7 {
		restart(time.Duration(day)*24*time.Hour + time.Hour)
		if day == 0 {
			_, err := due(t, d)
			var refusal *cell.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != cell.NotDue {
				t.Fatalf("within the hour: %v", err)
			}
			continue
		}
		told, err := due(t, d)
		if err != nil {
			t.Fatal(err)
		}
		if _, waits := told.Events[0].(*cell.RecoveryWaits); !waits {
			t.Fatalf("after %d days: %T", day, told.Events[0])
		}
	}
	d.Must(d.Sign("lea", "lea", &statement.Session{For: 60}))
	restart(7*24*time.Hour + time.Hour)
	done, err := due(t, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, over := done.Events[0].(*cell.ChangeOver); !over || len(done.Events) != 4 {
		t.Fatalf("after a week: %v", done.Events)
	}
	restart(7*24*time.Hour + 2*time.Hour)
	d.Refused(d.Sign("lea", "lea", &statement.Session{For: 60}), cell.KeyRemovedReason)
	d.Must(d.Sign("lea", "lea's new", &statement.Session{For: 60}))
	asked := d.Must(d.Ask("ann", "late")).Digest
	yes := &statement.Decision{Of: asked, Verdict: statement.Approve, Check: statement.InPerson}
	d.Refused(d.Sign("lea", "lea's new", yes), cell.CoolingOff)
}

// TestT31CancelledRecoveryStaysSo: after a restart too, and its signatures again
// begin nothing.
func TestT31CancelledRecoveryStaysSo(t *testing.T) {
	wall := &wrong{}
	d := brokertest.New(t, brokertest.Setup{Wall: wall.now, Change: founded})
	id := recovering(t, d)
	why, texts := noted(t, "we have our keys")
	for _, person := range []string{"sam", "lea"} {
		s := d.Sign(person, person, &statement.Cancel{Of: id, Why: why})
		s.Notes = texts
		d.Must(s)
	}
	d.Shut()
	wall.set(8 * 24 * time.Hour)
	d.Open()
	if left := waiting(t, d, cell.TaskRecover); len(left) != 0 {
		t.Errorf("%d tasks are left", len(left))
	}
	d.Refused(d.Decide("zoe", id, statement.Approve), cell.UnknownSubject)
	d.Must(d.Sign("lea", "lea", &statement.Session{For: 60}))
}
