package enrol

// A Refusal says which rule of invitations said no. It is comparable; its Reason is
// stable and meant for machines.
type Refusal string

// The refusals.
const (
	// ErrOtherCell: it was signed for another cell.
	ErrOtherCell Refusal = "invitation-other-cell"
	// ErrStale: it is not of these minutes.
	ErrStale Refusal = "invitation-stale"
	// ErrCode: the code was never given, was used or revoked, or is over. Which of
	// them, a stranger is not told.
	ErrCode Refusal = "invitation-code"
	// ErrSpent: what was signed opened an invitation that is spent already.
	ErrSpent Refusal = "invitation-spent"
	// ErrMany: too many invitations or offers wait.
	ErrMany Refusal = "invitations-many"
	// ErrUnknown: there is no such invitation or offer.
	ErrUnknown Refusal = "invitation-unknown"
)

var sentences = map[Refusal]string{
	ErrOtherCell: "the invitation was signed for another cell",
	ErrStale:     "the invitation was not signed within the last 15 minutes",
	ErrCode:      "this code opens nothing: it was used or revoked, its day is over, or it was never given",
	ErrSpent:     "this invitation was used, revoked or signed before",
	ErrMany:      "too many invitations or offers wait",
	ErrUnknown:   "there is no such invitation or offer",
}

// Error is a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason is the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }
