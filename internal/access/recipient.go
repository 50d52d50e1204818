package access

import "github.com/halligan-dev/halligan/internal/canon"

// Recipient is whom a credential is sealed to: the keys that a request named, of a
// machine or of a browser; and what it answers.
type Recipient struct {
	X25519  canon.Key32   // of a machine
	P256    canon.KeyP256 // of a browser, in its place
	Holder  canon.Key32   // Ed25519 key beside either
	Request canon.Digest
	Fetch   canon.Digest // the statement
}

// InBrowser tells whether keys that a browser made suffice for what is opened: nothing
// of it is fetched, or a link to a console may be.
func (o *Open) InBrowser() bool {
	return o.Exec != nil || o.Automation != nil || o.IdentityCenter != nil || o.AWS != nil && o.AWS.Console
}
