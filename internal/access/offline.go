package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Offline says of a request that it was signed with no server, and what was
// signed to it. It is a debt that was carried back: nothing was ever granted.
type Offline struct {
	Signed canon.Time `json:"signed"`          // by the clock of whoever asked
	Filled bool       `json:"filled,omitzero"` // what counts fills the quorum, and nobody said no
	Acts   []Act      `json:"acts"`            // each once, the request among them
}

// Act is one statement that was signed with no server.
type Act struct {
	Statement canon.Digest `json:"statement"`
	Kind      string       `json:"kind"`
	Person    string       `json:"person"`          // in whose name
	Key       string       `json:"key,omitempty"`   // fingerprint of the key that signed it; none: the signature is not good
	Own       bool         `json:"own,omitzero"`    // that key is, or was, the person's
	Fault     string       `json:"fault,omitempty"` // the rule by which it does not count; empty: it counts
}

// EndOffline is why a lease of a request with no server closes from the start.
const EndOffline = "offline"

// Known tells whether a statement was carried back before, as its signer signed it.
// Whoever has its bytes can sign them with another key: that takes nobody's place.
func (o *Offline) Known(statement canon.Digest) bool {
	return slices.ContainsFunc(o.Acts, func(a Act) bool { return a.Statement == statement && a.Own })
}

// Told tells whether a statement was carried back before as one key signed it.
func (o *Offline) Told(statement canon.Digest, key string) bool {
	return key != "" && slices.ContainsFunc(o.Acts, func(a Act) bool { return a.Statement == statement && a.Key == key })
}

// ActsMost bounds what is kept of the acts: a full quorum, as many custodians as
// can be, and the request.
const ActsMost = PlacesMost + 16 + 1

// Take adds an act, in place of one that its signer did not sign. For one too many the
// oldest goes that does not count: nobody fills the room of those that do. False
// says that all of them count.
func (o *Offline) Take(a Act) bool {
	o.Acts = append(slices.DeleteFunc(slices.Clone(o.Acts), func(old Act) bool { return old.Statement == a.Statement }), a)
	for len(o.Acts) > ActsMost {
		oldest := slices.IndexFunc(o.Acts, func(old Act) bool { return old.Fault != "" })
		if oldest < 0 {
			return false
		}
		o.Acts = slices.Delete(o.Acts, oldest, oldest+1)
	}
	return true
}

// OutSince tells whether a share is known to be out since an instant, or later.
func (r *Request) OutSince(at canon.Time) bool {
	return slices.ContainsFunc(r.Leases, func(l Lease) bool {
		return slices.ContainsFunc(l.Shares, func(s Share) bool { return !s.At.Before(at) })
	})
}

// Counts tells whether the statement with a digest was carried back and counts.
func (o *Offline) Counts(statement canon.Digest) bool {
	return slices.ContainsFunc(o.Acts, func(a Act) bool { return a.Statement == statement && a.Fault == "" })
}

// Faulty are the acts that do not count.
func (o *Offline) Faulty() []Act {
	return slices.DeleteFunc(slices.Clone(o.Acts), func(a Act) bool { return a.Fault == "" })
}

// Denied is who said no; empty if nobody did.
func (r *Request) Denied() string {
	for _, d := range r.Decisions {
		if !d.Approves {
			return d.Approver
		}
	}
	return ""
}
