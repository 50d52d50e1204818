// Package ssh opens SSH hosts by certificate and proves that they are shut.
//
// Trust is set up on a calm day: hosts know the CA, pull the revocation list,
// and run halligan-host. Opening therefore writes nothing at a host; closing is
// the revocation list's work; what is left to do here is to probe.
//
// It is not for minting the responder's certificates (broker) nor for sessions
// that are already running (cmd/halligan-host).
//
// The invariant: a twin bears the key id, principals and end of its lease, so
// that whatever shuts out the one shuts out the other, and can do nothing: it
// is forced to run true, and its key lives for one round.
//
// Read probe.go first.
package ssh
