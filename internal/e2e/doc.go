// Package e2e holds the tests that start the real binaries: the stories of
// testdata, and the commands that the documentation tells people to type.
//
// It is not for rules, formats or single rooms, which have tests of their own;
// what can be shown without a process is not shown here. It has no code outside
// of its tests.
//
// The invariant: nothing is played with a stand-in for a program of ours, and a
// case that finds nothing to do fails.
//
// Read story_test.go first; docs_test.go for the documentation.
package e2e
