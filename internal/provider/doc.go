// Package provider is what every way of opening a target owes: open, close and
// probe, idempotent by lease.
//
// It is not for when that is done (scheduler), nor for what an answer means
// (access.Lease says what proves a death).
//
// The invariant: an answer is what the target itself said. Whatever is not a
// clear answer is access.Unreachable, and unreachable proves nothing.
//
// Read provider.go first.
package provider
