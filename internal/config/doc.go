// Package config reads the files that people write: cell.yaml and the
// scenarios, which it compiles to the canonical JSON that founders sign, and
// server.yaml, the settings of one server. It says what is wrong with them, with
// line, column and how to mend it, and holds their JSON Schemas and the files
// that a new cell begins with.
//
// It is not for the rules: cell and access decide what a scenario means. It is
// not for changing a cell that is already sealed.
//
// The invariant: nothing is accepted and then ignored. A key that is not known,
// stands twice, or has no rule in this version is refused; so is every file that
// the cell's own checks would refuse, and Compile gives nothing while Lint has an
// error.
//
// Read lint.go first.
package config
