// Package roster is who people are: persons, their keys and how strong these
// are, groups, and what a removal or a suspension does.
//
// It is not for what people may do in a request (access) nor for how a removal
// or a suspension is agreed (cell).
//
// The invariant: one human is one person. An id and a key belong to exactly one
// person for ever, and what was removed never counts again. An identity at a
// provider is one present person's.
//
// Read roster.go first.
package roster
