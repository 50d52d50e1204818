package access

import (
	"slices"
	"strings"
)

// Exec is what a program of the cell opens and closes again, such as a
// membership in a group.
type Exec struct {
	Name       string            `json:"name"`    // target name, unique in the scenario
	Program    string            `json:"program"` // id of a program of the cell
	Parameters map[string]string `json:"parameters,omitempty"`
}

// ParameterLongest is the length in bytes of the longest value of a parameter.
const ParameterLongest = 128

// PlainName tells whether a value is a name and nothing else: it can be taken
// neither for an option nor for a path, a list or a pattern, whatever a program
// does with it.
func PlainName(value string) bool {
	if value == "" || len(value) > ParameterLongest || strings.Contains(value, "..") {
		return false
	}
	for i, c := range []byte(value) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && strings.IndexByte("._@-", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// Opening finds what the scenario opens under a target name, whatever it is.
func (s *Scenario) Opening(name string) (Open, bool) {
	for _, open := range s.Opens {
		if open.Name() == name {
			return open, true
		}
	}
	return Open{}, false
}

// Exec finds what a program opens under a target name.
func (s *Scenario) Exec(name string) (*Exec, bool) {
	for _, open := range s.Opens {
		if open.Exec != nil && open.Exec.Name == name {
			return open.Exec, true
		}
	}
	return nil, false
}

// Listing is what a target's own list says of a lease.
type Listing string

// The listings. A list that could not be had, or that may not be whole, is none.
const (
	ListedGone   Listing = "gone"   // the list is whole, and the lease is not on it
	ListedStands Listing = "stands" // the lease is on it
)

// Driven tells whether something else opens and closes the lease by itself: a program,
// or an execution of Systems Manager.
func (l *Lease) Driven() bool { return l.Program != "" || l.Automation != "" }

// Driver names what opens and closes such a lease, as it stands in Proof.By.
func (l *Lease) Driver() string {
	if l.Automation != "" {
		return ByAWS + l.Automation
	}
	return l.Program
}

// provedByProgram tells whether a lease that a program, or an execution, opened is
// proved dead. Either opens by itself, so that neither a credential that was never issued
// nor one that is over says anything: each kind of proof that it can
// give must be there. One that can give none leaves it to people.
func (l *Lease) provedByProgram() bool {
	return len(l.Needs) > 0 && !slices.ContainsFunc(l.Needs, func(kind ProofKind) bool { return !l.Has(kind) })
}
