package readiness_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/view"
)

// guarded is well with an organisation that somebody saw: two accounts of the cell, the
// management account, and nothing else.
func guarded() readiness.Facts {
	f := well()
	f.Cloud = view.Cloud{Organization: "security", Accounts: []view.CloudAccount{
		{ID: "prod", Number: "123456789012", Reader: true}, {ID: "security", Number: "222233334444", Reader: true}, {ID: "payer", Number: "999988887777", Management: true},
	}}
	f.Leans[0].Accounts = []string{"prod"}
	f.Leans[0].Sets = []view.LeansOnSet{{Target: "console", Account: "prod", Set: "EmergencyDatabase"}}
	f.Looked.Members = &readiness.Members{At: now, Management: "999988887777", All: []readiness.Member{
		{Number: "123456789012", Name: "Production", State: "ACTIVE"}, {Number: "222233334444", Name: "Security", State: "ACTIVE"}, {Number: "999988887777", Name: "Payer", State: "ACTIVE"},
		{Number: "111111111111", Name: "Closed long ago", State: "SUSPENDED"},
	}}
	guard := func() readiness.Guarded {
		return readiness.Guarded{At: now, Policies: []readiness.Guard{{Policy: "halligan-guard", Keepers: []string{"arn:aws:iam::*:role/PlatformDeploy"}}}}
	}
	f.Looked.Guards = &readiness.Guards{At: now, Management: "999988887777", Of: map[string]readiness.Guarded{"prod": guard(), "security": guard()}}
	f.Looked.Rules = map[string]readiness.Rules{"prod": {At: now, Regions: 5}, "security": {At: now, Regions: 4}}
	f.Looked.Sets = map[string]readiness.Look{"database-locked-out:console": {At: now, Good: true, Sure: true, Text: "It is as signed."}}
	return f
}

