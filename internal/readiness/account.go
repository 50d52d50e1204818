package readiness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Account is what the reader of an AWS account saw. What it could not read, it says why,
// as a sentence; then the facts beside it are none.
type Account struct {
	At      canon.Time
	Unread  string // why not the roles and policies of IAM
	Differs []Differs
	Others  Others

	UnreadCertificates string // why not the SAML providers
	Certificates       []Certificate

	UnreadUsers string // why not the emergency users
	Users       []User
}

// Differs is one difference between what is deployed and the blueprint.
type Differs struct {
	Part Part
	Gone bool // it is not there at all
	Text string
}

// Part is what of an account a difference is of.
type Part string

// The parts.
const (
	Slots Part = "slots" // stop slots, and what is attached to roles
	Rails Part = "rails" // what bounds roles
	Trust Part = "trust" // roles, who they let in, and identity providers
	Rest  Part = "rest"
)

// Others are who could use the roles, and is in no blueprint.
type Others struct {
	Trusted  []Other // whom a role's trust lets in
	Switch   []Other // users who may switch to a console role
	Changing []Other // whose policies let them change a role, or what bounds it
	Unread   int     // attached policies that IAM did not show
	Beyond   int     // roles of those that change, of which it was not followed who may take them
}

// Other is one of them.
type Other struct {
	Who   string
	Roles []string
	How   string   // the action that lets them
	Sure  bool     // no condition stands in between
	As    []string // roles that they take for it, one after the other
}

// Certificate is how long a SAML provider is good.
type Certificate struct {
	Provider string
	Ends     canon.Time // zero: its metadata does not say
}

// Bounds of what is said.
const (
	namesMost   = 20  // of what is alike, in one text
	textLongest = 240 // bytes, of what AWS's names make of one of them

	certificateSoon = 30 * 24 * time.Hour
	certificateNow  = 7 * 24 * time.Hour
)

// deployed is what a reader of IAM saw of an account.
func (f Facts) deployed(account string, scenarios []string) (items []Item) {
	seen, looked := f.Looked.Accounts[account]
	whole := Item{ID: "deployed:" + account, State: NotLooked, Scenarios: scenarios}
	switch {
	case !slices.Contains(f.Readers, account):
		whole.Text = fmt.Sprintf("Whether stop slots, guard rails and trust of account %s are as they should be, who else can take its roles, how old its emergency users' passwords are and how long its SAML certificates last, was not looked at: the server may not read IAM there.", account)
		whole.Do = "Give the account a reader (aws.accounts[].reader in cell.yaml), or compare with credentials of yours: halligan blueprint diff --live"
		return append(items, whole)
	case !looked:
		whole.Text, whole.Do = "Whether account "+account+" is as the blueprint has it was not looked at.", lookNow
		return append(items, whole)
	case seen.Unread != "":
		whole.Text, whole.Since = "Whether account "+account+" is as the blueprint has it could not be seen: "+seen.Unread, seen.At
		whole.Do = "Compare its role halligan-reader with the blueprint: halligan blueprint diff"
		items = append(items, whole)
	default:
		items = append(items, seen.compared(account)...)
		items = append(items, seen.others(account)...)
	}
	items = append(items, seen.certificates(account)...)
	items = append(items, seen.users(account)...)
	for i := range items {
		if items[i].Scenarios == nil {
			items[i].Scenarios = scenarios
		}
		if items[i].Since.IsZero() {
			items[i].Since = seen.At
		}
	}
	return items
}

// parts are what is said of each part of an account, in the order of items.
var parts = []struct {
	part      Part
	id, whose string
	red       func(Differs) bool
}{
	{Slots, "slots:", "Stop slots", func(d Differs) bool { return d.Gone }},
	{Rails, "rails:", "Guard rails", func(Differs) bool { return true }},
	{Trust, "trust:", "Roles and who they let in", func(Differs) bool { return true }},
	{Rest, "deployed:", "Policies and what else is deployed", func(Differs) bool { return false }},
}

// compared is how what is deployed differs from the blueprint, part by part. A slot that
// is not there, and a role that is another than was signed, is an emergency that cannot
// be had or not be ended.
func (a Account) compared(account string) (items []Item) {
	for _, p := range parts {
		item := Item{ID: p.id + account, State: Green, Text: p.whose + " of account " + account + " are as the blueprint has them."}
		var texts []string
		for _, d := range a.Differs {
			if d.Part != p.part {
				continue
			}
			if item.State != Red {
				item.State = Amber
			}
			if p.red(d) {
				item.State = Red
			}
			texts = append(texts, d.Text)
		}
		if len(texts) > 0 {
			item.Text = fmt.Sprintf("%s of account %s differ from the blueprint, in %s: %s.", p.whose, account, counted(len(texts), "place"), listed(texts))
			item.Do = "Read all of it, then deploy what halligan blueprint writes, or change the scenario: halligan blueprint diff --account " + account + " --live"
		}
		items = append(items, item)
	}
	return items
}

