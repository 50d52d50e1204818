package statement

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Answer is what a review says to one of its questions. There is no default.
type Answer string

// The answers. Partly is one to whether the access was necessary only.
const (
	Yes    Answer = "yes"
	Partly Answer = "partly"
	No     Answer = "no"
)

// Review is what one person writes, after the incident, of what a request was
// used for.
type Review struct {
	Of        canon.Digest `json:"of"`
	Necessary Answer       `json:"necessary"`
	Misuse    Answer       `json:"misuse"`
	Note      Note         `json:"note"`
}

// The words on a written review.
const (
	Accept   Verdict = "accept"
	SendBack Verdict = "send-back"
)

// SignOff is a second person's word on a review that they have read: they accept
// it, or send it back with a note that says why.
type SignOff struct {
	Of      canon.Digest `json:"of"`
	Review  canon.Digest `json:"review"` // digest of the review statement that was read
	Verdict Verdict      `json:"verdict"`
	Note    *Note        `json:"note,omitzero"`
}

func (b *Review) check() error {
	switch {
	case b.Necessary != Yes && b.Necessary != Partly && b.Necessary != No:
		return fmt.Errorf("necessary: %q is not yes, partly or no", b.Necessary)
	case b.Misuse != Yes && b.Misuse != No:
		return fmt.Errorf("misuse: %q is not yes or no", b.Misuse)
	}
	return errors.Join(b.Note.check("note"), checkOf(b.Of))
}

func (b *SignOff) check() error {
	switch {
	case b.Review.IsZero():
		return errors.New("review: must be the digest of the review that was read")
	case b.Verdict != Accept && b.Verdict != SendBack:
		return fmt.Errorf("verdict: %q is not accept or send-back", b.Verdict)
	case b.Note == nil && b.Verdict == SendBack:
		return errors.New("note: must say why the review is sent back")
	case b.Note != nil:
		return errors.Join(b.Note.check("note"), checkOf(b.Of))
	}
	return checkOf(b.Of)
}

// Kind is "review".
func (b *Review) Kind() Kind                            { return KindReview }
func (b *Review) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindReview, h) }
func (b *Review) decode(data []byte) (Statement, error) { return decodeFrame[Review](data) }

// Kind is "sign-off".
func (b *SignOff) Kind() Kind                            { return KindSignOff }
func (b *SignOff) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindSignOff, h) }
func (b *SignOff) decode(data []byte) (Statement, error) { return decodeFrame[SignOff](data) }
