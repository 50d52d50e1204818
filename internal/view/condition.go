package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/policy"
)

// policyWords are the guard rails of the cell and the conditions of a scenario,
// rule by rule, in the words of their authors.
func (s *state) policyWords(of *access.Scenario) []string {
	var words []string
	say := func(kind, id string) {
		file := s.Policies[id]
		if file == nil {
			words = append(words, fmt.Sprintf("The %s %s holds; what it says is not known here.", kind, id))
			return
		}
		for _, rule := range file.Rules {
			words = append(words, ruleWords(kind, id, rule))
		}
	}
	for _, id := range s.Genesis.GuardRails {
		say("guard rail", id)
	}
	for _, ref := range of.Conditions {
		if !slices.Contains(s.Genesis.GuardRails, ref.ID) {
			say("condition", ref.ID)
		}
	}
	return words
}

// ruleWords is one rule: what it is about, and what whoever it refuses is told.
func ruleWords(kind, id string, rule policy.Rule) string {
	text := fmt.Sprintf("The %s %s can say no: %s", kind, id, sentence(rule.Title))
	if rule.Title != rule.Reason {
		text += " Whoever it refuses is told: " + sentence(rule.Reason)
	}
	return text
}

// sentence ends a text as one.
func sentence(text string) string {
	if strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// ReadPolicies reads the policies that a document names, by id. Read must give what
// has the digest, and nothing else.
func ReadPolicies(g *cell.Genesis, read func(canon.Digest) ([]byte, error)) (map[string]*policy.File, error) {
	policies := map[string]*policy.File{}
	for _, ref := range g.Policies {
		data, err := read(ref.Digest)
		if err != nil {
			return nil, err
		}
		if policies[ref.ID], err = policy.Decode(data); err != nil {
			return nil, fmt.Errorf("policy %s: %w", ref.ID, err)
		}
	}
	return policies, nil
}
