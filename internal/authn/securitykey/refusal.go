package securitykey

// A Refusal says why a file of ssh-keygen is none that this package can use. It is
// comparable; its Reason is stable and meant for machines.
type Refusal string

// The refusals. Every error of this package wraps exactly one of these.
const (
	// ErrKind: the public key is of no security key that was made for ssh.
	ErrKind Refusal = "security-key-kind"
	// ErrForm: the file cannot be read, or is not in its one form.
	ErrForm Refusal = "security-key-malformed"
	// ErrOld: the file is of the form that lacks the authenticator data.
	ErrOld Refusal = "security-key-old"
	// ErrSelf: no certificate is in the file: the device speaks for itself.
	ErrSelf Refusal = "security-key-self"
	// ErrChallenge: what is signed is not this key under this challenge, or somebody
	// else than the certificate says signed it.
	ErrChallenge Refusal = "security-key-challenge"
	// ErrUntrue: what is attested is not true of this key. The error says what.
	ErrUntrue Refusal = "security-key-untrue"
)

// Refusals are all of them.
var Refusals = []Refusal{ErrKind, ErrForm, ErrOld, ErrSelf, ErrChallenge, ErrUntrue}

var sentences = map[Refusal]string{
	ErrKind:      "the key is of no security key that ssh-keygen made: its line begins with sk-, and its application with ssh:",
	ErrForm:      "cannot read what ssh-keygen wrote of the security key",
	ErrOld:       "an older OpenSSH wrote it (ssh-sk-attest-v00): the authenticator data is missing, and nothing says which model signed; make the key again, with a newer one",
	ErrSelf:      "the security key speaks for itself: no certificate of its maker came with it",
	ErrChallenge: "the attestation was made under another challenge than that of this invitation, or not by the key of its certificate",
	ErrUntrue:    "the attestation is not one of this key",
}

// Error returns a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason returns the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
