// Command bench measures Halligan against its peers and against the limits of
// the machine, turn by turn in one run, and writes the table into
// docs/reference/benchmarks.md.
//
// It is not for tests: no test asserts a time, and `make test` does not run it.
// Peers that would bring dependencies live in a module of their own, peers.
//
// The invariant: a figure that is compared was measured in the same run as what
// it is compared with, both with client and server on this machine; a peer that
// could not be had is named, and the limit that takes its place too.
//
// Read main.go first, then budget.go for what is due.
package main
