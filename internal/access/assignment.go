package access

import (
	"errors"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// IdentityCenter is a permission set of an AWS account, which the requester's own
// user of IAM Identity Center has while the lease lives. Nothing is fetched: people
// sign in at the access portal as themselves.
type IdentityCenter struct {
	Name    string        `json:"name"`           // target name, unique in the scenario
	Account string        `json:"account"`        // id of an account of the cell
	Set     string        `json:"permission_set"` // its name, as the portal shows it
	ARN     string        `json:"arn"`            // of the permission set
	Session canon.Seconds `json:"session"`        // the longest session of the set: one goes on when the assignment is gone
	Allows  string        `json:"allows"`         // in plain words: what the permission set may do
}

// Limits of IAM Identity Center, from its documentation of November 2026.
const (
	SetNameLongest = 32
	SetSessionLeast,
	SetSessionMost = canon.Seconds(3600), canon.Seconds(12 * 3600)
)

// AssignmentSettles is how long after an assignment is listed no more a session of
// it may still begin: how fast the portal learns of it no document says.
const AssignmentSettles = canon.Seconds(300)

// TroubleStands is the trouble of a lease whose assignment stood before: it is not
// ours to give, and not to take.
const TroubleStands = "stands"

// ByCenter stands in Proof.By of what IAM Identity Center showed.
const ByCenter = "identity-center"

// Assignment is an account assignment of IAM Identity Center: who has which
// permission set where. One of User and Group is set; a lease's has a user.
type Assignment struct {
	Account string `json:"account"` // twelve digits
	Set     string `json:"set"`     // ARN of the permission set
	User    string `json:"user,omitempty"`
	Group   string `json:"group,omitempty"`
}

// Who is the id of the principal, after what it is.
func (a Assignment) Who() string {
	if a.User == "" {
		return "group " + a.Group
	}
	return "user " + a.User
}

// Compare orders assignments.
func (a Assignment) Compare(b Assignment) int {
	if order := strings.Compare(a.Account+a.Set, b.Account+b.Set); order != 0 {
		return order
	}
	return strings.Compare(a.Who(), b.Who())
}

// IdentityCenter finds the permission set that the scenario opens under a target
// name.
func (s *Scenario) IdentityCenter(name string) (*IdentityCenter, bool) {
	for _, open := range s.Opens {
		if open.IdentityCenter != nil && open.IdentityCenter.Name == name {
			return open.IdentityCenter, true
		}
	}
	return nil, false
}

// IsSetName tells whether a text is the name of a permission set: 1 to 32 of
// letters, digits and +=,.@_-.
func IsSetName(text string) bool {
	return text != "" && len(text) <= SetNameLongest && canon.MadeOf(text, canon.Alnum+"+=,.@_-")
}

// SetOf gives the partition and the instance of the ARN of a permission set; false
// if it is none.
func SetOf(arn string) (partition, instance string, ok bool) {
	partition, path, ok := ssoARN(arn)
	kind, rest, _ := strings.Cut(path, "/")
	instance, set, _ := strings.Cut(rest, "/")
	return partition, instance, ok && kind == "permissionSet" && isInstance(instance) && idAfter(set, "ps-")
}

// InstanceOf gives the partition and the id of the ARN of an instance of IAM
// Identity Center; false if it is none.
func InstanceOf(arn string) (partition, instance string, ok bool) {
	partition, path, ok := ssoARN(arn)
	kind, instance, _ := strings.Cut(path, "/")
	return partition, instance, ok && kind == "instance" && isInstance(instance)
}

func ssoARN(arn string) (partition, path string, ok bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sso" || parts[3] != "" || parts[4] != "" {
		return "", "", false
	}
	return parts[1], parts[5], true
}

func isInstance(id string) bool { return idAfter(id, "ssoins-") || idAfter(id, "ins-") }

// idAfter tells whether a text is a prefix and sixteen letters, digits, points and
// hyphens.
func idAfter(text, prefix string) bool {
	id, ok := strings.CutPrefix(text, prefix)
	return ok && len(id) == 16 && canon.MadeOf(id, canon.Alnum+"-.")
}

// IsCenterID tells whether a text is the id of a user of an identity store, in
// lower case so that nobody has two: a UUID, or one after ten digits and a hyphen.
func IsCenterID(text string) bool {
	const hexadecimal = "0123456789abcdef"
	if len(text) == 47 && text[10] == '-' && canon.MadeOf(text[:10], hexadecimal) {
		text = text[11:]
	}
	parts := strings.Split(text, "-")
	if len(parts) != 5 {
		return false
	}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if len(parts[i]) != n || !canon.MadeOf(parts[i], hexadecimal) {
			return false
		}
	}
	return true
}

