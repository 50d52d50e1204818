// Package exec opens and closes targets by programs of the operator's: one
// process for each call, a document on its stdin, a document from its stdout.
//
// It is not for what an answer proves (access and cell), nor for which program
// stands behind an id (server.yaml).
//
// The invariant: nothing of a scenario reaches an argument list, an environment
// or a path. A program gets ids and checked names, never a secret; of what it
// answers only the members of the document count, within limits of time and
// length; what it writes to stderr goes nowhere. A call that gave no whole
// answer gave none.
//
// Read exec.go first, then document.go; docs/reference/exec-provider.md is for
// those who write programs.
package exec
