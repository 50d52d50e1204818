package readiness

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// Member is an account of the organisation that the cell's accounts are in.
type Member struct {
	Number string
	Name   string
	State  string // as Organizations has it
}

// memberActive is the state of an account that AWS lets people into.
const memberActive = "ACTIVE"

// Members are the accounts of the organisation.
type Members struct {
	At         canon.Time
	Why        string // nobody saw them, as a sentence
	All        []Member
	More       bool   // there are more, which nobody has come to yet
	Management string // number of the organisation's management account, where it said so
}

// Rules is what was seen of the rules of EventBridge in an account.
type Rules struct {
	At      canon.Time
	Regions int      // that were looked at
	Wrong   []string // what is otherwise than the blueprint has it, so that an alarm may be missing
	Deaf    []string // regions in which nobody has confirmed that they hear the topic
	Strange []string // rules by Halligan's names that are in no blueprint
	Unread  []string // regions whose rules nobody saw, each with why
}

// organization is what accounts share: whether they are there, what binds them, and who
// hears of their use.
func (f Facts) organization() (items []Item) {
	if len(f.Cloud.Accounts) == 0 {
		return nil
	}
	items = append(items, f.members())
	for _, a := range f.Cloud.Accounts {
		if f.Cloud.Organization != "" {
			items = append(items, f.member(a))
			if !a.Management {
				items = append(items, f.guard(a))
			}
		}
		items = append(items, f.rules(a))
	}
	return items
}

// members is whether the cell knows every account of the organisation.
func (f Facts) members() Item {
	item := Item{ID: "organization", State: NotLooked, Text: "Which accounts of the organisation the cell does not know was not looked at."}
	seen := f.Looked.Members
	switch {
	case f.Cloud.Organization == "":
		item.Text = "Which accounts of the organisation the cell does not know, and whether service control policies guard those that it knows, was not looked at: cell.yaml names no account that reads the organisation."
		item.Do = "Name one in cell.yaml, organization under aws; or look yourself: aws organizations list-accounts"
		return item
	case seen == nil:
		item.Do = lookNow
		return item
	case seen.Why != "":
		item.Text, item.Since, item.Do = seen.Why, seen.At, "Deploy what halligan blueprint writes for account "+f.Cloud.Organization+", and make it a delegated administrator of the organisation"
		return item
	}
	active, strange := 0, []string{}
	for _, m := range seen.All {
		if m.State != memberActive {
			continue
		}
		active++
		if !slices.ContainsFunc(f.Cloud.Accounts, func(a view.CloudAccount) bool { return a.Number == m.Number }) {
			strange = append(strange, fmt.Sprintf("%s (%s)", m.Number, quoted(m.Name)))
		}
	}
	item.Since = seen.At
	rest := ""
	if seen.More {
		rest = fmt.Sprintf(" %s were looked at; there are more, and the next look goes on there.", counted(len(seen.All), "account"))
	}
	switch {
	case len(strange) == 0 && seen.More:
		item.Text, item.Do = fmt.Sprintf("The cell knows %d active accounts of the organisation, and whether it knows all was not seen.", active)+rest, lookNow
		return item
	case active == 0:
		item.Text, item.Do = "The organisation showed no active account, not even the one that read it: whether the cell knows all was not seen.", lookNow
		return item
	case len(strange) == 0:
		item.State, item.Text = Green, fmt.Sprintf("The cell knows all %d active accounts of the organisation.", active)
		return item
	}
	item.State = Amber
	item.Text = fmt.Sprintf("Of %d active accounts of the organisation the cell does not know %d: nobody gets in there by Halligan, and none of its rules tells what happens there: %s.", active, len(strange), listed(strange)) + rest
	item.Do = "Add them to accounts in cell.yaml, or keep another way into each: halligan change propose --files"
	return item
}

