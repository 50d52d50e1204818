// Package celltest makes cells and signed commands for tests: a genesis with
// people whose keys follow from their names, and a driver that fills in
// whatever a test does not care about.
//
// It is not for the product; only tests import it. It checks no signature: the
// commands it makes say whose key signed, as if that had been checked.
//
// The invariant: two runs make the same bytes.
//
// Read cell.go first.
package celltest
