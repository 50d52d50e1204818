// Package totptest is an app that makes codes, for tests: made of the standard
// library alone, and of nothing that checks codes.
//
// Read phone.go.
package totptest
