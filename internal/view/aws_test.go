package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

func awsStage(t *testing.T) *stage {
	return newStage(t, celltest.AWSGenesis(), celltest.AWSScenario())
}

// TestBlastRadiusOfRoles: approvers read account, role, regions, source, what holds
// whatever the policy says, and how the end is known.
func TestBlastRadiusOfRoles(t *testing.T) {
	v, _ := awsStage(t).View.Scenario("ann", "database-locked-out")
	for target, want := range map[string]string{
		"database": "Start, stop and change databases: as role EmergencyDatabase of AWS account prod (123456789012), in every region; from anywhere. Each session lives at most 15m and is renewed while the grant lives. Whatever its policy says, it cannot: make an identity, a key, a session or a grant of rights that outlives it; share data or rights with another account or with everybody, by a resource's own policy; change what records or watches; ",
		"narrow":   "in eu-west-1 only, global services aside; from 10.0.0.0/8 or the address that asked only.",
		"shell":    "Its end is known when AWS refuses a session or the last one is over, and Systems Manager then lists none that goes on.",
		"rootlike": "NO GUARD RAIL keeps it from this: make an identity, a key, a session or a grant of rights that outlives it. Its end is known when a person attests it, and in no other way.",
		"console":  "It may sign in to the console, for up to 1h each time.",
	} {
		i := slices.IndexFunc(v.Opens, func(o view.Opening) bool { return o.Target == target })
		if i < 0 || !strings.Contains(v.Opens[i].Text, want) || v.Opens[i].Account != "prod" || v.Opens[i].Role == "" {
			t.Errorf("%s: %+v, want %q", target, v.Opens, want)
		}
	}
}

// TestT47StopNamesWhomElseItEnds: whoever may press Stop reads which other grants
// end with it, and nothing where there is none.
func TestT47StopNamesWhomElseItEnds(t *testing.T) {
	s := awsStage(t)
	first := s.granted("0", "console")
	s.granted("1", "console")
	at := view.Instant{Now: s.Now}
	if v := s.View.Show(s.World.Requests[first], at); len(v.StopsToo) != 0 {
		t.Errorf("ends too: %q", v.StopsToo)
	}
	third := s.granted("2", "console") // there are two slots
	v := s.View.Show(s.World.Requests[first], at)
	if !strings.Contains(v.StopTakes, "within minutes") || !strings.Contains(v.StopTakes, "15m at most") {
		t.Errorf("a stop takes: %q", v.StopTakes)
	}
	s.do(s.Fetch("ann", "0", first, "console"))
	s.do(s.Stop("sue", first))
	if after := s.View.Show(s.World.Requests[first], at); !slices.Equal(after.StopsToo, v.StopsToo) || after.StopTakes != "" {
		t.Errorf("after the stop: %q %q", after.StopsToo, after.StopTakes)
	}
	if len(v.StopsToo) != 1 || !strings.Contains(v.StopsToo[0], third.Short()+" of ann") || v.Leases[0].Slot != 1 || v.Leases[0].Role != "EmergencyConsole" {
		t.Errorf("ends too: %q, lease %+v", v.StopsToo, v.Leases[0])
	}
}

// TestSlotStopped: a slot keeps somebody out from the end of a grant until the
// last session under it is over, also when its lease is closed.
func TestSlotStopped(t *testing.T) {
	s := awsStage(t)
	id := s.fetched("0", "database")
	stopped := func() bool { return s.View.SlotStopped("prod", "EmergencyDatabase", 1) }
	if stopped() {
		t.Error("a live grant is stopped")
	}
	s.do(s.Stop("sue", id))
	if !stopped() || s.View.SlotStopped("prod", "EmergencyDatabase", 2) || s.View.SlotStopped("stage", "EmergencyDatabase", 1) {
		t.Error("another slot than the grant's is stopped")
	}
	s.effect(cell.TaskProve, cell.EffectProbed, id, "database", celltest.Round(access.Refused, access.Accepted))
	if s.World.Requests[id].Leases[0].State != access.LeaseClosed || !stopped() {
		t.Error("the slot of a closed lease is free while its sessions live")
	}
	s.Now = s.Now.Add(20 * time.Minute)
	s.effect(cell.TaskExpire, cell.EffectDue, id, "database", cell.Observed{})
	if stopped() {
		t.Error("the slot is not free when the last session is over")
	}
}

// TestKnownOfRoles: what is not proved is said, in words of roles.
func TestKnownOfRoles(t *testing.T) {
	s := awsStage(t)
	for i, target := range []string{"database", "shell", "rootlike"} {
		id := s.fetched(string(rune('0'+i)), target)
		s.do(s.Stop("sue", id))
		look := func() (view.Lease, string) {
			v := s.View.Show(s.World.Requests[id], view.Instant{Now: s.Now})
			var next []string
			for _, step := range v.Next {
				next = append(next, step.Text)
			}
			return v.Leases[0], strings.Join(next, " ")
		}
		l, next := look()
		if !strings.Contains(l.Known, "denied everything through stop slot 1 within minutes") || !strings.Contains(next, "is tried until AWS refuses it") || l.OtherWay == "" {
			t.Errorf("%s: %s: %s", target, l.Known, next)
		}
		s.effect(cell.TaskProve, cell.EffectProbed, id, target, celltest.Round(access.Refused, access.Accepted))
		l, next = look()
		want := map[string][2]string{
			"database": {"proved dead at", ""}, "shell": {"one of Systems Manager may still run", "must list no session that goes on"},
			"rootlike": {"a person must attest", "attests it"},
		}[target]
		if !strings.Contains(l.Known, want[0]) || !strings.Contains(next, want[1]) {
			t.Errorf("%s: %s: %s", target, l.Known, next)
		}
		for _, word := range []string{"host", "login"} {
			if strings.Contains(l.Known+next, word) {
				t.Errorf("%s speaks of a %s: %s %s", target, word, l.Known, next)
			}
		}
	}
}