// TestOrganizationItems: each thing that is otherwise in the organisation, in what guards
// an account, in its rules, or in a permission set, turns one item, which says what it is
// and what mends it.
func TestOrganizationItems(t *testing.T) {
	guards := func(change func(*readiness.Guard), more ...readiness.Guard) func(*readiness.Facts) {
		return func(f *readiness.Facts) {
			g := f.Looked.Guards.Of["prod"]
			change(&g.Policies[0])
			g.Policies = append(g.Policies, more...)
			f.Looked.Guards.Of["prod"] = g
		}
	}
	as := func(*readiness.Guard) {}
	another := readiness.Guard{Policy: "halligan-guard-2", Keepers: []string{"arn:aws:iam::*:role/Second", "arn:aws:iam::*:role/Third"}}
	rules := func(r readiness.Rules) func(*readiness.Facts) {
		return func(f *readiness.Facts) { f.Looked.Rules["prod"] = r }
	}
	for name, c := range map[string]struct {
		spoil func(*readiness.Facts)
		id    string
		want  view.Light
		says  string
	}{
		"well, members":  {func(*readiness.Facts) {}, "organization", readiness.Green, "all 3 active accounts"},
		"well, account":  {func(*readiness.Facts) {}, "account:prod", readiness.Green, "active"},
		"well, guard":    {func(*readiness.Facts) {}, "guard:prod", readiness.Green, "spares arn:aws:iam::*:role/PlatformDeploy"},
		"well, rules":    {func(*readiness.Facts) {}, "rules:prod", readiness.Green, "In 5 regions"},
		"well, set":      {func(*readiness.Facts) {}, "target:database-locked-out:console", readiness.Green, "as signed"},
		"not configured": {func(f *readiness.Facts) { f.Cloud.Organization = "" }, "organization", readiness.NotLooked, "cell.yaml names no account"},
		"not looked":     {func(f *readiness.Facts) { f.Looked.Members = nil }, "organization", readiness.NotLooked, "not looked at"},
		"not seen":       {func(f *readiness.Facts) { f.Looked.Members = &readiness.Members{At: now, Why: "AWS said no."} }, "organization", readiness.NotLooked, "AWS said no."},
		"strangers": {func(f *readiness.Facts) {
			f.Looked.Members.All = append(f.Looked.Members.All, readiness.Member{Number: "555555555555", Name: "Shadow\x1b[2J", State: "ACTIVE"})
		}, "organization", readiness.Amber, `does not know 1: nobody gets in there by Halligan, and none of its rules tells what happens there: 555555555555 ("Shadow\x1b[2J").`},
		"suspended":                {func(f *readiness.Facts) { f.Looked.Members.All[0].State = "SUSPENDED" }, "account:prod", readiness.Red, `is "SUSPENDED"`},
		"of elsewhere":             {func(f *readiness.Facts) { f.Looked.Members.All = f.Looked.Members.All[1:] }, "account:prod", readiness.Amber, "is none of the organisation"},
		"account unseen":           {func(f *readiness.Facts) { f.Looked.Members.Why = "AWS said no." }, "account:prod", readiness.NotLooked, "not looked at"},
		"guard not looked":         {func(f *readiness.Facts) { f.Looked.Guards = nil }, "guard:prod", readiness.NotLooked, "not looked at"},
		"guard not reached":        {func(f *readiness.Facts) { delete(f.Looked.Guards.Of, "prod") }, "guard:prod", readiness.NotLooked, "the last look did not get that far"},
		"no account seen":          {func(f *readiness.Facts) { f.Looked.Members.All = nil }, "organization", readiness.NotLooked, "not even the one that read it"},
		"guard not seen":           {func(f *readiness.Facts) { f.Looked.Guards.Why = "AWS said no." }, "guard:prod", readiness.NotLooked, "AWS said no."},
		"unguarded":                {func(f *readiness.Facts) { f.Looked.Guards.Of["prod"] = readiness.Guarded{At: now} }, "guard:prod", readiness.Amber, "No service control policy guards account prod"},
		"half guarded":             {guards(func(g *readiness.Guard) { g.Lacks = []string{"KeepTrails: cloudtrail:Stop* on *"} }), "guard:prod", readiness.Amber, "halligan-guard does not deny KeepTrails: cloudtrail:Stop* on *"},
		"spares anybody":           {guards(func(g *readiness.Guard) { g.Open = []string{"arn:aws:iam::*:role/*"} }), "guard:prod", readiness.Amber, "halligan-guard spares anybody: arn:aws:iam::*:role/*"},
		"spares nobody":            {guards(func(g *readiness.Guard) { g.Keepers = nil }), "guard:prod", readiness.Green, "spares nobody"},
		"two that are each enough": {guards(as, another), "guard:prod", readiness.Green, "policy halligan-guard guards account prod, and spares arn:aws:iam::*:role/PlatformDeploy."},
		"the second is enough": {guards(func(g *readiness.Guard) {
			g.Open, g.Lacks = []string{"arn:aws:iam::*:role/*"}, []string{"KeepTrails: all"}
		}, another), "guard:prod", readiness.Green,
			"policy halligan-guard-2 guards account prod, and spares arn:aws:iam::*:role/Second; arn:aws:iam::*:role/Third."},
		"two halves": {guards(func(g *readiness.Guard) { g.Lacks = []string{"KeepTrails: all"} }, readiness.Guard{Policy: "halligan-guard-2", Lacks: []string{"KeepAlarms: all"}}), "guard:prod", readiness.Amber,
			"guards it by itself: halligan-guard does not deny KeepTrails: all; halligan-guard-2 does not deny KeepAlarms: all."},
		"one is not read": {guards(as, readiness.Guard{Policy: "halligan-guard-old", Unread: "it is no policy"}), "guard:prod", readiness.NotLooked,
			"is not known: halligan-guard-old: it is no policy. Service control policy halligan-guard guards account prod"},
		"binds the stopper": {guards(as, readiness.Guard{Policy: "halligan-guard-2", Binds: []string{"arn:aws:iam::123456789012:role/halligan-stopper"}}), "guard:prod", readiness.Red,
			"is denied to arn:aws:iam::123456789012:role/halligan-stopper by halligan-guard-2"},
		"not come to":           {func(f *readiness.Facts) { delete(f.Looked.Guards.Of, "prod") }, "guard:prod", readiness.NotLooked, "not looked at"},
		"one way not seen":      {func(f *readiness.Facts) { f.Looked.Guards.Of["prod"] = readiness.Guarded{At: now, Why: "AWS said no."} }, "guard:prod", readiness.NotLooked, "AWS said no."},
		"unmarked payer":        {func(f *readiness.Facts) { f.Looked.Members.Management = "123456789012" }, "guard:prod", readiness.Amber, "it is the management account of the organisation, which no service control policy binds, and cell.yaml does not say so"},
		"the policies' account": {func(f *readiness.Facts) { f.Looked.Members, f.Looked.Guards.Management = nil, "123456789012" }, "guard:prod", readiness.Amber, "it is the management account"},
		"payer in its line":     {func(f *readiness.Facts) { f.Looked.Members.Management = "123456789012" }, "account:prod", readiness.Amber, "is the management account of the organisation, which cell.yaml does not say"},
		"marked another":        {func(f *readiness.Facts) { f.Looked.Members.Management = "123456789012" }, "account:payer", readiness.Amber, "the organisation says that 123456789012 is"},
		"there are more":        {func(f *readiness.Facts) { f.Looked.Members.More = true }, "organization", readiness.NotLooked, "4 accounts were looked at; there are more"},
		"a stranger of more": {func(f *readiness.Facts) {
			f.Looked.Members.More = true
			f.Looked.Members.All = append(f.Looked.Members.All, readiness.Member{Number: "555555555555", Name: "Shadow", State: "ACTIVE"})
		}, "organization", readiness.Amber, `does not know 1: nobody gets in there by Halligan, and none of its rules tells what happens there: 555555555555 ("Shadow"). 5 accounts were looked at; there are more`},
		"among the more":   {func(f *readiness.Facts) { f.Looked.Members.More, f.Looked.Members.All = true, f.Looked.Members.All[1:] }, "account:prod", readiness.NotLooked, "none of the 3 that were looked at, and there are more"},
		"rules wrong":      {rules(readiness.Rules{At: now, Regions: 5, Wrong: []string{"rule halligan-use in eu-west-1 is not deployed"}}), "rules:prod", readiness.Red, "are not as the blueprint has them, 1 difference: rule halligan-use in eu-west-1 is not deployed"},
		"rules unread":     {rules(readiness.Rules{At: now, Regions: 5, Unread: []string{"eu-west-1: AWS said no"}}), "rules:prod", readiness.NotLooked, "eu-west-1: AWS said no"},
		"rules deaf":       {rules(readiness.Rules{At: now, Regions: 5, Deaf: []string{"us-east-2"}}), "rules:prod", readiness.Amber, "nobody has confirmed a subscription to the topic that they tell in us-east-2"},
		"rules strange":    {rules(readiness.Rules{At: now, Regions: 5, Strange: []string{"rule halligan-old in eu-west-1"}}), "rules:prod", readiness.Amber, "rule halligan-old in eu-west-1"},
		"no reader":        {func(f *readiness.Facts) { f.Cloud.Accounts[0].Reader = false }, "rules:prod", readiness.NotLooked, "no reader"},
		"rules not looked": {func(f *readiness.Facts) { delete(f.Looked.Rules, "prod") }, "rules:prod", readiness.NotLooked, "not looked at"},
		"management":       {func(*readiness.Facts) {}, "rules:payer", readiness.NotLooked, "nothing of Halligan's reads a management account"},
		"set not looked":   {func(f *readiness.Facts) { f.Looked.Sets = nil }, "target:database-locked-out:console", readiness.NotLooked, "EmergencyDatabase"},
		"set otherwise": {func(f *readiness.Facts) {
			f.Looked.Sets["database-locked-out:console"] = readiness.Look{At: now, Sure: true, Text: "Its sessions are longer."}
		}, "target:database-locked-out:console", readiness.Red, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := guarded()
			c.spoil(&f)
			got := item(t, readiness.Of(f, ""), c.id)
			if got.State != c.want || !strings.Contains(got.Text, c.says) {
				t.Errorf("%+v, want %s and %q", got, c.want, c.says)
			}
			if (got.Do == "") != (got.State == readiness.Green) {
				t.Errorf("%s, and to do is %q", got.State, got.Do)
			}
		})
	}
}

