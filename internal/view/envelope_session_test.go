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

// TestT43SessionsOfARotatedKeyAreFound: what closes the lease of an access key is that it
// is refused. Sessions that were begun with it before may live for 36 hours more: that is
// said for as long, of what was given away alone, and of no password.
func TestT43SessionsOfARotatedKeyAreFound(t *testing.T) {
	user := access.AWSUser{Account: "123456789012", User: "breaker"}
	for name, c := range map[string]struct {
		contents *access.Contents
		given    bool
		want     bool
	}{
		"a key":                    {&access.Contents{AccessKey: &user}, true, true},
		"a key that nobody was in": {&access.Contents{AccessKey: &user}, false, false},
		"a password":               {&access.Contents{Password: &user}, true, false},
		"anything":                 {nil, true, false},
	} {
		s := rotatedEnvelope(t, c.contents, c.given)
		look := func() (found view.Findings, known string) {
			v, err := view.FromWorld(s.World)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range s.World.Requests {
				shown := v.Request("sam", r, view.Instant{Now: s.Now})
				known = shown.Leases[0].Known
			}
			return v.Findings("sam", view.Instant{Now: s.Now}), known
		}
		of := func(found view.Findings) int {
			return slices.IndexFunc(found.Findings, func(f view.Finding) bool { return f.Kind == view.FindingSessions })
		}
		found, known := look()
		if at := of(found); (at >= 0) != c.want || strings.Contains(known, "sessions that were begun with the old key before may live until") != c.want {
			t.Errorf("%s: found at %d; the lease is %q", name, at, known)
		}
		if !c.want {
			continue
		}
		f := found.Findings[of(found)]
		saysAll(t, name, f.Text, "envelope root is refused since", "may live until "+s.Now.Add(36*time.Hour).Std().Format("2006-01-02 15:04:05 UTC"))
		saysAll(t, name, f.Do, "deny what is older than "+s.Now.String(), "aws:TokenIssueTime")
		same(t, "urgency", f.Urgency, view.UrgencyToday)
		s.Now = s.Now.Add(36*time.Hour - time.Second)
		if found, _ := look(); of(found) < 0 {
			t.Errorf("%s: a second before they are over it is not found", name)
		}
		s.Now = s.Now.Add(time.Second)
		if found, known := look(); of(found) >= 0 || strings.Contains(known, "sessions") {
			t.Errorf("%s: when they are over it is found; the lease is %q", name, known)
		}
	}
}

// rotatedEnvelope is a cell whose envelope was asked for, given or not, and rotated.
func rotatedEnvelope(t *testing.T, contents *access.Contents, given bool) *stage {
	t.Helper()
	g, of := celltest.Genesis(), celltest.Scenario()
	g.Groups["custodians"] = []string{"bob", "lea", "sue"}
	of.Opens = append(of.Opens, access.Open{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:leads", Contents: contents}})
	c := newStage(t, g, of)
	blob := func(text string) *statement.Blob {
		return &statement.Blob{Digest: canon.Sum([]byte(text)), Length: 100}
	}
	proof := canon.Sum([]byte("proof"))
	seal := func(serial int64) {
		body := &statement.Seal{Envelope: "root", Serial: serial, Threshold: 2, Description: blob("description"), Content: blob("content"), Commitments: canon.Sum([]byte("c"))}
		for _, id := range g.Groups["custodians"] {
			body.Holders = append(body.Holders, statement.Held{Custodian: id, Proof: canon.Sum(proof[:]), Sealed: blob("share of " + id)})
		}
		c.do(c.By("leo", "leo", body))
		for _, person := range []string{"bob", "sue"} {
			c.do(c.By(person, person, &statement.Inspect{Envelope: "root", Serial: serial, Proof: proof}))
		}
	}
	seal(1)
	ask := c.do(c.Ask("ann", "1", "root"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	for _, person := range []string{"sam", "lea"} {
		c.do(c.Approve(person, id))
	}
	if given {
		for _, person := range []string{"bob", "sue"} {
			c.do(c.By(person, person, &statement.Share{Of: id, Envelope: "root", Serial: 1, Holder: c.World.Requests[id].Sealed, Sealed: blob("share by " + person)}))
		}
	}
	seal(2)
	c.do(c.By("leo", "leo", &statement.Rotate{Envelope: "root", Serial: 2, New: statement.SeenAccepted, Old: statement.SeenRefused}))
	if task, ok := c.Task(cell.TaskRotated, id, "root"); ok {
		c.do(c.Effect(cell.EffectConsequence, task.ID, cell.Observed{}))
	} else if given {
		t.Fatal("the rotation closes no lease")
	}
	return c
}
