// Package brokertest runs a broker on a real store for tests, with people whose
// keys follow from their names and who really sign.
//
// It is not for the product; only tests import it.
//
// The invariant: what a Cell answers went through the same broker, signatures
// and store as the product's.
//
// Read cell.go first.
package brokertest
