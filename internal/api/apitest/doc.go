// Package apitest holds what the API answers to what its document says: status,
// media type, headers, every member of the body. Tests of the API, and those of
// the whole program, look at each answer with it.
//
// It is not for what is right: the document is made from the same table as the
// routes, and a fault in both is none here.
//
// The invariant: what the document does not name is an error, members of answers
// included, although the document lets clients meet more than it names.
//
// Read contract.go.
package apitest
