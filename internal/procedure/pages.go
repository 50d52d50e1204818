package procedure

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// requester is the page of whoever needs access.
func (w *writing) requester() Page {
	severity := string(w.severities()[0])
	ask := []Item{
		step("Answer three questions, and be told whether this is the right scenario.", "halligan which"),
		step("Ask. Write what is broken and what you will do: approvers read it. Never write a secret.",
			fmt.Sprintf(`halligan request %s --severity %s --why "WHAT IS BROKEN, WHAT YOU WILL DO" --incident ID --wait`, w.of.ID, severity)),
		step("Call the people below yourself. Tell them your name, what is wrong, which systems, for how long, and read them the four words that were printed."),
		w.contacts("Who can agree:", w.legs()...),
		w.terms(),
	}
	if w.cell.Server != "" {
		ask = append(ask, say("In a browser the same is at %s; going in takes the command line.", w.cell.Server))
	}
	parts := append(w.criteria(),
		Part{"Who may ask", []Item{w.contacts("People of these groups:", w.of.MayRequest...)}},
		Part{"Ask", ask},
		Part{"If nobody answers", w.ladder()},
		Part{"Go in", w.use()},
		Part{"Do", w.behave()},
	)
	if w.of.Procedure != "" {
		parts = append(parts, Part{"For this scenario", bullets(paragraphs(w.of.Procedure))})
	}
	return Page{Requester, "whoever needs access", append(parts,
		Part{"End it", []Item{
			step("As soon as it is solved, give the access back; do not wait for the end of the window.", "halligan release ID"),
			step("See that it is closed and proved.", "halligan status ID"),
			step("Tell "+group(w.cell.Security)+" what you did, and write it down while you remember: the review asks for it.", `halligan review sign ID --necessary ANSWER --misuse ANSWER --note "WHAT WAS DONE, THE CAUSE, WHAT SHOULD CHANGE"`),
		}},
		Part{"If the server is down", w.down()})}
}

// behave is what holds whatever is opened.
func (w *writing) behave() []Item {
	items := []Item{
		say("Do what the emergency needs, and nothing else."),
		say("Keep the session recorded where you can, and write down each thing that you change, with the time."),
		say("Make no account, key, role or scheduled job that stays behind. If you must, say so in the review."),
	}
	for _, open := range w.of.Opens {
		if open.AWS != nil {
			items = append(items, say("In AWS every call is recorded with your grant. Guard rails refuse changes of trails, of emergency roles and of the organisation, and keys that stay behind: a refusal there is meant."))
			break
		}
	}
	return items
}

func paragraphs(text string) (all []string) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// approver is the page of whoever is asked.
func (w *writing) approver() Page {
	parts := append(w.criteria(),
		Part{"You are asked", []Item{
			step("See what waits for you.", "halligan inbox"),
			step("Call the requester back at the number below, never at one that they give you. Have them read you the four words."),
			w.contacts("Who may ask:", w.of.MayRequest...),
			step("Ask: what is broken, since when, what was tried, which systems, how long. Does it meet the criteria above? Is the normal way really gone?"),
			step("Say yes, for less time or fewer targets if that is enough; say how you checked who it is.", "halligan approve ID --check call-back", "halligan approve ID --check call-back --for 30m --only TARGET"),
			step("Or say no. One no ends the request.", `halligan deny ID --check call-back --note "WHY"`),
			w.terms(),
		}},
		Part{"What your yes opens", w.opens()},
		Part{"If the others do not answer", append([]Item{w.contacts("Who else can agree:", w.legs()...)}, w.ladder()...)},
		Part{"Stop it", []Item{
			step("You may end it at any time, and so may the requester and everybody of "+group(w.cell.Security)+".", `halligan stop ID --why "WHY"`),
			say("Stopped is not yet closed: status says when the end is proved."),
		}},
		Part{"End it by hand, when Halligan cannot", w.byHand()})
	return Page{Approver, "whoever is asked to agree: " + list(groups(w.legs())), parts}
}

// custodian is the page of whoever holds a share.
func (w *writing) custodian() Page {
	var items []Item
	var from []string
	for _, e := range w.envelopes() {
		from = append(from, e.Custodians)
		kind := "a file, sealed for your age key"
		if e.Physical {
			kind = "a numbered bag"
		}
		items = append(items, say("Envelope %s, held by %s; shares that open it: %d. Yours is %s.", e.Name, group(e.Custodians), e.Threshold, kind))
	}
	give := []Item{
		step("Call the requester back, and have them read you the four words."),
		step("Give your share. Your machine checks the request and its quorum first, and seals the share for that request alone.", "halligan share ID"),
		step("If you are not sure, give nothing, and stop it.", `halligan stop ID --why "WHY"`),
	}
	return Page{Custodian, "whoever holds a share: " + list(groups(unique(from))), append(w.criteria(),
		Part{"What you hold", items}, Part{"When a share is asked for", give},
		Part{"The other custodians", []Item{w.contacts("Call them if you cannot reach your share:", unique(from)...)}},
		Part{"Afterwards", []Item{say("An opened envelope is broken until its secret was changed. Whoever sealed it does that; you are told, and get a new share.")}})}
}

