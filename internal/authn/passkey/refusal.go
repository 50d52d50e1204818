package passkey

// A Refusal says why a browser's answer is none that this package can use. It is
// comparable; its Reason is stable and meant for machines.
type Refusal string

// The refusals. Every error of this package wraps exactly one of these, or one
// of package sshsig.
const (
	// ErrData: the authenticator data cannot be read, or not in its one form.
	ErrData Refusal = "authenticator-data-malformed"
	// ErrSignature: the signature is no DER of two numbers.
	ErrSignature Refusal = "passkey-signature-malformed"
	// ErrNoPasskey: the person has no passkey in the roster.
	ErrNoPasskey Refusal = "passkey-none"
	// ErrHost: the authenticator signed for another host (RP id).
	ErrHost Refusal = "passkey-host"
	// ErrAttestation: the attestation object cannot be read, or not in its one
	// form.
	ErrAttestation Refusal = "attestation-malformed"
	// ErrAlgorithm: the new key is none of ES256 on P-256.
	ErrAlgorithm Refusal = "passkey-algorithm"
	// ErrAbsent: nobody touched the authenticator when the key was made.
	ErrAbsent Refusal = "passkey-user-absent"
)

var sentences = map[Refusal]string{
	ErrData:        "cannot read the authenticator data",
	ErrSignature:   "cannot read the passkey's signature",
	ErrNoPasskey:   "no passkey of this person is in the roster",
	ErrHost:        "passkey was used for another host than its own",
	ErrAttestation: "cannot read the attestation object",
	ErrAlgorithm:   "passkey is not of ES256 on P-256",
	ErrAbsent:      "passkey was made without anybody's touch",
}

// Error returns a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason returns the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
