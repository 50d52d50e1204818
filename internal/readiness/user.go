package readiness

import (
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// User is a user of an account whom an emergency would use, as the credential report and
// their login profile have them. The report may be four hours old.
type User struct {
	Name      string
	Root      bool
	Scenarios []string // that lean on them; none: all
	NeedsKey  bool     // their access key lies in an envelope
	NeedsPass bool     // their password does

	Reported  canon.Time // when the report was made
	There     bool       // it has them
	MFA       bool
	Password  bool       // they have one
	Changed   canon.Time // when it was last changed; zero: AWS does not say
	Used      canon.Time // when it was last used; zero: never, or AWS does not say
	MustReset bool       // AWS demands another one at the next sign-in
	Keys      []Key      // that are active
}

// Key is an active access key.
type Key struct{ Made, Used canon.Time }

// credentialOld is when a password or a key has not been changed for too long.
const credentialOld = 365 * 24 * time.Hour

// users are whether the users whom an emergency would use could be, and how well they
// are kept.
func (a Account) users(account string) (items []Item) {
	if a.UnreadUsers != "" {
		return []Item{{ID: "users:" + account, State: NotLooked, Do: lookNow, Text: "How the emergency users of account " + account + " and its root user stand could not be seen: " + a.UnreadUsers}}
	}
	for i, u := range a.Users {
		if i == namesMost {
			more := Item{ID: "users:" + account, State: NotLooked, Do: "Look yourself: aws iam generate-credential-report"}
			more.Text = fmt.Sprintf("Account %s has %s more, who are not shown.", account, counted(len(a.Users)-namesMost, "emergency user"))
			return append(items, more)
		}
		items = append(items, u.item(account))
	}
	return items
}

func (u User) item(account string) Item {
	item := Item{ID: "user:" + account + "/" + u.Name, Scenarios: u.Scenarios, Since: u.Reported}
	who := fmt.Sprintf("User %s of account %s", shortened(u.Name), account)
	if u.Root {
		who, item.ID = "The root user of account "+account, "root:"+account
	}
	say := func(state view.Light, text, do string) Item {
		item.State, item.Text, item.Do = state, who+" "+text, do
		return item
	}
	switch {
	case u.Root && !u.There:
		return say(NotLooked, "is not in the credential report.", "Look yourself: aws iam get-credential-report")
	case !u.There:
		return say(Red, "is not there.", "Make the user, and put what they sign in with into its envelope; or change the scenario")
	case u.Root && !u.Password && len(u.Keys) == 0:
		return say(Green, "has neither a password nor a key.", "")
	case u.Root && len(u.Keys) > 0:
		return say(Red, fmt.Sprintf("has %s: nothing bounds it.", counted(len(u.Keys), "access key")), "Delete it, as the root user")
	case u.NeedsPass && !u.Password:
		return say(Red, "has no password: what lies in the envelope signs nobody in.", "Set one, and put it into the envelope: halligan envelope rotate")
	case u.NeedsKey && len(u.Keys) == 0:
		return say(Red, "has no active access key: the one in the envelope is dead.", "Make one, and put it into the envelope: halligan envelope rotate")
	case !u.MFA:
		return say(Red, "has no second factor.", "Give them one, or better two, and keep it with the envelope")
	case u.MustReset:
		return say(Amber, "must choose another password at the next sign-in, which the envelope will not hold.", "Rotate the envelope: halligan envelope rotate")
	case u.Password && !u.Changed.IsZero() && u.Reported.Sub(u.Changed) > credentialOld:
		return say(Amber, fmt.Sprintf("has a password that is %d days old%s.", days(u.Reported.Sub(u.Changed)), u.use()), "Rotate the envelope: halligan envelope rotate")
	case u.oldest() > credentialOld:
		return say(Amber, fmt.Sprintf("has an access key that is %d days old%s.", days(u.oldest()), u.use()), "Rotate the envelope: halligan envelope rotate")
	case u.Password && u.Changed.IsZero():
		return say(Green, "has a second factor; how old the password is, AWS does not say"+u.use()+".", "")
	}
	return say(Green, "has a second factor, and nothing that is older than a year"+u.use()+".", "")
}

// oldest is the age of the oldest active key.
func (u User) oldest() (age time.Duration) {
	for _, k := range u.Keys {
		age = max(age, u.Reported.Sub(k.Made))
	}
	return age
}

// use says when the user was last used.
func (u User) use() string {
	last := u.Used
	for _, k := range u.Keys {
		last = canon.Later(last, k.Used)
	}
	if last.IsZero() {
		return ", and no use is known"
	}
	return fmt.Sprintf(", and was last used %d days before", days(u.Reported.Sub(last)))
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
