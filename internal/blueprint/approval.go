package blueprint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Approval is one severity of one scenario as a document of Systems Manager
// Automation: people of the account's own approve, a user is put into a group,
// and taken out again on every way out. It is for the day when Halligan and the
// identity provider are both gone, and AWS is not.
//
// It grants membership, and no credential: nothing secret passes through a step,
// so that nothing can be read in an execution, and what the user holds is worth
// nothing from the moment that the group is left.
type Approval struct {
	Name       string
	Scenario   *access.Scenario
	Severity   access.Severity
	Role       Role
	Target     string
	Group      string // whose members may what the role may
	Requesters []string
	Legs       []ApprovalLeg
	Minutes    []int // that may be asked for
	Wait       int   // seconds that an approval is waited for
}

// ApprovalLeg is one leg of the quorum: a step of its own, so that each is filled.
type ApprovalLeg struct {
	From   string
	Count  int
	People []string
}

// Limits of the documents.
const (
	approversMost  = 10  // of one step
	requestersMost = 100 // of one list of values that may be given
	documentMost   = 65536
	messageMost    = 4096
	automationRole = prefix + "automation"
	approveGroup   = prefix + "approvers"
	requestGroup   = prefix + "requesters"
	approveTopic   = topicPrefix + prefix + "approvals"
	waitForYes     = 3600
)

// UserName is the user of the account that a person signs in as when nothing else
// is left. It has a password and a second factor, and no access key.
func UserName(person string) string { return prefix + person }

