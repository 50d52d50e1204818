// Package cli is the command line that people use: one file for each command,
// named after it. A command reads what somebody wants, shows in plain words what
// is about to be signed, signs it with that person's own key, and says truthfully
// what became of it.
//
// It is not for rules, which are cell's, nor for speaking HTTP, which is the
// client's. It decides nothing and stores nothing but what a person asked it to
// write.
//
// The invariant: nothing is signed that this machine did not work out itself.
// What an approver is shown comes from the bytes of statements and from a replay
// of the ledger's own rules, from the anchor in the person's profile; where the
// evidence does not verify there is no signature, and no flag that forces one.
// What reaches a terminal shows every character that it holds.
//
// Read cli.go first, then approve.go.
package cli
