// Package jwe seals a credential to a key that a browser made, in a form that its
// WebCrypto opens: a JWE (RFC 7516), compact, by ECDH-ES on P-256 and A256GCM
// (RFC 7518). Browsers have no ChaCha20-Poly1305, which age needs.
//
// It is not for machines, to which package seal writes age files, nor for who may
// fetch what (cell). Nothing here opens: only browsers do (web's sealed.js).
//
// The invariant: what a text is the answer to stands in its protected header, so that
// whoever opens it for something else is told.
//
// Read jwe.go.
package jwe
