// Package policy asks Cedar policies whether a person may do something now: the
// conditions of a scenario, and the guard rails of a cell. It reads policies
// strictly, checks them against the one schema that there is, and says no in the
// words that their authors wrote.
//
// It is not for who may ask or agree (access, cell): a policy permits nothing.
// Every rule in one is a forbid, so that whoever adds a rule or a file takes
// away, and nothing that is written in one overrides another.
//
// The invariant: what cannot be judged is refused. A policy that cannot be
// evaluated, a fact that is not known and an attribute that is not there all say
// no, and say so.
//
// Read schema.cedarschema first, then decide.go.
package policy
