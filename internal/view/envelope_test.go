package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
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

// TestEnvelopeOnItsWay follows one envelope through what people are shown: who
// may look at the request, whose share is wanted, and what is found wanting. Where
// AWS can change what lies in it, nobody is sent to seal it by hand.
func TestEnvelopeOnItsWay(t *testing.T) {
	t.Run("by hand", func(t *testing.T) {
		onItsWay(t, nil, map[view.FindingKind]string{view.FindingBroken: "halligan envelope rotate root", view.FindingDue: "halligan envelope seal root"})
	})
	t.Run("in AWS", func(t *testing.T) {
		const way = "halligan envelope rotate root --aws"
		onItsWay(t, &access.Contents{AccessKey: &access.AWSUser{Account: "123456789012", User: "halligan-emergency"}},
			map[view.FindingKind]string{view.FindingBroken: way, view.FindingDue: way})
	})
}

func onItsWay(t *testing.T, contents *access.Contents, ways map[view.FindingKind]string) {
	g, of := celltest.Genesis(), celltest.Scenario()
	g.Groups["custodians"], g.Groups["keepers"] = []string{"ann", "bob", "sue"}, []string{"leo"}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:keepers", Contents: contents}})
	c := celltest.New(g, of)
	blob := func(text string) *statement.Blob {
		return &statement.Blob{Digest: canon.Sum([]byte(text)), Length: 100}
	}
	proof := canon.Sum([]byte("proof"))
	sealing := func(serial int64) *statement.Seal {
		body := &statement.Seal{Envelope: "root", Serial: serial, Threshold: 2, Description: blob("description"), Content: blob("content"), Commitments: canon.Sum([]byte("commitments"))}
		for _, id := range []string{"ann", "bob", "sue"} {
			body.Holders = append(body.Holders, statement.Held{Custodian: id, Proof: canon.Sum(proof[:]), Sealed: blob("share of " + id)})
		}
		return body
	}
	var id canon.Digest
	see := func(want string, wanted ...string) {
		t.Helper()
		v, err := view.FromWorld(c.World)
		if err != nil {
			t.Fatal(err)
		}
		at := view.Instant{Now: c.Now}
		var kinds, shares []string
		for _, f := range v.Findings("bob", at).Findings {
			if f.Kind == view.FindingUnderway { // nobody answers alarms here
				continue
			}
			if f.Text == "" || f.Target != "root" || strings.Contains(f.Text, "%!") {
				t.Errorf("%+v", f)
			}
			if way := ways[f.Kind]; !strings.HasSuffix(f.Do, way) {
				t.Errorf("%s: %s; want %s", f.Kind, f.Do, way)
			}
			kinds = append(kinds, string(f.Kind))
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
		for _, person := range []string{"ann", "bob", "leo", "sue"} {
			for _, share := range v.Inbox(person, at).Shares {
				if share.ID != id || share.Envelope != "root" || share.Serial == 0 {
					t.Errorf("%s: %+v", person, share)
				}
				shares = append(shares, person)
			}
		}
		if !slices.Equal(shares, wanted) {
			t.Errorf("shares are wanted of %v, want %v", shares, wanted)
		}
	}
	c.Must(c.By("leo", "leo", sealing(1)))
	see("envelope-unshown")
	for _, person := range []string{"bob", "sue"} {
		c.Must(c.By(person, person, &statement.Inspect{Envelope: "root", Serial: 1, Proof: proof}))
	}
	see("")
	sealed := c.Now
	c.Now = c.Now.Add(91 * 24 * time.Hour)
	see("envelope-unshown")
	c.Now = sealed
	ask := c.Ask("ann", "1", "root")
	c.Must(ask)
	id = ask.Signed.Statement.Digest
	sees := func(want bool) {
		t.Helper()
		v, err := view.FromWorld(c.World)
		if r := c.World.Requests[id]; err != nil || v.MaySee("bob", r) != want {
			t.Errorf("%v: bob, a custodian, sees the request: %v, want %v", err, !want, want)
		}
	}
	see("")
	sees(false)
	for _, person := range []string{"sam", "lea"} {
		c.Must(c.Approve(person, id))
	}
	see("", "bob", "sue")
	sees(true)
	share := func(person string) {
		r := c.World.Requests[id]
		c.Must(c.By(person, person, &statement.Share{Of: id, Envelope: "root", Serial: 1, Holder: r.Sealed, Sealed: blob("share by " + person)}))
	}
	share("bob")
	see("", "sue")
	share("sue")
	see("envelope-broken")
	c.Must(c.By("sue", "sue", &statement.Inspect{Envelope: "root", Serial: 1, Damaged: true}))
	see("envelope-broken envelope-due")
}
