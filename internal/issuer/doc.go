// Package issuer holds the keys that targets trust and signs with them: an SSH
// certificate authority, and an issuer of OpenID Connect tokens, whose two
// documents it writes and looks at from outside.
//
// It is for turning the exact to-be-signed bytes of a certificate or of a token
// into one. It is not for choosing what they say: the caller builds those bytes so
// that anybody can rebuild them from the ledger, and this package signs them as
// they are or refuses. It knows no grants and keeps no state. Only tokens ask a
// clock: not everybody who reads one asks when it begins.
//
// Invariant: no byte string is signed unless it parses, completely and in its
// one encoding, as an OpenSSH user certificate over an Ed25519 key that names
// this authority, a key id, a serial and at least one principal, and that lives
// for at most [MaxLife]. A caller that is wrong or taken over can thus be given
// a short certificate, never a host certificate, one for everybody, one for
// ever, or a signature that means something elsewhere. No claims are signed
// unless they are, completely and in their one encoding, a token for the one
// audience, with a subject of the one cell, that is over within [MaxTokenLife].
//
// Keys are written as OpenSSH private keys, those of tokens as PKCS #8, without a
// passphrase; whoever stores them encrypts them (package seal).
//
// Read first: certificate.go, and claims.go for tokens.
package issuer
