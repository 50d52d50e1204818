// Package statement is what people sign: the kinds of statement, their strict
// canonical encoding, their digest, and the words that two people can read to
// each other to know that they speak of the same one.
//
// It is not for whether a statement is allowed: who may sign what, and what
// follows, is cell's. It checks no signature (authn does) and knows no clock.
//
// The invariant: bytes that Decode accepts are the only bytes that say what
// they say, and carry exactly the members of their kind. Whoever signed the
// bytes signed everything that the rules will read.
//
// Read statement.go first, then body.go.
package statement
