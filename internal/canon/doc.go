// Package canon is the one encoding: canonical JSON as RFC 8785 has it, and the
// few value types that every format of Halligan shares (a digest, an instant, a
// span of seconds).
//
// It is not for meaning: what a statement, an entry or a scenario says is told
// by their own rooms.
//
// The invariant: a value has exactly one encoding. Decode accepts bytes only if
// encoding what it read gives the same bytes again, so that unknown members,
// duplicate names, trailing data, other spellings of a number and optional
// members written with their empty value are all refused by one rule.
//
// Read canon.go first.
package canon