// others are who else could use the account's roles. Whom a role lets in can take it
// now; who may change one would have to do so first, which the account's rules tell.
func (a Account) others(account string) []Item {
	takers := Item{ID: "takers:" + account, State: Green, Text: "Nobody but the cell's own tokens and users can take the emergency roles of account " + account + ", as far as IAM says."}
	if a.Others.Unread > 0 {
		takers.State = NotLooked
		takers.Text = fmt.Sprintf("Whether anybody else can take the emergency roles of account %s is not known: IAM did not show %s.", account, counted(a.Others.Unread, "attached policy"))
		takers.Do = lookNow
	}
	if len(a.Others.Switch) > 0 {
		takers.State, takers.Do = Amber, "Take the right from whoever needs it not, or put their password into an envelope"
		takers.Text = fmt.Sprintf("In account %s %s in no envelope may switch to a console role: %s.", account, counted(len(a.Others.Switch), "user"), named(a.Others.Switch))
	}
	if len(a.Others.Trusted) > 0 {
		takers.State, takers.Do = Red, "Take them out of the trust, or find out who put them there: halligan blueprint diff --account "+account+" --live"
		takers.Text = fmt.Sprintf("In account %s roles let in whom no blueprint names: %s.", account, named(a.Others.Trusted))
	}
	changers := Item{ID: "changers:" + account, State: Green, Text: "Nobody in account " + account + " may change its emergency roles, as far as IAM says."}
	if a.Others.Unread > 0 {
		changers.State, changers.Do = NotLooked, lookNow
		changers.Text = fmt.Sprintf("Whether anybody in account %s may change its emergency roles is not known: IAM did not show %s.", account, counted(a.Others.Unread, "attached policy"))
	}
	if len(a.Others.Changing) > 0 {
		changers.State = Amber
		changers.Text = fmt.Sprintf("In account %s policies of %s allow to change emergency roles, or what bounds them: %s. Service control policies were not weighed, which may forbid it.", account, counted(len(a.Others.Changing), "user or role"), named(a.Others.Changing))
		if a.Others.Beyond > 0 {
			changers.Text += fmt.Sprintf(" Who may take %s of these was not followed.", counted(a.Others.Beyond, "role"))
		}
		changers.Do = "Take the right from whoever needs it not, and name the others as keepers: halligan blueprint scp --keeper ARN"
	}
	return []Item{takers, changers}
}

// named says who, what to, and by what.
func named(all []Other) string {
	var texts []string
	for _, o := range all {
		text := o.Who
		if len(o.Roles) == 1 {
			text += ", of " + o.Roles[0]
		} else if len(o.Roles) > 1 {
			text += fmt.Sprintf(", of %s and %d more", o.Roles[0], len(o.Roles)-1)
		}
		if o.How != "trust" {
			text += " by " + o.How
		}
		if len(o.As) > 0 {
			text += " as role " + strings.Join(o.As, ", then ")
		}
		if !o.Sure {
			text += ", if its conditions hold"
		}
		texts = append(texts, text)
	}
	return listed(texts)
}

// certificates are how long the SAML providers are good, by which people sign in.
func (a Account) certificates(account string) (items []Item) {
	if a.UnreadCertificates != "" {
		return []Item{{ID: "saml:" + account, State: NotLooked, Do: lookNow, Text: "How long the SAML providers of account " + account + " are good could not be seen: " + a.UnreadCertificates}}
	}
	for i, c := range a.Certificates {
		if i == namesMost {
			more := Item{ID: "saml:" + account, State: NotLooked, Do: "Look yourself: aws iam list-saml-providers"}
			more.Text = fmt.Sprintf("Account %s has %s more, which are not shown.", account, counted(len(a.Certificates)-namesMost, "SAML provider"))
			return append(items, more)
		}
		item := Item{ID: "saml:" + account + "/" + c.Provider, State: Green}
		left := c.Ends.Sub(a.At)
		item.Text = fmt.Sprintf("SAML provider %s of account %s is good for %s.", c.Provider, account, counted(int(left/(24*time.Hour)), "day"))
		item.Do = "Have the identity provider sign with a new certificate, and give AWS its metadata: aws iam update-saml-provider"
		switch {
		case c.Ends.IsZero():
			item.State, item.Text = NotLooked, fmt.Sprintf("How long SAML provider %s of account %s is good is not known: its metadata has no certificate that can be read.", c.Provider, account)
		case left <= 0:
			item.State, item.Text = Red, fmt.Sprintf("SAML provider %s of account %s is over: nobody signs in by it.", c.Provider, account)
		case left < certificateNow:
			item.State = Red
		case left < certificateSoon:
			item.State = Amber
		default:
			item.Do = ""
		}
		items = append(items, item)
	}
	return items
}

// counted is a number of things.
func counted(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "policy"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %s", n, strings.Replace(what, " or ", "s or ", 1)+"s")
}

// listed are texts that came from outside, bounded in length and number.
func listed(texts []string) string {
	var all []string
	for i, text := range texts {
		if i == namesMost {
			all = append(all, fmt.Sprintf("and %d more", len(texts)-namesMost))
			break
		}
		all = append(all, shortened(text))
	}
	return strings.Join(all, "; ")
}

// shortened is a text on one line that is no longer than one may be.
func shortened(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > textLongest {
		return strings.ToValidUTF8(text[:textLongest], "") + "…"
	}
	return text
}