// PolicyOf gives the partition, the account and the id of the ARN of a service control
// policy; false if it is none.
func PolicyOf(arn string) (partition, account, id string, ok bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "organizations" || parts[3] != "" || !IsAccountNumber(parts[4]) {
		return "", "", "", false
	}
	path := strings.Split(parts[5], "/")
	ok = len(path) == 4 && path[0] == "policy" && len(path[1]) >= 12 && len(path[1]) <= 34 && strings.HasPrefix(path[1], "o-") && canon.MadeOf(path[1][2:], canon.Lower) &&
		path[2] == "service_control_policy" && len(path[3]) >= 10 && len(path[3]) <= 130 && strings.HasPrefix(path[3], "p-") && canon.MadeOf(path[3][2:], canon.Alnum+"_")
	if !ok {
		return "", "", "", false
	}
	return parts[1], parts[4], path[3], true
}

// Denial is what the organisation's policy of denials was last seen to do about the
// sessions of a lease's assignment. It proves nothing of their end: nobody can try as
// that user.
type Denial string

// The denials.
const (
	DenialStands Denial = "stands" // it denies them everything, as soon as AWS knows of it everywhere
	DenialOver   Denial = "over"   // it has nothing of them to deny any more
	DenialFull   Denial = "full"   // it has no room for them
	DenialOthers Denial = "others" // somebody else wrote into it, and it is left as it is

	DenialRefused Denial = "refused" // AWS does not let it be read or written
)

// Denials lists them.
var Denials = []Denial{DenialStands, DenialOver, DenialFull, DenialOthers, DenialRefused}

// Deniable tells whether the sessions of a lease's assignment are to be denied at an
// instant: from its end until the last of them is over.
func (l *Lease) Deniable(at canon.Time) bool {
	return l.Assignment != nil && l.Claimed && !l.Held() && l.Denial != DenialOver && (l.Shut.IsZero() || at.Before(l.NotAfter))
}

// Denying tells whether a policy may have something of a lease still.
func (l *Lease) Denying() bool { return l.Denial != "" && l.Denial != DenialOver }

// Check refuses what could not be assigned as it is written, or whose end could
// not be told. Its errors begin with the member at fault.
func (t *IdentityCenter) Check() error {
	if err := canon.CheckID(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if _, _, ok := SetOf(t.ARN); !ok {
		return fmt.Errorf("arn: %q is not the ARN of a permission set", t.ARN)
	}
	switch {
	case !IsSetName(t.Set):
		return fmt.Errorf("permission_set: %q is not a permission set's name (letters, digits, +=,.@_-, at most %d)", t.Set, SetNameLongest)
	case t.Session < SetSessionLeast || t.Session > SetSessionMost:
		return fmt.Errorf("session: %s is not %s to %s", t.Session, SetSessionLeast, SetSessionMost)
	case t.Allows == "":
		return errors.New("allows: must say in plain words what the permission set may do")
	}
	return nil
}

// Accounts tells whether a lease accounts for an assignment that is listed: it
// meant to make it, and either is not over or was called so by a person before the
// assignment was seen gone.
func (l *Lease) Accounts(a Assignment) bool {
	return l.Assignment != nil && *l.Assignment == a && l.Claimed && (l.State != LeaseClosed || l.Owes())
}

// Owes tells whether the assignment of a lease is still to be deleted, also when a
// person has attested the end: that takes nothing away.
func (l *Lease) Owes() bool {
	return l.Assignment != nil && l.Claimed && !l.Held() && l.Shut.IsZero()
}

// Holds tells whether an assignment must stay because of a lease.
func (l *Lease) Holds(a Assignment) bool {
	return l.Assignment != nil && *l.Assignment == a && l.Held()
}

// Outlived is when the last session that an assignment let in is over, if it is
// listed no more at an instant.
func (l *Lease) Outlived(gone canon.Time) canon.Time {
	return gone.Add((l.Session + AssignmentSettles).Duration())
}

// provedByCenter tells whether the lease of an assignment is proved dead. That it
// is listed no more shuts the door, and ends nobody's session: its length does.
func (l *Lease) provedByCenter() bool {
	return l.Has(ProofUnissued) || l.Has(ProofExpired) || l.Has(ProofAttested)
}
