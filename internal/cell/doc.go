// Package cell is the law: one world, one way to decide, one way to apply.
//
// Decide takes the world, a command and what was observed, and gives events or
// a refusal. Apply takes events and moves the world on. Step does both and
// writes the entry; Replay does the same from recorded entries and demands the
// same bytes, so that verification is re-execution.
//
// It is not for signatures (authn checks them and says whose key it was), nor
// for storing (store) or doing (scheduler, providers). It has no clock, no
// randomness and no I/O.
//
// The invariant: nothing changes a world but Apply, Apply gets only events that
// Decide gave, and Decide reads only the world and its arguments.
//
// Read world.go, then decide.go; testdata/matrix.txt shows every state against
// every command.
package cell
