package blueprint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Way is a role that becomes the root user of a member account for one task, and
// does nothing else. It has no stop slot: what comes of it, no slot stops.
type Way struct {
	Name   string
	Member Account // whose root user it becomes
	Task   string
	Door   Door
}

// addWay takes in a root task that goes through the account.
func (b *Blueprint) addWay(s *access.Scenario, t *access.RootTask) error {
	i := slices.IndexFunc(b.Cell.Accounts, func(a Account) bool { return a.ID == t.Account })
	if i < 0 {
		return fmt.Errorf("%q is no account of the cell", t.Account)
	}
	if slices.ContainsFunc(b.Ways, func(w Way) bool { return strings.EqualFold(w.Name, t.Role) }) {
		return fmt.Errorf("role %s is the way to two root tasks: name a role for each", t.Role)
	}
	b.Ways = append(b.Ways, Way{
		Name: t.Role, Member: b.Cell.Accounts[i], Task: t.Task,
		Door: Door{Scenario: s.ID, Target: t.Name, Strengths: strengths(s.Controls.MFA)},
	})
	return nil
}

// checkWays refuses a way that is a role of a scenario as well.
func (b *Blueprint) checkWays() error {
	for _, w := range b.Ways {
		if slices.ContainsFunc(b.Roles, func(r Role) bool { return strings.EqualFold(r.Name, w.Name) }) {
			return fmt.Errorf("role %s is opened by a scenario and is the way to a root user: name another for one of them", w.Name)
		}
	}
	return nil
}

// opened tells whether the server comes into the account: by what scenarios open there,
// or to read.
func (b *Blueprint) opened() bool {
	return len(b.Roles)+len(b.Ways) > 0 || b.assigning() || b.executing() || b.reads()
}

// WayPolicy is all that a way may do.
func (b *Blueprint) WayPolicy(w Way) []byte {
	return document(statement{
		Sid: "BecomeRoot", Effect: allow, Action: words{"sts:AssumeRoot"}, Resource: words{access.RootARN(b.Account.Partition, w.Member.Number)},
		Condition: condition{"StringEquals": {"sts:TaskPolicyArn": {access.TaskARN(b.Account.Partition, w.Task)}}},
	})
}

// WayTrust says who takes a way: what TrustPolicy says of a role, without slots.
func (b *Blueprint) WayTrust(w Way) []byte {
	return b.TrustPolicy(Role{Name: w.Name, Doors: []Door{w.Door}})
}

// way is the role.
func (b *Blueprint) way(w Way) resource {
	task, _ := access.TaskOf(w.Task)
	return resource{
		id: idOf(w.Name), kind: kindRole, after: b.issuerIDs(),
		note: "The way of " + b.Cell.Origin + " to the root user of account " + w.Member.ID + ", opened by " + both(names([]Door{w.Door})) + ": to " + task.May +
			". What comes of it lasts a quarter of an hour at most, and nothing stops it.",
		props: object{
			{name: "RoleName", value: w.Name}, {name: "Description", value: clean("Emergency: becomes the root user of "+w.Member.Number+" for the task "+w.Task, 1000)},
			{name: "MaxSessionDuration", value: 3600}, {name: "AssumeRolePolicyDocument", value: parsed(b.WayTrust(w))},
			{name: "Policies", value: list{inline("root-task", b.WayPolicy(w))}}, {name: "Tags", value: b.tags()},
		},
	}
}
