// Package mototest starts moto, a double of AWS that others made, for tests of
// whatever speaks to AWS. It is not for what moto does not look at (tokens, tags,
// source identities, policies, ends): package awstest is.
//
// The invariant: it listens on loopback, and is over when its test is.
//
// Read moto.go.
package mototest
