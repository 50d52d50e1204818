// Package verify re-executes a ledger. It reads evidence that it does not trust,
// ties every byte of it to a checkpoint that a pinned key signed, checks every
// signature, replays every entry through the rules of package cell and demands
// the same bytes, and says for each grant what that rests on: signatures,
// recomputation, witnesses, or the server's word.
//
// It is not for repairing anything, nor for the state that a server keeps beside
// its ledger (fsck is), and it decides nothing: the rules are cell's.
//
// The invariant: a report says "verified" only if an anchor was given by the
// reader and every check of the table in fault.go that evidence of its scope
// allows was made and passed. What could not be checked is listed in the report,
// never left out. Evidence supplies no part of the anchor; without one the
// verdict is "self-consistent", which is not success.
//
// Read log.go first, then fault.go.
package verify
