// Package aws opens roles of AWS accounts by web identity tokens that we sign, and
// shuts them again by their stop slots.
//
// Trust is set up on a calm day: accounts know our issuers, and each emergency role
// has its stop slots. In an emergency only STS is needed. A session is 15 minutes;
// its policy holds its end. Closing attaches the managed policy of the lease's slot
// to the role, by a role that can do nothing else.
//
// It is not for what a session may be (access.Session: built from the ledger, and
// rebuilt by whoever verifies), nor for what an answer proves (access.Lease).
//
// The invariant: a token is the whole role for as long as it lives. It is signed,
// used and forgotten here; it is in no answer, log or error, and neither is anything
// that AWS said but the name of its error. What AWS gave is handed on sealed to one
// key, and only if it is the session that was asked for.
//
// Read aws.go first, then assume.go; probe.go says what is taken for an answer.
package aws
