// Package custody is what envelopes are: sealings, the custodians who hold their
// shares, the proofs and inspections that keep them believable, and the duty to
// put something fresh in once one was opened or a custodian left.
//
// It is not for cryptography (seal) nor for putting the parts together (cell).
// It tells states from facts and has neither clock nor I/O.
//
// The invariant: an envelope whose shares were given to anybody is not called
// sealed again until another sealing is in force.
//
// Read envelope.go.
package custody
