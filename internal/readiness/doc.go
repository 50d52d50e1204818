// Package readiness says whether each scenario could be used right now: green where
// somebody looked and found it so, amber and red with the command that mends it, and
// "not looked" where nobody could look, which is never green.
//
// It is a pure rule: facts in, items out. It is not for finding facts (whoever calls
// brings them), nor for what has gone wrong already (view.Findings, which are among the
// facts).
//
// The invariant: no item is green without a fact that says so, and a report is green
// only if all its items are.
//
// Read rule.go.
package readiness
