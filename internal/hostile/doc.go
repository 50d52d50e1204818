// Package hostile is texts that attack whoever reads them (T11), with how each is to
// be shown. The tests of every surface that shows what a person wrote use this one
// table, so that a command line, a page and an alarm show the same.
//
// It is for tests alone, and knows nothing of how a surface does it: what a text is
// shown as is written down here by hand.
//
// Read hostile.go.
package hostile
