package readiness_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/view"
)

var now = canon.At(time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC))

// well is a cell of which everything that a server can see is as it should be.
func well() readiness.Facts {
	look := readiness.Look{At: now, Good: true, Sure: true, Text: "It is there."}
	return readiness.Facts{
		At: now,
		Coverage: []view.Coverage{
			{Scenario: "database-locked-out", Severity: "SEV1", Ready: view.Ready, Text: "Anybody's request can be agreed."}, {Ready: view.Ready, Text: "They can."}, {Recovery: true, Ready: view.Ready, Text: "It can."},
		},
		Leans: []view.Leans{
			{Scenario: "database-locked-out", Hosts: []string{"db-1"}, Channels: []string{"pager"}, Widens: 1, Roles: []view.LeansOn{{Target: "prod", Account: "prod", Role: "Emergency"}}, Accounts: []string{"prod"}},
			{Scenario: "root", Channels: []string{"pager"}, Solo: true, Sealed: true},
		},
		Heard: map[string]canon.Time{"db-1": now.Add(-time.Minute)}, Took: map[string]canon.Time{"pager": now.Add(-24 * time.Hour)},
		Certificate: view.Certificate{Ends: now.Add(90 * 24 * time.Hour)}, Witnessed: true, Issuers: []string{"https://oidc.example.com"},
		Cloud: view.Cloud{Accounts: []view.CloudAccount{{ID: "prod", Number: "123456789012"}}},
		Looked: readiness.Looked{
			Issuers: map[string]readiness.Look{"https://oidc.example.com": look}, Roles: map[string]readiness.Look{"prod/Emergency": look}, Stoppers: map[string]readiness.Look{"prod": look},
		},
	}
}

func item(t *testing.T, r readiness.Report, id string) readiness.Item {
	t.Helper()
	i := slices.IndexFunc(r.Items, func(i readiness.Item) bool { return i.ID == id })
	if i < 0 {
		t.Fatalf("the report has no %s: %+v", id, r.Items)
	}
	return r.Items[i]
}

// TestEachFactTurnsItsItem: a fact that is other than it should be turns one item, and
// that one says what mends it.
func TestEachFactTurnsItsItem(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*readiness.Facts)
		id    string
		want  view.Light
	}{
		"stuck":        {func(f *readiness.Facts) { f.Coverage[0].Ready = view.Stuck }, "quorum:database-locked-out:SEV1", readiness.Red},
		"for some":     {func(f *readiness.Facts) { f.Coverage[0].Ready = view.Partly }, "quorum:database-locked-out:SEV1", readiness.Red},
		"one person":   {func(f *readiness.Facts) { f.Coverage[1].Ready = view.Hangs }, "quorum:changes", readiness.Amber},
		"recovery":     {func(f *readiness.Facts) { f.Coverage[2].Ready = view.Later }, "quorum:recovery", readiness.Amber},
		"shut":         {func(f *readiness.Facts) { f.Coverage[0].Ready = view.Shut }, "quorum:database-locked-out:SEV1", readiness.Amber},
		"no ladder":    {func(f *readiness.Facts) { f.Leans[0].Widens = 0 }, "ladder:database-locked-out", readiness.Amber},
		"silent host":  {func(f *readiness.Facts) { f.Heard["db-1"] = now.Add(-time.Hour) }, "host:db-1", readiness.Red},
		"absent host":  {func(f *readiness.Facts) { delete(f.Heard, "db-1") }, "host:db-1", readiness.Red},
		"deaf":         {func(f *readiness.Facts) { f.Heard = nil }, "host:db-1", readiness.NotLooked},
		"untried":      {func(f *readiness.Facts) { f.Took = nil }, "channel:pager", readiness.NotLooked},
		"stale":        {func(f *readiness.Facts) { f.Took["pager"] = now.Add(-100 * 24 * time.Hour) }, "channel:pager", readiness.Amber},
		"role":         {func(f *readiness.Facts) { f.Looked.Roles = nil }, "role:prod/Emergency", readiness.NotLooked},
		"role refused": {func(f *readiness.Facts) { f.Looked.Roles["prod/Emergency"] = readiness.Look{Sure: true, Text: "No."} }, "role:prod/Emergency", readiness.Red},
		"role silent":  {func(f *readiness.Facts) { f.Looked.Roles["prod/Emergency"] = readiness.Look{Text: "Nothing."} }, "role:prod/Emergency", readiness.NotLooked},
		"stopper":      {func(f *readiness.Facts) { f.Looked.Stoppers["prod"] = readiness.Look{Sure: true, Text: "No."} }, "stopper:prod", readiness.Red},
		"issuer": {func(f *readiness.Facts) {
			f.Looked.Issuers["https://oidc.example.com"] = readiness.Look{Sure: true, Text: "No."}
		}, "issuer:https://oidc.example.com", readiness.Red},
		"found now": {func(f *readiness.Facts) {
			f.Findings = []view.Finding{{Kind: view.FindingClock, Urgency: view.UrgencyNow, Text: "t", Do: "d"}}
		}, "clock-doubted", readiness.Red},
		"found today": {func(f *readiness.Facts) {
			f.Findings = []view.Finding{{Kind: view.FindingCertificate, Urgency: view.UrgencyToday, Do: "d"}}
		}, "certificate", readiness.Amber},
		"a certificate": {func(f *readiness.Facts) { f.Certificate = view.Certificate{} }, "certificate", readiness.NotLooked},
	} {
		t.Run(name, func(t *testing.T) {
			before := readiness.Of(well(), "")
			f := well()
			c.spoil(&f)
			after := readiness.Of(f, "")
			got := item(t, after, c.id)
			if got.State != c.want || got.Do == "" && c.id != "host:db-1" || got.Text == "" {
				t.Errorf("%+v, want %s and what to do", got, c.want)
			}
			if n := after.Counts[readiness.Green]; n != before.Counts[readiness.Green]-1 {
				t.Errorf("%d items are green, and %d were", n, before.Counts[readiness.Green])
			}
			want := readiness.Amber
			if c.want == readiness.Red {
				want = readiness.Red
			}
			if after.State != want || after.Items[0].State != c.want && c.want == readiness.Red {
				t.Errorf("the report is %s and begins with %+v", after.State, after.Items[0])
			}
		})
	}
}