// reviewer is the page of whoever looks at it afterwards.
func (w *writing) reviewer() Page {
	look := []Item{
		step("See what happened, in order, with every signature.", "halligan status ID --timeline", "halligan review show ID"),
		step("Take the evidence and check it on a machine of your own, from your own anchor.", "halligan evidence ID -o request.json", "halligan-kit verify request.json --anchor YOUR-ANCHOR.json"),
	}
	for _, open := range w.of.Opens {
		if open.AWS != nil {
			look = append(look, step("See in AWS what was done with role "+open.AWS.Role+": source identity hg- and the first sixteen digits of the request, in each region.",
				"aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=SESSION-NAME --region REGION"))
		}
		if open.Automation != nil {
			look = append(look, step("See the execution in AWS, with what it was given and how each step ended. Its tag halligan-lease names the request and the target, and so does the session that started it.",
				"aws ssm describe-automation-executions --region "+open.Automation.Region+" --filters Key=DocumentNamePrefix,Values="+open.Automation.Document))
		}
		if open.RootTask != nil {
			look = append(look, step("See who became the root user and when, in the account of role "+open.RootTask.Role+"; then, in the member account, what the access key in that answer did.",
				"aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRoot --region REGION", "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=KEY --region REGION"))
		}
	}
	var after []Item
	for _, e := range w.envelopes() {
		if e.Contents != nil {
			after = append(after, step("Envelope "+e.Name+" is broken once it was opened. In it is "+e.Contents.String()+": have it changed, by a member of "+group(e.SealedBy)+" with their credentials of AWS.", "halligan envelope rotate "+e.Name+" --aws"))
			continue
		}
		after = append(after, step("Envelope "+e.Name+" is broken once it was opened: change the secret, seal it again, and sign that the new one works and the old one does not.", "halligan envelope seal "+e.Name, "halligan envelope rotate "+e.Name+" --new-accepted --old-refused"))
	}
	after = append(after, say("What has to change in the scenario is proposed as a change, which others sign: halligan change propose."))
	return Page{Reviewer, "whoever reviews it afterwards", append([]Part{
		{"By when", []Item{w.terms(), say("An overdue review puts one more signature on the next request of this scenario.")}},
		{"Look", look},
		{"Ask", bullets([]string{
			"Was it an emergency by the criteria below? Was the normal way really gone?",
			"Was each action needed? Was anything done besides?",
			"What was the cause, and what would have made this unnecessary?",
			"Did everybody who should have been told hear of it, and in time?",
			"Did anything stay behind: keys, accounts, roles, changed policies?",
		})},
		{"Sign", []Item{
			step("Write what you found.", `halligan review sign ID --necessary ANSWER --misuse ANSWER --note "WHAT YOU FOUND"`),
			step("Somebody else signs it off, or sends it back.", "halligan review sign-off ID", `halligan review sign-off ID --send-back --note "WHAT IS MISSING"`),
		}},
		{"Afterwards", after},
		{"How it was to be ended by hand", w.byHand()},
	}, w.criteria()...)}
}

// down says what is left when the server does not answer.
func (w *writing) down() []Item {
	items := []Item{say("Nothing that was granted lasts longer by it: credentials run out by themselves.")}
	if len(w.envelopes()) > 0 {
		items = append(items, Item{Text: "The quorum can open an envelope with the kit, with no server at all.", Commands: []string{"halligan-kit --help"}})
	}
	for _, open := range w.of.Opens {
		if other := w.other(open); other != "" {
			items = append(items, say("Into %s without Halligan: %s.", open.Name(), strings.TrimSuffix(other, ".")))
		}
	}
	return items
}

// other is the way in, or the way to end it, that needs no Halligan.
func (w *writing) other(open access.Open) string {
	switch {
	case open.SSH != nil:
		for _, h := range w.cell.Hosts {
			if h.ID == open.SSH.Host {
				return h.Other
			}
		}
	case open.AWS != nil:
		if a, ok := w.account(open.AWS.Account); ok {
			return a.Other
		}
	case open.Automation != nil:
		if a, ok := w.account(open.Automation.Account); ok {
			return a.Other
		}
	case open.RootTask != nil:
		if a, ok := w.account(open.RootTask.Account); ok {
			return a.Other
		}
	}
	return ""
}

func (w *writing) account(id string) (Account, bool) {
	for _, a := range w.cell.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}
