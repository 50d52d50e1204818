package awstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Assigned is an assignment of IAM Identity Center. Group tells that its principal is
// one.
type Assigned struct {
	Account, Set, Principal string
	Group                   bool
}

// center is IAM Identity Center: assignments that are made and deleted in its own
// time. What it works on moves on by one step with each call that arrives.
type center struct {
	sets     map[string]set // by ARN
	assigned []Assigned     // that are so
	listed   []Assigned     // as lists show them, which may be late
	works    []*centerWork
	steps    int      // that a piece of work takes
	late     int      // further ones until lists show it
	failures []string // reasons of the next pieces of work, which fail
	watch    func(a Assigned, stands bool)
}

type set struct{ name, session string }

// centerWork is a request that was taken.
type centerWork struct {
	id     string
	delete bool
	of     Assigned
	left   int // steps until it is done
	unseen int // and then until lists show it
	failed string
}

func (w *centerWork) status() string {
	switch {
	case w.left > 0:
		return "IN_PROGRESS"
	case w.failed != "":
		return "FAILED"
	}
	return "SUCCEEDED"
}

// AddSet makes a permission set, or replaces it; session is its length of ISO 8601.
func (d *Double) AddSet(arn, name, session string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.center.sets == nil {
		d.center.sets = map[string]set{}
	}
	d.center.sets[arn] = set{name, session}
}

// Works says how many calls a piece of work takes, and how many more until lists show
// it.
func (d *Double) Works(steps, late int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.center.steps, d.center.late = steps, late
}

// FailWork has the next pieces of work fail, with reasons.
func (d *Double) FailWork(reasons ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.center.failures = append(d.center.failures, reasons...)
}

// Assign makes an assignment by another hand.
func (d *Double) Assign(a Assigned) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.center.assigned, d.center.listed = append(d.center.assigned, a), append(d.center.listed, a)
}

// Unassign takes it by another hand.
func (d *Double) Unassign(a Assigned) {
	d.mu.Lock()
	defer d.mu.Unlock()
	is := func(b Assigned) bool { return a == b }
	d.center.assigned, d.center.listed = slices.DeleteFunc(d.center.assigned, is), slices.DeleteFunc(d.center.listed, is)
}

// Assignments are those that are so, whatever lists show.
func (d *Double) Assignments() []Assigned {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.center.assigned)
}

// Working tells whether Identity Center works on something still.
func (d *Double) Working() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.center.works, func(w *centerWork) bool { return w.left > 0 || w.unseen > 0 })
}

// Watch is called, with the double at rest, when an assignment is made or deleted. It
// must not call the double.
func (d *Double) Watch(changed func(a Assigned, stands bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.center.watch = changed
}

// Pass has all that Identity Center works on move on by a step.
func (d *Double) Pass() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.center.pass()
}

func (c *center) pass() {
	put := func(in []Assigned, w *centerWork) []Assigned {
		in = slices.DeleteFunc(in, func(a Assigned) bool { return a == w.of })
		if !w.delete {
			in = append(in, w.of)
		}
		return in
	}
	for _, w := range c.works {
		switch {
		case w.left > 0:
			if w.left--; w.left == 0 && w.failed == "" {
				c.assigned = put(c.assigned, w)
				if c.watch != nil {
					c.watch(w.of, !w.delete)
				}
				if w.unseen == 0 {
					c.listed = put(c.listed, w)
				}
			}
		case w.unseen > 0:
			if w.unseen--; w.unseen == 0 && w.failed == "" {
				c.listed = put(c.listed, w)
			}
		}
	}
}

// centerInput is what calls of Identity Center's send.
type centerInput struct {
	InstanceArn, PermissionSetArn, AccountId         string
	TargetId, TargetType, PrincipalId, PrincipalType string
	AccountAssignmentCreationRequestId               string
	AccountAssignmentDeletionRequestId               string
	NextToken                                        string
	MaxResults                                       int
	Filter                                           struct{ Status string }
}

