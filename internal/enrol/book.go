package enrol

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/disk"
)

// What there may be at a time, and for how long.
const (
	InvitationLasts = 24 * time.Hour
	OfferLasts      = 7 * 24 * time.Hour

	invitationsMost = 200
	invitationsEach = 20 // that one person signed within a day
	offersMost      = 100
	fileLimit       = 1 << 20
)

// Invitation lets whoever has its code offer one passkey or code device for a person.
type Invitation struct {
	ID     canon.Digest `json:"id"` // SHA-256 of the code
	Person string       `json:"person"`
	By     string       `json:"by"`
	At     canon.Time   `json:"at"`
	Until  canon.Time   `json:"until"`
	// Spent says that its code opens nothing any more. It is kept until its time is
	// over, so that the same signature does not open it again.
	Spent bool `json:"spent,omitzero"`
}

// kept is the file.
type kept struct {
	Version     string       `json:"enrolments"` // "v1"
	Invitations []Invitation `json:"invitations"`
	Offers      []Offer      `json:"offers"`
}

// Book keeps invitations and offers. Its methods may be called concurrently.
type Book struct {
	path string // empty: in memory only

	mu  sync.Mutex
	now kept
}

// Open reads the file; none is an empty book. A file that cannot be read is an
// error, and is left as it is.
func Open(path string) (*Book, error) {
	b := &Book{path: path, now: kept{Version: "v1", Invitations: []Invitation{}, Offers: []Offer{}}}
	if path == "" {
		return b, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = canon.Decode(data, fileLimit, &b.now)
	}
	if err == nil && b.now.Version != "v1" {
		err = fmt.Errorf("version %q is not supported by this version", b.now.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the invitations in %s: %w", path, err)
	}
	return b, nil
}

// change makes the book what a step makes of it, once that is durable. What if we
// crash here: either the old file or the new one is there, and nobody was answered.
func (b *Book) change(now canon.Time, step func(*kept) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := kept{Version: b.now.Version, Invitations: slices.Clone(b.now.Invitations), Offers: slices.Clone(b.now.Offers)}
	next.Invitations = slices.DeleteFunc(next.Invitations, func(i Invitation) bool { return !now.Before(i.Until) })
	next.Offers = slices.DeleteFunc(next.Offers, func(o Offer) bool { return now.Sub(o.At) >= OfferLasts })
	if err := step(&next); err != nil {
		return err
	}
	if b.path != "" {
		data, err := canon.Encode(next)
		if len(data) > fileLimit {
			return ErrMany // it could not be read again
		}
		if err == nil {
			err = disk.Replace(b.path, data, 0o600)
		}
		if err != nil {
			return fmt.Errorf("cannot keep invitations and offers: %w", err)
		}
	}
	b.now = next
	return nil
}

// Take does what a wish says. The caller has checked its signature, that its actor
// may, and that it is of this cell and of now (CheckFor).
func (b *Book) Take(w Wish, now canon.Time) error {
	return b.change(now, func(k *kept) error {
		switch w.Act {
		case Invite:
			return k.invite(w, now)
		case Revoke:
			i := k.invitation(w.Of)
			if i < 0 {
				return ErrUnknown
			}
			k.Invitations[i].Spent = true
			return nil
		}
		before := len(k.Offers)
		k.Offers = slices.DeleteFunc(k.Offers, func(o Offer) bool { return o.ID == w.Of })
		if len(k.Offers) == before {
			return ErrUnknown
		}
		return nil
	})
}

func (k *kept) invitation(id canon.Digest) int {
	return slices.IndexFunc(k.Invitations, func(i Invitation) bool { return i.ID == id })
}

func (k *kept) invite(w Wish, now canon.Time) error {
	if i := k.invitation(w.Of); i >= 0 {
		if had := k.Invitations[i]; had.Spent || had.By != w.Actor || had.Person != w.Person {
			return ErrSpent
		}
		return nil // the same again: no answer came
	}
	own := 0
	for _, i := range k.Invitations {
		if i.By == w.Actor {
			own++
		}
	}
	if own >= invitationsEach || len(k.Invitations) >= invitationsMost {
		return ErrMany
	}
	k.Invitations = append(k.Invitations, Invitation{ID: w.Of, Person: w.Person, By: w.Actor, At: now, Until: now.Add(InvitationLasts)})
	return nil
}

// open finds the invitation that a code opens.
func (k *kept) open(code canon.Key32, now canon.Time) (int, error) {
	i := k.invitation(canon.Sum(code[:]))
	if code.IsZero() || i < 0 || k.Invitations[i].Spent || !now.Before(k.Invitations[i].Until) {
		return 0, ErrCode
	}
	return i, nil
}

// Look tells what a code opens, and spends nothing.
func (b *Book) Look(code canon.Key32, now canon.Time) (Invitation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := b.now.open(code, now)
	if err != nil {
		return Invitation{}, err
	}
	return b.now.Invitations[i], nil
}

// Use spends an invitation for an offer of a key, whose person, inviter, id and
// words it fills in. Of many who use one code at once, one gets its offer. Words
// take 19 MiB: they are worked out here, one at a time and for a code that opens,
// so that sending one code many times at once uses up no memory.
func (b *Book) Use(code canon.Key32, offer Offer, now canon.Time) (Offer, error) {
	err := b.change(now, func(k *kept) error {
		i, err := k.open(code, now)
		if err != nil {
			return err
		}
		if len(k.Offers) >= offersMost {
			return ErrMany
		}
		invitation := &k.Invitations[i]
		invitation.Spent = true
		offer.Person, offer.By, offer.At = invitation.Person, invitation.By, now
		offer.ID, offer.Words = IDOf(offer.Person, offer.Listed()), WordsOf(offer.Listed())
		k.Offers = append(slices.DeleteFunc(k.Offers, func(o Offer) bool { return o.ID == offer.ID }), offer)
		return nil
	})
	return offer, err
}

// List gives the invitations that are open and the offers that wait, oldest first.
// Of the offers it leaves out those whose key came into the roster.
func (b *Book) List(now canon.Time, known func(fingerprint string) bool) (open []Invitation, waiting []Offer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	open, waiting = []Invitation{}, []Offer{}
	for _, i := range b.now.Invitations {
		if !i.Spent && now.Before(i.Until) {
			open = append(open, i)
		}
	}
	for _, o := range b.now.Offers {
		if now.Sub(o.At) < OfferLasts && !known(o.Fingerprint) {
			waiting = append(waiting, o)
		}
	}
	return open, waiting
}