// member is whether an account of the cell is one of the organisation that works.
func (f Facts) member(a view.CloudAccount) Item {
	item := Item{ID: "account:" + a.ID, State: NotLooked, Scenarios: f.on(a.ID), Text: "Whether account " + a.ID + " is an active one of the organisation was not looked at.", Do: lookNow}
	seen := f.Looked.Members
	if seen == nil || seen.Why != "" {
		return item
	}
	item.Since = seen.At
	i := slices.IndexFunc(seen.All, func(m Member) bool { return m.Number == a.Number })
	switch {
	case i < 0 && seen.More:
		item.Text = fmt.Sprintf("Whether account %s is an active one of the organisation was not seen: it is none of the %d that were looked at, and there are more.", a.ID, len(seen.All))
	case i < 0:
		item.State = Amber
		item.Text = fmt.Sprintf("Account %s (%s) is none of the organisation that account %s sees: what guards that one does not guard it.", a.ID, a.Number, f.Cloud.Organization)
		item.Do = "Compare its number in cell.yaml, or move it: aws organizations list-accounts"
	case seen.All[i].State != memberActive:
		item.State = Red
		item.Text = fmt.Sprintf("Account %s (%s) is %s in the organisation: AWS lets nobody work in it.", a.ID, a.Number, quoted(seen.All[i].State))
		item.Do = "Have it reopened, or take it out of the scenarios: halligan change propose --files"
	case seen.Management != "" && a.Management != (a.Number == seen.Management):
		item.State = Amber
		item.Text = fmt.Sprintf("cell.yaml says that account %s (%s) is the management account, and the organisation says that %s is: nothing of Halligan's reads or guards %s.", a.ID, a.Number, seen.Management, a.ID)
		item.Do = "Say it in cell.yaml, management under aws.accounts: halligan change propose --files"
		if !a.Management {
			item.Text = fmt.Sprintf("Account %s (%s) is the management account of the organisation, which cell.yaml does not say: no service control policy binds it.", a.ID, a.Number)
		}
	default:
		item.State, item.Text, item.Do = Green, "Account "+a.ID+" is an active one of the organisation.", ""
	}
	return item
}

// rules is whether the account's own rules would tell of a use.
func (f Facts) rules(a view.CloudAccount) Item {
	item := Item{ID: "rules:" + a.ID, State: NotLooked, Scenarios: f.on(a.ID), Text: "Whether the rules of account " + a.ID + " would tell of a use was not looked at", Do: lookNow}
	seen, known := f.Looked.Rules[a.ID]
	switch {
	case a.Management:
		item.Text += ": nothing of Halligan's reads a management account."
		item.Do = "Look yourself, in each region: aws events list-rules --name-prefix halligan-"
		return item
	case !a.Reader:
		item.Text += ": cell.yaml gives the account no reader."
		item.Do = "Give it one, reader: true in cell.yaml; or look yourself, in each region: aws events list-rules --name-prefix halligan-"
		return item
	case !known:
		item.Text += "."
		return item
	}
	item.Since, item.Do = seen.At, "Deploy them again: halligan blueprint cloudformation --account "+a.ID
	switch {
	case len(seen.Wrong) > 0:
		item.State = Red
		item.Text = fmt.Sprintf("Nobody may hear of a use in account %s, for its rules are not as the blueprint has them, %s: %s.", a.ID, counted(len(seen.Wrong), "difference"), listed(seen.Wrong))
	case len(seen.Unread) > 0:
		item.Text = fmt.Sprintf("The rules of account %s were not seen everywhere: %s.", a.ID, listed(seen.Unread))
		item.Do = lookNow
	case len(seen.Deaf) > 0:
		item.State = Amber
		item.Text = fmt.Sprintf("The rules of account %s stand, and nobody has confirmed a subscription to the topic that they tell in %s.", a.ID, listed(seen.Deaf))
		item.Do = "Subscribe somebody in each, and have them confirm it: aws sns subscribe"
	case len(seen.Strange) > 0:
		item.State = Amber
		item.Text = fmt.Sprintf("Account %s has rules by Halligan's names that are in no blueprint: %s.", a.ID, listed(seen.Strange))
		item.Do = "Delete them, or find out who made them"
	default:
		item.State, item.Do = Green, ""
		item.Text = fmt.Sprintf("In %d regions the rules of account %s stand, are switched on, and tell a topic that somebody hears.", seen.Regions, a.ID)
	}
	return item
}

// on are the scenarios that lean on an account; of one that none leans on, none, which
// is all of them.
func (f Facts) on(account string) (scenarios []string) {
	for _, l := range f.Leans {
		if slices.Contains(l.Accounts, account) {
			scenarios = append(scenarios, l.Scenario)
		}
	}
	return scenarios
}

// sets are the permission sets that scenarios give.
func (f Facts) sets() (items []Item) {
	for _, l := range f.Leans {
		for _, set := range l.Sets {
			id := l.Scenario + ":" + set.Target
			items = append(items, looked(Item{
				ID: "target:" + id, Scenarios: []string{l.Scenario}, Text: fmt.Sprintf("Whether permission set %s, which %s gives in account %s, is as signed was not looked at.", set.Set, l.Scenario, set.Account),
			}, f.Looked.Sets, id, "Compare it with the scenario: aws sso-admin describe-permission-set; and the account with the blueprint: halligan blueprint diff"))
		}
	}
	return items
}

// quoted is a text of somebody else's, short and on one line.
func quoted(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
