package access

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Automation is a document of Systems Manager Automation that opens something in an
// AWS account, waits, and closes it whichever way it ends. Each lease is one execution
// of it. Nothing is fetched.
type Automation struct {
	Name       string            `json:"name"`     // target name, unique in the scenario
	Account    string            `json:"account"`  // id of an account of the cell, which owns the document
	Region     string            `json:"region"`   // where the document is
	Document   string            `json:"document"` // its name there
	Version    int64             `json:"version"`  // of the document: no other is started
	Digest     canon.Digest      `json:"digest"`   // SHA-256 of the content of that version, as Systems Manager gives it
	Role       string            `json:"role"`     // name of the role that the document acts as
	Parameters map[string]string `json:"parameters,omitempty"`
	Tells      map[string]string `json:"tells,omitempty"` // further parameters, each with one of AutomationFacts
	Opens      string            `json:"opens"`           // the step whose success is that it is open
	Closes     string            `json:"closes"`          // the step whose success is that it is closed
	Group      string            `json:"group,omitempty"` // of IAM: the document is the blueprint's, and puts the requester's user into it
	Allows     string            `json:"allows"`          // in plain words: what it opens
}

// AutomationFacts are what an execution may be told of its grant. Each stays the same
// while the grant lives: a start that is tried again must ask for the same.
var AutomationFacts = []string{FactPerson, FactRequest, FactUntil}

// The facts: who asked, the short id of the request, and when the execution must end by
// itself, as 2026-01-02T15:04:05Z: a minute after the grant, whose end cancels it.
const (
	FactPerson  = "person"
	FactRequest = "request"
	FactUntil   = "until"
)

// TroubleChanged is the trouble of a lease whose document is not the one that was signed.
const TroubleChanged = "changed"

// TroubleWaits is the trouble of a lease whose execution waits for the end of another
// that opened the same.
const TroubleWaits = "waits"

// Limits of documents, from the documentation of Systems Manager of November 2026, but
// for the values, which it lets be longer.
const (
	AutomationParametersMost = 20
	AutomationValueLongest   = 512
)

// Automation finds the document that the scenario runs under a target name.
func (s *Scenario) Automation(name string) (*Automation, bool) {
	for _, open := range s.Opens {
		if open.Automation != nil && open.Automation.Name == name {
			return open.Automation, true
		}
	}
	return nil, false
}

// MemberOf completes the document that a blueprint makes for a group of IAM.
func (t *Automation) MemberOf() {
	t.Document, t.Role, t.Opens, t.Closes = "Halligan-member-"+t.Group, "halligan-member-"+t.Group, "Open", "Close"
	t.Parameters = nil
	t.Tells = map[string]string{"Person": FactPerson, "Request": FactRequest, "Until": FactUntil}
}

// IsDocument tells whether a text is the name of a document that an account can make:
// 3 to 128 of letters, digits and _.-, not beginning as AWS's own do.
func IsDocument(text string) bool {
	lower := strings.ToLower(text)
	return len(text) >= 3 && len(text) <= 128 && canon.MadeOf(text, canon.Alnum+"_.-") && !strings.HasPrefix(lower, "aws") && !strings.HasPrefix(lower, "amazon")
}

// IsStep tells whether a text is the name of a step, or of a parameter, of a document.
func IsStep(text string) bool {
	return text != "" && len(text) <= 128 && !canon.MadeOf(text[:1], "0123456789_") && canon.MadeOf(text, canon.Alnum+"_")
}

// IsGroup tells whether a text is the name of a group of IAM for which a blueprint can
// make a document and a role.
func IsGroup(text string) bool {
	return IsRoleName("halligan-member-"+text) && canon.MadeOf(text, canon.Alnum+"_.-") && text != ""
}

// Check refuses what could not be started as it is written, or would start something
// else. Its errors begin with the member at fault.
func (t *Automation) Check() error {
	if err := canon.CheckID(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	switch {
	case !IsRegion(t.Region):
		return fmt.Errorf("region: %q is not a region such as eu-west-1", t.Region)
	case !IsDocument(t.Document):
		return fmt.Errorf("document: %q is not a document's name (3 to 128 letters, digits and _.-, not beginning with aws or amazon)", t.Document)
	case t.Version < 1:
		return fmt.Errorf("version: must be the number of one version, 1 and up, is %d", t.Version)
	case !IsStep(t.Opens):
		return fmt.Errorf("opens: %q is not the name of a step", t.Opens)
	case !IsStep(t.Closes) || t.Closes == t.Opens:
		return fmt.Errorf("closes: %q is not the name of another step", t.Closes)
	case t.Allows == "":
		return errors.New("allows: must say in plain words what the document opens")
	case len(t.Parameters)+len(t.Tells) > AutomationParametersMost:
		return fmt.Errorf("parameters: at most %d, those of tells among them", AutomationParametersMost)
	}
	for name, value := range t.Parameters {
		if !IsStep(name) || !IsValue(value) {
			return fmt.Errorf("parameters: %q must be a parameter's name, and its value 1 to %d characters on one line, without {{", name, AutomationValueLongest)
		}
	}
	for name, fact := range t.Tells {
		if _, twice := t.Parameters[name]; twice || !IsStep(name) || !slices.Contains(AutomationFacts, fact) {
			return fmt.Errorf("tells: %q must be a parameter's name, not one of parameters, and told one of %v", name, AutomationFacts)
		}
	}
	if t.Group == "" {
		return checkRole(t.Role)
	}
	made := *t
	if made.MemberOf(); !IsGroup(t.Group) || !bytes.Equal(canon.MustEncode(made), canon.MustEncode(t)) {
		return fmt.Errorf("group: %q is not a group's name, or the document is not the one that a blueprint makes for it", t.Group)
	}
	return nil
}

// Same tells whether executions of two documents, each for a person, open the same thing,
// so that the end of either takes it away: the same group, or the same document with the
// same parameters. Where both are told who asked, two people's are two things.
func (t *Automation) Same(person string, other *Automation, of string) bool {
	return t.Account == other.Account && t.Document == other.Document && (t.Region == other.Region || t.Group != "") &&
		maps.Equal(t.Parameters, other.Parameters) && (person == of || !t.personal() || !other.personal())
}

func (t *Automation) personal() bool {
	return slices.Contains(slices.Collect(maps.Values(t.Tells)), FactPerson)
}

// IsValue tells whether a text is the value of a parameter, and no reference to
// another: those are resolved in values, too.
func IsValue(text string) bool {
	return text != "" && len(text) <= AutomationValueLongest && !strings.Contains(text, "{{") && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
