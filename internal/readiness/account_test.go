package readiness_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/readiness"
)

const day = 24 * time.Hour

// read is a cell of which all is well, with an account that was read and is as it should
// be.
func read() (readiness.Facts, *readiness.Account) {
	f := well()
	f.Readers = []string{"prod"}
	account := &readiness.Account{
		At: now, Certificates: []readiness.Certificate{{Provider: "corp", Ends: now.Add(90 * day)}},
		Users: []readiness.User{
			{Name: "root", Root: true, There: true, Reported: now},
			{Name: "emergency", There: true, MFA: true, NeedsPass: true, Password: true, NeedsKey: true, Reported: now, Changed: now.Add(-30 * day), Used: now.Add(-30 * day),
				Keys: []readiness.Key{{Made: now.Add(-30 * day)}}, Scenarios: []string{"root"}},
		},
	}
	return f, account
}

// TestAccountsThatWereRead: each thing that a reader of an account sees turns its item,
// and that one says what mends it; nothing is green that was not read.
func TestAccountsThatWereRead(t *testing.T) {
	other := func(who string) []readiness.Other {
		return []readiness.Other{{Who: who, Roles: []string{"Emergency", "Other"}, How: "iam:PutRolePolicy"}}
	}
	differs := func(part readiness.Part, gone bool) func(*readiness.Account) {
		return func(a *readiness.Account) {
			a.Differs = []readiness.Differs{{Part: part, Gone: gone, Text: "policy x is not as it should be"}, {Part: part, Text: "another"}}
		}
	}
	user := func(spoil func(*readiness.User)) func(*readiness.Account) {
		return func(a *readiness.Account) { spoil(&a.Users[1]) }
	}
	root := func(spoil func(*readiness.User)) func(*readiness.Account) {
		return func(a *readiness.Account) { spoil(&a.Users[0]) }
	}
	certificate := func(ends canon.Time) func(*readiness.Account) {
		return func(a *readiness.Account) { a.Certificates[0].Ends = ends }
	}
	for name, c := range map[string]struct {
		spoil func(*readiness.Account)
		id    string
		want  readiness.Item
	}{
		"a slot is gone":      {differs(readiness.Slots, true), "slots:prod", readiness.Item{State: readiness.Red, Text: "in 2 places: policy x is not as it should be; another."}},
		"a slot is attached":  {differs(readiness.Slots, false), "slots:prod", readiness.Item{State: readiness.Amber}},
		"a boundary differs":  {differs(readiness.Rails, false), "rails:prod", readiness.Item{State: readiness.Red}},
		"a trust differs":     {differs(readiness.Trust, false), "trust:prod", readiness.Item{State: readiness.Red}},
		"something differs":   {differs(readiness.Rest, true), "deployed:prod", readiness.Item{State: readiness.Amber}},
		"another is let in":   {func(a *readiness.Account) { a.Others.Trusted = other("AWS arn:aws:iam::9:root") }, "takers:prod", readiness.Item{State: readiness.Red, Text: "AWS arn:aws:iam::9:root, of Emergency and 1 more"}},
		"somebody may switch": {func(a *readiness.Account) { a.Others.Switch = other("user eve") }, "takers:prod", readiness.Item{State: readiness.Amber, Text: "1 user in no envelope"}},
		"somebody may change": {func(a *readiness.Account) { a.Others.Changing = other("role Deploy") }, "changers:prod", readiness.Item{State: readiness.Amber, Text: "role Deploy, of Emergency and 1 more by iam:PutRolePolicy, if its conditions hold"}},
		"by other roles": {func(a *readiness.Account) {
			a.Others.Changing, a.Others.Beyond = other("role Deploy"), 2
			a.Others.Changing[0].As = []string{"Middle", "Ops"}
		}, "changers:prod", readiness.Item{State: readiness.Amber, Text: "by iam:PutRolePolicy as role Middle, then Ops, if its conditions hold. Service control policies were not weighed, which may forbid it. Who may take 2 roles of these was not followed."}},
		"a policy is unread":   {func(a *readiness.Account) { a.Others.Unread = 2 }, "takers:prod", readiness.Item{State: readiness.NotLooked, Text: "2 attached policies"}},
		"a certificate soon":   {certificate(now.Add(29 * day)), "saml:prod/corp", readiness.Item{State: readiness.Amber, Text: "29 days"}},
		"a certificate now":    {certificate(now.Add(6 * day)), "saml:prod/corp", readiness.Item{State: readiness.Red, Text: "6 days"}},
		"a certificate over":   {certificate(now.Add(-day)), "saml:prod/corp", readiness.Item{State: readiness.Red, Text: "is over"}},
		"a certificate unread": {certificate(canon.Time{}), "saml:prod/corp", readiness.Item{State: readiness.NotLooked}},
		"no user":              {user(func(u *readiness.User) { u.There = false }), "user:prod/emergency", readiness.Item{State: readiness.Red, Text: "is not there"}},
		"no second factor":     {user(func(u *readiness.User) { u.MFA = false }), "user:prod/emergency", readiness.Item{State: readiness.Red, Text: "no second factor"}},
		"no password":          {user(func(u *readiness.User) { u.Password = false }), "user:prod/emergency", readiness.Item{State: readiness.Red, Text: "no password"}},
		"no key":               {user(func(u *readiness.User) { u.Keys = nil }), "user:prod/emergency", readiness.Item{State: readiness.Red, Text: "no active access key"}},
		"must choose another":  {user(func(u *readiness.User) { u.MustReset = true }), "user:prod/emergency", readiness.Item{State: readiness.Amber}},
		"an old password":      {user(func(u *readiness.User) { u.Changed = now.Add(-400 * day) }), "user:prod/emergency", readiness.Item{State: readiness.Amber, Text: "400 days old, and was last used 30 days before"}},
		"an old key":           {user(func(u *readiness.User) { u.Keys[0].Made = now.Add(-366 * day) }), "user:prod/emergency", readiness.Item{State: readiness.Amber, Text: "access key that is 366 days"}},
		"no root row":          {root(func(u *readiness.User) { u.There = false }), "root:prod", readiness.Item{State: readiness.NotLooked}},
		"a root password":      {root(func(u *readiness.User) { u.Password = true }), "root:prod", readiness.Item{State: readiness.Red, Text: "no second factor"}},
		"a root key":           {root(func(u *readiness.User) { u.Keys, u.MFA = []readiness.Key{{}}, true }), "root:prod", readiness.Item{State: readiness.Red, Text: "1 access key"}},
		"an old root password": {root(func(u *readiness.User) { u.Password, u.MFA, u.Changed = true, true, now.Add(-400*day) }), "root:prod", readiness.Item{State: readiness.Amber, Text: "400 days old, and no use is known"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, account := read()
			f.Looked.Accounts = map[string]readiness.Account{"prod": *account}
			before := readiness.Of(f, "")
			if got := item(t, before, c.id); got.State != readiness.Green || got.Do != "" {
				t.Fatalf("before it is %+v", got)
			}
			c.spoil(account)
			f.Looked.Accounts["prod"] = *account
			after := readiness.Of(f, "")
			got := item(t, after, c.id)
			if got.State != c.want.State || !strings.Contains(got.Text, c.want.Text) || got.Do == "" && got.State != readiness.NotLooked || got.Since.IsZero() {
				t.Errorf("%+v", got)
			}
			if n := after.Counts[readiness.Green]; n >= before.Counts[readiness.Green] || n < before.Counts[readiness.Green]-2 {
				t.Errorf("%d items are green, and %d were", n, before.Counts[readiness.Green])
			}
		})
	}
}