// identityCenter answers for sso-admin.
func (c *request) identityCenter(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	var in centerInput
	if err := json.Unmarshal(c.body, &in); err != nil || no != fine || s == nil {
		c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
		return
	}
	account := in.TargetId + in.AccountId
	for _, resource := range []string{in.InstanceArn, in.PermissionSetArn, "arn:aws:sso:::account/" + account} {
		if resource != "" && (account != "" || !strings.HasPrefix(resource, "arn:aws:sso:::account/")) && !c.may(s, "sso:"+c.action, resource, nil) {
			c.fail(w, refusal{http.StatusBadRequest, "AccessDeniedException"})
			return
		}
	}
	center := &c.d.center
	center.pass()
	switch c.action {
	case "CreateAccountAssignment", "DeleteAccountAssignment":
		c.changeAssignment(w, in)
	case "ListAccountAssignments":
		c.listAssignments(w, in)
	case "DescribePermissionSet":
		found, ok := center.sets[in.PermissionSetArn]
		if !ok {
			c.fail(w, refusal{http.StatusBadRequest, "ResourceNotFoundException"})
			return
		}
		c.object(w, map[string]any{"PermissionSet": map[string]string{"Name": found.name, "SessionDuration": found.session, "PermissionSetArn": in.PermissionSetArn}})
	case "ListAccountAssignmentCreationStatus", "ListAccountAssignmentDeletionStatus":
		list := []map[string]string{}
		for _, work := range center.works {
			if work.delete == strings.Contains(c.action, "Deletion") && (in.Filter.Status == "" || in.Filter.Status == work.status()) {
				list = append(list, map[string]string{"RequestId": work.id, "Status": work.status()})
			}
		}
		name := "AccountAssignmentsCreationStatus"
		if strings.Contains(c.action, "Deletion") {
			name = "AccountAssignmentsDeletionStatus"
		}
		c.object(w, map[string]any{name: list})
	default:
		c.describeWork(w, in)
	}
}

// changeAssignment takes a request to make or delete one.
func (c *request) changeAssignment(w http.ResponseWriter, in centerInput) {
	center := &c.d.center
	of := Assigned{in.TargetId, in.PermissionSetArn, in.PrincipalId, in.PrincipalType == "GROUP"}
	deletes := c.action == "DeleteAccountAssignment"
	_, known := center.sets[of.Set]
	switch {
	case in.TargetType != "AWS_ACCOUNT" || of.Account == "" || of.Principal == "":
		c.fail(w, refusal{http.StatusBadRequest, "ValidationException"})
		return
	case slices.ContainsFunc(center.works, func(w *centerWork) bool { return w.of == of && w.left > 0 }):
		c.fail(w, refusal{http.StatusBadRequest, "ConflictException"})
		return
	case !known, deletes && !slices.Contains(center.assigned, of):
		c.fail(w, refusal{http.StatusBadRequest, "ResourceNotFoundException"})
		return
	}
	work := &centerWork{id: c.d.next("work-"), delete: deletes, of: of, left: center.steps, unseen: center.late}
	if len(center.failures) > 0 {
		work.failed, center.failures = center.failures[0], center.failures[1:]
	}
	center.works = append(center.works, work)
	if work.left == 0 {
		work.left = 1
		center.pass()
	}
	c.object(w, map[string]any{c.statusName(): c.work(work)})
}

func (c *request) statusName() string {
	if strings.Contains(c.action, "Delet") {
		return "AccountAssignmentDeletionStatus"
	}
	return "AccountAssignmentCreationStatus"
}

func (c *request) work(w *centerWork) map[string]string {
	status := map[string]string{
		"RequestId": w.id, "Status": w.status(), "TargetId": w.of.Account, "TargetType": "AWS_ACCOUNT", "PermissionSetArn": w.of.Set,
		"PrincipalId": w.of.Principal, "PrincipalType": "USER",
	}
	if w.status() == "FAILED" {
		status["FailureReason"] = w.failed
	}
	return status
}

func (c *request) describeWork(w http.ResponseWriter, in centerInput) {
	for _, work := range c.d.center.works {
		if work.delete && work.id == in.AccountAssignmentDeletionRequestId || !work.delete && work.id == in.AccountAssignmentCreationRequestId {
			c.object(w, map[string]any{c.statusName(): c.work(work)})
			return
		}
	}
	c.fail(w, refusal{http.StatusBadRequest, "ResourceNotFoundException"})
}

// listAssignments gives a page.
func (c *request) listAssignments(w http.ResponseWriter, in centerInput) {
	from := 0
	if in.NextToken != "" {
		if _, err := fmt.Sscan(in.NextToken, &from); err != nil {
			c.fail(w, refusal{http.StatusBadRequest, "ValidationException"})
			return
		}
	}
	list, out := []map[string]string{}, map[string]any{}
	for i, a := range c.d.center.listed {
		if i < from || a.Account != in.AccountId || a.Set != in.PermissionSetArn {
			continue
		}
		if len(list) == page {
			out["NextToken"] = fmt.Sprint(i)
			break
		}
		kind := "USER"
		if a.Group {
			kind = "GROUP"
		}
		list = append(list, map[string]string{"AccountId": a.Account, "PermissionSetArn": a.Set, "PrincipalId": a.Principal, "PrincipalType": kind})
	}
	out["AccountAssignments"] = list
	c.object(w, out)
}
