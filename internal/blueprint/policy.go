package blueprint

import (
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/canon"
)

// policyVersion is the version of the policy language.
const policyVersion = "2012-10-17"

// policy is an IAM policy document, of an identity, of a role's trust, or of an
// organisation.
type policy struct {
	Statement []statement `json:"Statement"`
	Version   string      `json:"Version"`
}

type statement struct {
	Action      words     `json:"Action,omitempty"`
	Condition   condition `json:"Condition,omitempty"`
	Effect      string    `json:"Effect"`
	NotAction   words     `json:"NotAction,omitempty"`
	NotResource words     `json:"NotResource,omitempty"`
	Principal   principal `json:"Principal,omitempty"`
	Resource    words     `json:"Resource,omitempty"`
	Sid         string    `json:"Sid,omitempty"`
}

// condition is operator, key, values.
type condition map[string]map[string]words

// principal is a kind, and who.
type principal map[string]words

const (
	allow = "Allow"
	deny  = "Deny"
)

// words is one word or a list of them, as IAM writes it.
type words []string

// MarshalJSON writes one word as a word.
func (w words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return canon.Encode(w[0])
	}
	return canon.Encode([]string(w))
}

// document is the canonical JSON of a policy.
func document(statements ...statement) []byte {
	return canon.MustEncode(policy{Statement: statements, Version: policyVersion})
}

// sorted gives the words in order, each once.
func sorted(all []string) words { return slices.Compact(slices.Sorted(slices.Values(all))) }

// each is what a function makes of every word.
func each(all []string, of func(string) string) []string {
	made := make([]string, 0, len(all))
	for _, one := range all {
		made = append(made, of(one))
	}
	return made
}

func digits(n int) string { return strconv.Itoa(n) }