// TestUnreadIsNotLooked: what could not be read, and an account that nobody read, is not
// looked at, with why; an account without a reader says how to get one.
func TestUnreadIsNotLooked(t *testing.T) {
	f, account := read()
	if got := item(t, readiness.Of(f, ""), "deployed:prod"); got.State != readiness.NotLooked || got.Do != "Have it looked at: halligan ready --live" {
		t.Errorf("nobody read it: %+v", got)
	}
	f.Looked.Accounts = map[string]readiness.Account{"prod": *account}
	f.Readers = nil
	if got := item(t, readiness.Of(f, ""), "deployed:prod"); got.State != readiness.NotLooked || !strings.Contains(got.Do, "aws.accounts[].reader") {
		t.Errorf("it has no reader any more: %+v", got)
	}
	f.Readers = []string{"audit", "prod"}
	f.Looked.Accounts["prod"] = readiness.Account{At: now, Unread: "No one.", UnreadCertificates: "No two.", UnreadUsers: "No three.", Certificates: account.Certificates, Users: account.Users}
	r := readiness.Of(f, "")
	for id, why := range map[string]string{"deployed:prod": "No one.", "saml:prod": "No two.", "users:prod": "No three.", "deployed:audit": "was not looked at"} {
		if got := item(t, r, id); got.State != readiness.NotLooked || !strings.Contains(got.Text, why) || got.Do == "" {
			t.Errorf("%+v", got)
		}
	}
	for _, i := range r.Items {
		if i.State == readiness.Green && (strings.Contains(i.ID, ":prod") || strings.Contains(i.ID, "audit")) && !strings.HasPrefix(i.ID, "role:") && !strings.HasPrefix(i.ID, "stopper:") {
			t.Errorf("unread, and %+v", i)
		}
	}
	if got := item(t, readiness.Of(f, "database-locked-out"), "saml:prod"); len(got.Scenarios) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestMuchIsBounded: however much differs, however many there are and however long their
// names, what is said stays short, and says how many are not named.
func TestMuchIsBounded(t *testing.T) {
	f, account := read()
	for i := range 500 {
		account.Differs = append(account.Differs, readiness.Differs{Part: readiness.Trust, Text: strings.Repeat("é", 5000)})
		account.Others.Changing = append(account.Others.Changing, readiness.Other{Who: fmt.Sprintf("user %d\n%s", i, strings.Repeat("x", 5000)), Roles: []string{"R"}})
		account.Certificates = append(account.Certificates, readiness.Certificate{Provider: fmt.Sprint(i), Ends: now.Add(day)})
		account.Users = append(account.Users, readiness.User{Name: fmt.Sprint(i)})
	}
	f.Looked.Accounts = map[string]readiness.Account{"prod": *account}
	r := readiness.Of(f, "")
	if len(r.Items) > 80 {
		t.Errorf("%d items", len(r.Items))
	}
	for _, i := range r.Items {
		if len(i.Text) > 8000 || strings.Contains(i.Text, "\n") || strings.Contains(i.Text, "�") {
			t.Errorf("%s has %d bytes: %.80q", i.ID, len(i.Text), i.Text)
		}
	}
	if got := item(t, r, "trust:prod"); !strings.Contains(got.Text, "in 500 places") || !strings.Contains(got.Text, "and 480 more") {
		t.Errorf("%s", got.Text[len(got.Text)-200:])
	}
	if got := item(t, r, "saml:prod"); got.State != readiness.NotLooked || !strings.Contains(got.Text, "481 SAML providers more") {
		t.Errorf("%+v", got)
	}
	seen := map[string]bool{}
	if slices.ContainsFunc(r.Items, func(i readiness.Item) bool { twice := seen[i.ID]; seen[i.ID] = true; return twice }) {
		t.Error("an id stands twice")
	}
}