// TestOrganizationScenarios: what stands about an account is of the scenarios that lean on
// it; a management account is no member that a policy could guard.
func TestOrganizationScenarios(t *testing.T) {
	of := func(scenario string) (ids []string) {
		for _, i := range readiness.Of(guarded(), scenario).Items {
			ids = append(ids, i.ID)
		}
		return ids
	}
	has := func(ids []string, id string) bool {
		return strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ")
	}
	for _, id := range []string{"account:prod", "guard:prod", "rules:prod", "target:database-locked-out:console"} {
		if !has(of("database-locked-out"), id) || has(of("root"), id) {
			t.Errorf("%s is not of the scenario that leans on it alone", id)
		}
	}
	for _, id := range []string{"organization", "account:payer", "rules:payer"} {
		if !has(of("root"), id) {
			t.Errorf("%s is left out", id)
		}
	}
	if has(of(""), "guard:payer") {
		t.Error("a service control policy is demanded for the management account")
	}
}

// TestLargeOrganization: of thousands of accounts twenty are named, and the rest is
// counted.
func TestLargeOrganization(t *testing.T) {
	f := guarded()
	for i := range 10_000 {
		f.Looked.Members.All = append(f.Looked.Members.All, readiness.Member{Number: fmt.Sprintf("%012d", i), Name: strings.Repeat("n", 200), State: "ACTIVE"})
	}
	got := item(t, readiness.Of(f, ""), "organization")
	if !strings.Contains(got.Text, "Of 10003 active accounts of the organisation the cell does not know 10000") || !strings.HasSuffix(got.Text, "; and 9980 more.") || len(got.Text) > 3000 {
		t.Errorf("%d characters: %.300s", len(got.Text), got.Text)
	}
}
