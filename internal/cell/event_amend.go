package cell

import "github.com/halligan-dev/halligan/internal/canon"

// Events of an amendment.
type (
	// Amended: another document is in force. Until then its signers may not ask
	// under the scenarios that it widened.
	Amended struct {
		Change  canon.Digest `json:"change"`
		From    canon.Digest `json:"from"`
		To      canon.Digest `json:"to"`
		Widened []string     `json:"widened,omitempty"` // scenarios
		Signers []string     `json:"signers,omitempty"`
		Until   canon.Time   `json:"until,omitzero"`
	}
	// KeyAdded: a key is a person's, and agrees to nothing before its cool-off is
	// over.
	KeyAdded struct {
		Person string     `json:"person"`
		Key    string     `json:"key"`
		Until  canon.Time `json:"until"`
	}
)

func (*Amended) event() string  { return "amended" }
func (*KeyAdded) event() string { return "key-added" }

// UserMoved: a person is another user of IAM Identity Center from now on, or, where
// User is empty, none. What a grant of theirs opens there is that user's.
type UserMoved struct {
	Person string `json:"person"`
	User   string `json:"user,omitempty"`
}

func (*UserMoved) event() string { return "user-moved" }
