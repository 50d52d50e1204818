package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestRootTaskInWords: approvers read whose root user it is and what for; whoever may
// press Stop, that it takes nothing back; and afterwards, what is not proved yet.
func TestRootTaskInWords(t *testing.T) {
	s := newStage(t, celltest.AWSGenesis(), celltest.RootScenario())
	v, _ := s.View.Scenario("ann", "database-locked-out")
	for target, want := range map[string]string{
		"unlock": "AS THE ROOT USER of AWS account stage (210987654321): read, replace and delete the policy of every bucket, and nothing else (the task S3UnlockBucketPolicy, through role EmergencyUnlock of account prod (123456789012)). A session lives until the grant ends, at most 15m. Nothing takes it back before: a stop only keeps the next one from being given, and neither addresses nor regions bound it. It can leave a bucket policy that lets others in behind, so that its end is known when a person attests",
		"audit":  "see which password, keys, certificates and second factors its root user has, and change nothing",
	} {
		i := slices.IndexFunc(v.Opens, func(o view.Opening) bool { return o.Target == target })
		if o := v.Opens[max(i, 0)]; i < 0 || !strings.Contains(o.Text, want) || o.Account != "stage" || o.Task == "" || o.Role == "" {
			t.Errorf("%s: %+v, want %q", target, o, want)
		}
	}
	id := s.granted("0", "unlock")
	s.do(s.Fetch("ann", "0", id, "unlock"))
	at := func() view.Instant { return view.Instant{Now: s.Now} }
	if takes := s.View.Show(s.World.Requests[id], at()).StopTakes; !strings.Contains(takes, "A SESSION OF A ROOT USER IS NOT CUT OFF") || strings.Contains(takes, "within minutes") {
		t.Errorf("a stop takes: %q", takes)
	}
	s.do(s.Stop("sue", id))
	shown := s.View.Show(s.World.Requests[id], at())
	if l := shown.Leases[0]; !strings.Contains(l.Known, "a session of the root user can live until") || l.Task != "S3UnlockBucketPolicy" || l.Slot != 0 {
		t.Errorf("the lease: %+v", l)
	}
	var next []string
	for _, step := range shown.Next {
		next = append(next, step.Text)
	}
	for _, want := range []string{"The last session of unlock is over, which shuts the door.", "looks that a bucket policy that lets others in was not left behind in AWS account stage"} {
		if !strings.Contains(strings.Join(next, "\n"), want) {
			t.Errorf("next is %q, want %q", next, want)
		}
	}
	s.Now = s.Now.Add(20 * time.Minute)
	s.effect(cell.TaskExpire, cell.EffectDue, id, "unlock", cell.Observed{})
	if known := s.View.Show(s.World.Requests[id], at()).Leases[0].Known; !strings.Contains(known, "a person must attest") {
		t.Errorf("after its end: %q", known)
	}
}