// TestNothingIsGreenUnlooked: without any fact nothing outside is green, and what nobody
// can look at keeps the report from being so.
func TestNothingIsGreenUnlooked(t *testing.T) {
	r := readiness.Of(well(), "")
	if r.State != readiness.Amber || r.Counts[readiness.Red] > 0 || r.Counts[readiness.Amber] > 0 {
		t.Errorf("all is well, and the report is %s with %v", r.State, r.Counts)
	}
	for _, id := range []string{"backup", "deployed:prod", "organization"} {
		if got := item(t, r, id); got.State != readiness.NotLooked || got.Do == "" {
			t.Errorf("%+v", got)
		}
	}
	f := well()
	f.Heard, f.Took, f.Looked, f.Certificate = nil, nil, readiness.Looked{}, view.Certificate{}
	for _, i := range readiness.Of(f, "").Items {
		for _, outside := range []string{"host:", "channel:", "role:", "stopper:", "issuer:", "certificate", "deployed:", "organization", "backup"} {
			if strings.HasPrefix(i.ID, outside) && i.State != readiness.NotLooked {
				t.Errorf("%s is %s, and nobody looked", i.ID, i.State)
			}
		}
	}
}

// TestOneScenario: what only others lean on is left out, what all lean on is not; ids
// are of one item each.
func TestOneScenario(t *testing.T) {
	f := well()
	f.Findings = []view.Finding{
		{Kind: view.FindingReview, Scenario: "root", Urgency: view.UrgencyToday}, {Kind: view.FindingReview, Scenario: "root", Urgency: view.UrgencyToday}, {Kind: view.FindingTried, Urgency: view.UrgencyToday},
	}
	one := readiness.Of(f, "root")
	if one.Scenario != "root" || slices.ContainsFunc(one.Items, func(i readiness.Item) bool { return strings.Contains(i.ID, "db-1") || strings.Contains(i.ID, "prod") }) {
		t.Errorf("of root: %+v", one.Items)
	}
	item(t, one, "quorum:changes")
	if len(one.Items) >= len(readiness.Of(f, "").Items) {
		t.Error("one scenario leans on everything")
	}
	seen := map[string]bool{}
	for _, i := range readiness.Of(f, "").Items {
		if seen[i.ID] {
			t.Errorf("%s stands twice", i.ID)
		}
		seen[i.ID] = true
		if strings.HasPrefix(i.ID, "tried") {
			t.Error("that somebody tried something says nothing of the next emergency")
		}
	}
	if got := item(t, one, "review-overdue"); got.State != readiness.Amber || got.Text == "" {
		t.Errorf("%+v", got)
	}
}
