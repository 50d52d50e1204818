// Package openapi writes an OpenAPI 3.1 document: its parts as Go types, and
// the schemas of Go types, worked out by reflection as package json writes and
// reads them.
//
// It is not for what a program answers: it knows no route and no type of ours.
// Whoever describes an API hands over both.
//
// The invariant: a schema is of the type that is really sent or read, and of
// nothing that somebody remembered of it. What reflection cannot see (bounds,
// patterns, types that write themselves) is given beside it, and something given
// for a member that there is not is a fault.
//
// Read document.go first, then schema.go.
package openapi
