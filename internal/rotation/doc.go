// Package rotation changes what lies in an envelope where it counts, in AWS: the
// access key or console password of an IAM user, or the value of a secret of Secrets
// Manager. It does so in two phases: what is new is sealed for its custodians before
// it is worth anything, and what is old dies only when as many custodians as open the
// new have shown that they can.
//
// It is not for who may rotate (cell), for how a secret is sealed (seal), nor for
// signing: those are behind Custody. No server runs it: whoever rotates does, with
// their own credentials of AWS.
//
// The invariant: wherever a process ends, running it again ends with exactly one
// working credential, which is sealed, and with none of ours left behind. What is
// written down on the way holds no secret.
//
// Read rotation.go first, then key.go.
package rotation
