// Package archtest holds the house's plan as tests: which room exists, who may
// import whom, what a pure room may touch, how large a file or function grows.
//
// It is not for taste (gofmt, vet and staticcheck have that) and not for
// behaviour: it reads source, it runs nothing of ours. It has no code outside
// its tests.
//
// Invariant: the table in rooms_test.go is the truth about the tree. A room
// that the table lacks, an import that it does not allow, a planned room that
// was built, a permission or exception that nothing needs any more: each fails.
// Each checker is shown a bad fixture and must refuse it.
//
// Read rooms_test.go first.
package archtest
