// Command peers runs other people's programs of the same kind as parts of
// Halligan, for comparison. It is a module of its own, so that none of what it
// needs is anywhere near the product.
//
// It is not for tests: nothing that Halligan promises rests on a peer.
//
// The invariant: it speaks the language of the bench's own children, a line in
// for a turn and a line out for its outcome, so that both sides are driven alike.
//
// Read main.go first.
package main
