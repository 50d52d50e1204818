package sshsig

// A Refusal says why bytes are not a signature that this package accepts. It is
// comparable, so errors.Is works with the constants below, and its Reason is
// stable and meant for machines.
type Refusal string

// The refusals. Every error of Verify, Inspect and Normalise wraps exactly one.
const (
	// ErrMalformed: the bytes do not parse as one SSHSIG of version 1, or
	// something follows its end.
	ErrMalformed Refusal = "signature-malformed"
	// ErrNamespace: the signature was made for another purpose.
	ErrNamespace Refusal = "signature-namespace"
	// ErrReserved: the reserved field is not empty.
	ErrReserved Refusal = "signature-reserved"
	// ErrHash: the message hash is not sha512.
	ErrHash Refusal = "signature-hash"
	// ErrFormat: the signature's algorithm does not belong to the key's type.
	ErrFormat Refusal = "signature-format"
	// ErrNotCanonical: the signature may be right but is not in its one form.
	ErrNotCanonical Refusal = "signature-not-canonical"
	// ErrFlags: a security key's flags announce data that is not there, or say
	// that a passkey is backed up that cannot be.
	ErrFlags Refusal = "signature-flags"
	// ErrApplication: a passkey signed outside a browser, or a key made for SSH
	// in one.
	ErrApplication Refusal = "signature-application"
	// ErrExtensions: a passkey's signature brings extensions.
	ErrExtensions Refusal = "signature-extensions"
	// ErrOrigin: the page was none of the passkey's own host, or the client data
	// names another page than the signature.
	ErrOrigin Refusal = "signature-origin"
	// ErrClientData: the client data is too long, or not in the one form in which
	// browsers write it.
	ErrClientData Refusal = "client-data-malformed"
	// ErrCeremony: the client data is of another ceremony, such as the making of
	// a passkey.
	ErrCeremony Refusal = "client-data-type"
	// ErrChallenge: the passkey was asked to sign something else.
	ErrChallenge Refusal = "client-data-challenge"
	// ErrCrossOrigin: the page stood inside another site's.
	ErrCrossOrigin Refusal = "client-data-cross-origin"
	// ErrInvalid: the signature does not belong to this key and message.
	ErrInvalid Refusal = "signature-invalid"
	// ErrKeyMalformed: the public key does not parse, or not in its one form.
	ErrKeyMalformed Refusal = "key-malformed"
	// ErrKeyType: the key's type is not accepted (DSA among others).
	ErrKeyType Refusal = "key-type"
	// ErrKeyCertificate: a certificate was given where a key is expected.
	ErrKeyCertificate Refusal = "key-certificate"
	// ErrKeySize: an RSA key under 3072 or over 8192 bits.
	ErrKeySize Refusal = "key-size"
	// ErrKeyWeak: a key under which one signature fits many messages.
	ErrKeyWeak Refusal = "key-weak"
	// ErrKeyApplication: a security key made for something other than SSH or, on
	// P-256, a host.
	ErrKeyApplication Refusal = "key-application"
)

var sentences = map[Refusal]string{
	ErrMalformed:      "cannot read the SSH signature",
	ErrNamespace:      "signature is for another namespace",
	ErrReserved:       "signature has a reserved field that is not empty",
	ErrHash:           "signature's message hash is not sha512",
	ErrFormat:         "signature algorithm does not belong to the key",
	ErrNotCanonical:   "signature is not in its canonical form",
	ErrFlags:          "security key flags announce data that is not there, or contradict each other",
	ErrApplication:    "signature and key are not of one use: a passkey signs in a browser, a key for ssh elsewhere",
	ErrExtensions:     "passkey signature brings extensions",
	ErrOrigin:         "page that asked for the signature is not one of the passkey's own host",
	ErrClientData:     "client data is not in the form that browsers write",
	ErrCeremony:       "client data is of another ceremony than webauthn.get",
	ErrChallenge:      "passkey signed something else than this statement",
	ErrCrossOrigin:    "page that asked for the signature stood inside another site's page",
	ErrInvalid:        "signature does not fit the key and the message",
	ErrKeyMalformed:   "cannot read the public key",
	ErrKeyType:        "keys of this type are not accepted",
	ErrKeyCertificate: "a certificate is not a key: sign with the plain key",
	ErrKeySize:        "RSA keys need 3072 to 8192 bits",
	ErrKeyWeak:        "public key is of small order and binds nothing",
	ErrKeyApplication: "security key was made neither for ssh nor, on P-256, for a host name",
}

// Error returns a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason returns the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
