package totp

// A Refusal says why a code was not taken. It is comparable; its Reason is stable
// and meant for machines.
type Refusal string

// The refusals.
const (
	// ErrWrong: the digits are not the code of now, or there is no such device.
	// Which of them, nobody is told.
	ErrWrong Refusal = "code-wrong"
	// ErrUsed: the digits are right, and something else was signed with them, or
	// with later ones.
	ErrUsed Refusal = "code-used"
	// ErrMany: this server keeps no more devices.
	ErrMany Refusal = "code-devices-many"
)

var sentences = map[Refusal]string{
	ErrWrong: "the code is wrong: it is of another time, of another device, or mistyped",
	ErrUsed:  "this code was used already: each is good once",
	ErrMany:  "this server keeps no more code devices",
}

// Error is a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason is the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
