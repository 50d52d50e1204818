// Package access is what emergency access is made of: scenarios, quorums,
// requests, decisions, grants, leases, the certificate that a lease may give,
// and the rules that each keeps by itself.
//
// It is not for who people are (roster) nor for putting the parts together
// (cell): here a rule is told the facts it needs and answers.
//
// The invariant: nothing here ever makes more of what was asked. A grant is the
// narrowest of the request, the scenario's terms and every approval; a lease is
// closed only by the proofs that Lease.Proved demands.
//
// Read request.go first.
package access