// Approvals are the documents of the account: one for each severity of each
// scenario that opens a role.
func (b *Blueprint) Approvals() ([]Approval, error) {
	var all []Approval
	for _, r := range b.Roles {
		for _, door := range r.Doors {
			i := slices.IndexFunc(b.Cell.Scenarios, func(s *access.Scenario) bool { return s.ID == door.Scenario })
			for _, severity := range slices.Sorted(maps.Keys(b.Cell.Scenarios[i].Severities)) {
				a, err := b.approval(b.Cell.Scenarios[i], severity, r, door)
				if err != nil {
					return nil, fmt.Errorf("account %s, scenario %s at %s: %w", b.Account.ID, door.Scenario, severity, err)
				}
				all = append(all, a)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no scenario opens a role in account %s", b.Account.ID)
	}
	slices.SortFunc(all, func(x, y Approval) int { return compare(x.Name, y.Name) })
	return all, b.checkApprovals(all)
}

func (b *Blueprint) approval(s *access.Scenario, severity access.Severity, r Role, door Door) (Approval, error) {
	terms := s.Severities[severity]
	a := Approval{
		Name: documentPrefix + door.Scenario + "-" + door.Target + "-" + string(severity), Scenario: s, Severity: severity, Role: r, Target: door.Target,
		Group: prefix + "approved-" + door.Scenario + "-" + door.Target, Wait: waitForYes,
	}
	longest := int(terms.Longest) / 60
	for _, minutes := range []int{15, 30, 60, 120, 240, longest} {
		if minutes <= longest {
			a.Minutes = append(a.Minutes, minutes)
		}
	}
	slices.Sort(a.Minutes)
	a.Minutes = slices.Compact(a.Minutes)
	var err error
	if a.Legs, err = b.legs(terms.Quorum); err != nil {
		return a, err
	}
	for _, from := range s.MayRequest {
		a.Requesters = append(a.Requesters, b.members(from)...)
	}
	a.Requesters = sorted(slices.DeleteFunc(a.Requesters, func(p string) bool {
		return slices.ContainsFunc(a.Legs, func(leg ApprovalLeg) bool { return slices.Contains(leg.People, p) })
	}))
	if len(a.Requesters) == 0 {
		return a, errors.New("everybody who may ask also approves: here nobody could ask, because the step cannot tell them apart; name a group that only asks")
	}
	return a, nil
}

// legs give each person to one leg, so that nobody fills two: the step of Systems
// Manager counts for itself alone. The leg with the fewest to spare chooses first,
// and leaves to the others what they need.
func (b *Blueprint) legs(q access.Quorum) ([]ApprovalLeg, error) {
	legs := make([]ApprovalLeg, len(q))
	turn := make([]int, len(q))
	for i, leg := range q {
		turn[i], legs[i] = i, ApprovalLeg{From: leg.From, Count: leg.Count}
	}
	slices.SortStableFunc(turn, func(i, j int) int {
		return (len(b.members(q[i].From)) - q[i].Count) - (len(b.members(q[j].From)) - q[j].Count)
	})
	taken := map[string]bool{}
	free := func(from string) int {
		return len(slices.DeleteFunc(b.members(from), func(p string) bool { return taken[p] }))
	}
	for at, i := range turn {
		for _, person := range b.members(q[i].From) {
			needed := slices.ContainsFunc(turn[at+1:], func(j int) bool {
				return slices.Contains(b.members(q[j].From), person) && free(q[j].From) <= q[j].Count
			})
			if !taken[person] && (!needed || len(legs[i].People) < q[i].Count) {
				legs[i].People, taken[person] = append(legs[i].People, person), true
			}
		}
	}
	for _, leg := range legs {
		if len(leg.People) < leg.Count {
			return nil, fmt.Errorf("%s: %d people are left for %d places when each person approves once", leg.From, len(leg.People), leg.Count)
		}
	}
	return legs, nil
}

func (b *Blueprint) members(reference string) []string {
	group, _ := access.Group(reference)
	return sorted(b.Cell.Groups[group])
}

func (b *Blueprint) checkApprovals(all []Approval) error {
	var sizes []Size
	for _, a := range all {
		of := "document " + a.Name + ": "
		sizes = append(sizes,
			Size{of + "bytes", len(compactJSON(b.automation(a))), documentMost}, Size{of + "characters of its name", len(a.Name), 128},
			Size{of + "people who may ask", len(a.Requesters), requestersMost},
			Size{of + "characters of the policy that it gives", len(a.Role.Policy), managedLongest},
			Size{of + "characters of the guard rails of its group", len(b.groupRails(a.Role)), managedLongest},
			Size{of + "characters of the name of its group", len(a.Group), 128})
		for _, leg := range a.Legs {
			sizes = append(sizes, Size{of + "approvers of " + leg.From, len(leg.People), approversMost})
		}
	}
	return over(sizes)
}

// groupRails bind the people of an approved group as a boundary binds the role,
// and demand a second factor given within the hour.
func (b *Blueprint) groupRails(r Role) []byte {
	all := append([]statement{{
		Sid: "NothingWithoutSecondFactor", Effect: deny, Resource: words{"*"},
		NotAction: words{"iam:GetUser", "iam:ListMFADevices"},
		Condition: condition{"BoolIfExists": {"aws:MultiFactorAuthPresent": {"false"}}},
	}, {
		Sid: "NothingWithAnOldOne", Effect: deny, Resource: words{"*"},
		NotAction: words{"iam:GetUser", "iam:ListMFADevices"},
		Condition: condition{"NumericGreaterThan": {"aws:MultiFactorAuthAge": {"3600"}}},
	}}, b.limits(r)...)
	return document(append(all, b.rails(r.WithoutRails)...)...)
}

// steps of the document.
func (b *Blueprint) automation(a Approval) object {
	topic := "arn:" + b.Account.Partition + ":sns:" + b.Home() + ":" + b.Account.Number + ":" + approveTopic
	said := a.Scenario.ID + " at " + string(a.Severity) + ", role " + a.Role.Name + ", for {{ Minutes }} minutes, for the user {{ Requester }}: {{ Justification }}"
	call := func(name, service, api string, inputs object) object {
		return object{{name: "name", value: name}, {name: "action", value: "aws:executeAwsApi"}, {name: "timeoutSeconds", value: 60}, {name: "maxAttempts", value: 3},
			{name: "inputs", value: append(object{{name: "Service", value: service}, {name: "Api", value: api}}, inputs...)}}
	}
	member := object{{name: "GroupName", value: a.Group}, {name: "UserName", value: "{{ Requester }}"}}
	tell := func(name, subject, text string) object {
		return call(name, "sns", "Publish", object{{name: "TopicArn", value: topic}, {name: "Subject", value: subject}, {name: "Message", value: text}})
	}
	steps := list{append(call("CheckRequester", "iam", "GetUser", object{{name: "UserName", value: "{{ Requester }}"}}), field{name: "onFailure", value: "Abort"})}
	for i, leg := range a.Legs {
		steps = append(steps, object{
			{name: "name", value: "Approve" + digits(i+1)}, {name: "action", value: "aws:approve", note: digits(leg.Count) + " of " + leg.From + "; nothing is open yet, so that a no or silence just ends it."},
			{name: "timeoutSeconds", value: a.Wait}, {name: "onFailure", value: "Abort"},
			{name: "inputs", value: object{
				{name: "NotificationArn", value: topic}, {name: "Message", value: "Emergency access is asked for: " + said + ". Call the requester back before you approve."},
				{name: "MinRequiredApprovals", value: leg.Count},
				{name: "Approvers", value: texts(each(leg.People, func(p string) string { return b.iam("user/" + UserName(p)) })...)},
			}},
		})
	}
	out := object{{name: "onFailure", value: "step:Close"}, {name: "onCancel", value: "step:Close"}}
	steps = append(steps,
		append(append(call("Open", "iam", "AddUserToGroup", member), out...), field{name: "nextStep", value: "TellOpened"}),
		append(append(tell("TellOpened", "Emergency access is open", "Open: "+said), out...), field{name: "nextStep", value: "Wait"}),
		append(object{
			{name: "name", value: "Wait"}, {name: "action", value: "aws:sleep"},
			{name: "inputs", value: object{{name: "Duration", value: "PT{{ Minutes }}M"}}}, {name: "nextStep", value: "Close"},
		}, out...),
		append(call("Close", "iam", "RemoveUserFromGroup", member), field{name: "onFailure", value: "step:TellStillOpen"}, field{name: "onCancel", value: "step:TellStillOpen"},
			field{name: "isCritical", value: true}, field{name: "nextStep", value: "TellClosed"}),
		append(tell("TellClosed", "Emergency access is closed", "Closed: "+said+". A review is due in "+strconv.Itoa(int(a.Scenario.Severities[a.Severity].ReviewDue)/3600)+" hours."), field{name: "isEnd", value: true}),
		append(tell("TellStillOpen", "Emergency access may still be open", "Could not close: "+said+". Do it by hand now: aws iam remove-user-from-group --group-name "+a.Group+" --user-name {{ Requester }}"), field{name: "isEnd", value: true}))
	return object{
		{name: "schemaVersion", value: "0.3", note: b.made()},
		{name: "description", value: clean("Emergency access without Halligan: "+a.Scenario.Title+". Use it when "+strings.Join(a.Scenario.UseWhen, "; or "), 1000)},
		{name: "assumeRole", value: b.roleARN(automationRole)},
		{name: "parameters", value: a.parameters()},
		{name: "mainSteps", value: steps},
	}
}

func (a Approval) parameters() object {
	minutes := make([]string, len(a.Minutes))
	for i, m := range a.Minutes {
		minutes[i] = strconv.Itoa(m)
	}
	return object{
		{name: "Requester", value: object{
			{name: "type", value: "String"}, {name: "description", value: "Name of the user who is let in: no ARN."},
			{name: "allowedValues", value: texts(each(a.Requesters, UserName)...)},
		}},
		{name: "Justification", value: object{
			{name: "type", value: "String"}, {name: "description", value: "What is broken, and the number of the incident. No secret."},
			{name: "allowedPattern", value: "^[A-Za-z0-9 .,:;#/_()+-]{10,400}$"},
		}},
		{name: "Minutes", value: object{
			{name: "type", value: "String"}, {name: "description", value: "For how long, from the last approval."},
			{name: "default", value: minutes[0]}, {name: "allowedValues", value: texts(minutes...)},
		}},
	}
}
