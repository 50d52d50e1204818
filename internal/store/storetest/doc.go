// Package storetest holds a store to what broker.Store and broker.Reader owe:
// Exercise is the suite that every store runs, Verify judges what a store holds
// after a crash, and Faulty makes appends fail, for the tests of those who use a
// store.
//
// It is not for what only one kind of store can show, such as a power cut: that
// is tested beside the store.
//
// The invariant: nothing here asks for more than the contract says, so that a
// store which passes is one that the broker can stand on.
//
// Read exercise.go first.
package storetest
