// Package certificate is what the server shows to whoever connects: the
// certificate of a local authority, which it renews, or files that it was given,
// which it reads again when they change.
//
// It is not for deciding who may connect. Client profiles and hosts pin the
// server's key and look at no certificate; browsers look at the certificate
// alone. Both are served over one key.
//
// The invariant: the key that is shown never changes while the server runs, and
// whatever new files say, a certificate that works is never given up for one that
// does not.
//
// Read authority.go, then shown.go.
package certificate
