// Package seal puts a secret into an envelope that k of n custodians can open
// together, and takes it out again.
//
// A random scalar is shared (Feldman, over Ristretto255); the key that opens the
// content follows from it by HKDF and is an age identity, so that by hand two
// programs suffice: this package's Combine (halligan-kit combine) and age. Each
// share is an age file for its custodian, and is named by a hash and checked
// against the commitments, so that a bad share is told from a good one, and
// whose it is, before it is used.
//
// It is not for who may open what (custody and cell), nor for keeping anything
// (ledger and store). It reads no file and knows no clock.
//
// The invariant: nothing that leaves this package unencrypted is secret but what
// its name says: Share, Secret and the text of a Key.
//
// Read envelope.go first, then seal.go and open.go.
package seal
