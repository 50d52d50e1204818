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
	// ErrWebAuthn: the signature is a browser's (webauthn-sk), which this
	// version does not check.
	ErrWebAuthn Refusal = "signature-webauthn"
	// ErrNotCanonical: the signature may be right but is not in its one form.
	ErrNotCanonical Refusal = "signature-not-canonical"
	// ErrFlags: a security key's flags announce data that is not there.
	ErrFlags Refusal = "signature-flags"
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
	// ErrKeyApplication: a security key made for something other than SSH.
	ErrKeyApplication Refusal = "key-application"
)

var sentences = map[Refusal]string{
	ErrMalformed:      "cannot read the SSH signature",
	ErrNamespace:      "signature is for another namespace",
	ErrReserved:       "signature has a reserved field that is not empty",
	ErrHash:           "signature's message hash is not sha512",
	ErrFormat:         "signature algorithm does not belong to the key",
	ErrWebAuthn:       "signatures of browsers through SSH (webauthn-sk) are not supported by this version",
	ErrNotCanonical:   "signature is not in its canonical form",
	ErrFlags:          "security key flags announce data that is not there",
	ErrInvalid:        "signature does not fit the key and the message",
	ErrKeyMalformed:   "cannot read the public key",
	ErrKeyType:        "keys of this type are not accepted",
	ErrKeyCertificate: "a certificate is not a key: sign with the plain key",
	ErrKeySize:        "RSA keys need 3072 to 8192 bits",
	ErrKeyWeak:        "public key is of small order and binds nothing",
	ErrKeyApplication: "security key was not made for ssh",
}

// Error returns a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason returns the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
