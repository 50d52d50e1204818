package view_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestAlarmsOfEnvelopesAreFound: the task of an alarm names the envelope, and
// the event is found by it, so that a channel is told in words.
func TestAlarmsOfEnvelopesAreFound(t *testing.T) {
	r := &access.Request{Requester: "ann", Scenario: "root"}
	for _, e := range []cell.Event{
		&cell.EnvelopeSealed{Envelope: "root"}, &cell.EnvelopeRotated{Envelope: "root"}, &cell.EnvelopeOwed{Envelope: "root"},
		&cell.EnvelopeOverdue{Envelope: "root"}, &cell.ShareGiven{Target: "root"}, &cell.HoneyTouched{Target: "root"},
	} {
		name := cell.NameOf(e)
		events := []cell.Event{&cell.EnvelopeInspected{Envelope: "root"}, e}
		found, ok := view.Alarmed(events, cell.Task{Event: name, Target: "root"})
		if !ok || found != e {
			t.Errorf("the event of an alarm of %s was not found", name)
			continue
		}
		if kind, sentence := view.Alarm(found, r); kind == "" || sentence == "" {
			t.Errorf("%s: %q, %q", name, kind, sentence)
		}
		if _, ok := view.Alarmed(events, cell.Task{Event: name, Target: "other"}); ok {
			t.Errorf("%s of another envelope was taken for it", name)
		}
	}
}
