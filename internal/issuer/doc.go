// Package issuer holds the keys that targets trust and signs with them. Today
// that is one SSH certificate authority.
//
// It is for turning the exact to-be-signed bytes of a certificate into a
// certificate. It is not for choosing what a certificate says: the caller
// builds those bytes so that anybody can rebuild them from the ledger, and this
// package signs them as they are or refuses. It knows no grants, keeps no state
// and asks no clock.
//
// Invariant: no byte string is signed unless it parses, completely and in its
// one encoding, as an OpenSSH user certificate over an Ed25519 key that names
// this authority, a key id, a serial and at least one principal, and that lives
// for at most [MaxLife]. A caller that is wrong or taken over can thus be given
// a short certificate, never a host certificate, one for everybody, one for
// ever, or a signature that means something elsewhere.
//
// Keys are written as OpenSSH private keys without a passphrase; whoever stores
// them encrypts them (package seal).
//
// Read first: certificate.go.
package issuer
