package readiness

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/view"
)

// lookNow is what has somebody look outside.
const lookNow = "Have it looked at: halligan ready --live"

// cloud is AWS: what the server can look at with sessions of its own, and what only a
// reader of IAM can.
func (f Facts) cloud() (items []Item) {
	for _, url := range f.Issuers {
		items = append(items, looked(Item{
			ID:   "issuer:" + url,
			Text: "Whether " + url + " shows the keys that the ledger names was not looked at.",
		}, f.Looked.Issuers, url, "See what it shows, and put there what the ledger names: halligan issuer check, then halligan issuer publish"))
	}
	roles, accounts := leaning(f.Leans)
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		items = append(items, looked(Item{
			ID: "role:" + name, Scenarios: roles[name], Text: "Whether role " + name + " can be had was not looked at.",
		}, f.Looked.Roles, name, "Compare its account with the blueprint: halligan blueprint diff"))
	}
	for _, account := range f.accounts(accounts) {
		if scenarios := accounts[account]; len(scenarios) > 0 {
			items = append(items, looked(Item{
				ID: "stopper:" + account, Scenarios: scenarios,
				Text: "Whether the role that stops grants in account " + account + " can be had was not looked at.",
			}, f.Looked.Stoppers, account, "Compare the account with the blueprint: halligan blueprint diff"))
		}
		items = append(items, f.deployed(account, accounts[account])...)
	}
	return items
}

// accounts are those that scenarios lean on, and those that are read, by id.
func (f Facts) accounts(leaning map[string][]string) []string {
	all := slices.AppendSeq(slices.Clone(f.Readers), maps.Keys(leaning))
	slices.Sort(all)
	return slices.Compact(all)
}

// leaning are the roles, and their accounts, that scenarios lean on.
func leaning(all []view.Leans) (roles, accounts map[string][]string) {
	roles, accounts = map[string][]string{}, map[string][]string{}
	for _, l := range all {
		for _, r := range l.Roles {
			name := r.Account + "/" + r.Role
			roles[name] = append(roles[name], l.Scenario)
			if !slices.Contains(accounts[r.Account], l.Scenario) {
				accounts[r.Account] = append(accounts[r.Account], l.Scenario)
			}
		}
	}
	return roles, accounts
}

// looked is an item as a look outside left it.
func looked(item Item, looks map[string]Look, name, mend string) Item {
	l, known := looks[name]
	switch {
	case !known:
		item.State, item.Do = NotLooked, lookNow
	case l.Good:
		item.State, item.Text, item.Since = Green, l.Text, l.At
	case l.Sure:
		item.State, item.Text, item.Since, item.Do = Red, l.Text, l.At, mend
	default:
		item.State, item.Text, item.Since, item.Do = NotLooked, l.Text, l.At, mend+"; then have it looked at again: halligan ready --live"
	}
	return item
}
