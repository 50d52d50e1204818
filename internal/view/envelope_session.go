package view

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// FindingSessions: the key of an envelope ended, and what was begun with it may live.
const FindingSessions FindingKind = "sessions-may-live"

// keySessionLongest is the longest that temporary credentials live which an access key of
// an IAM user makes (GetSessionToken, GetFederationToken). AWS takes them until they are
// over, whatever became of the key.
const keySessionLongest = 36 * time.Hour

// outlived is when an access key was seen to be refused that a lease gave away, and until
// when sessions that were begun with it may live; zero where there are none.
func (s *state) outlived(l *access.Lease, now canon.Time) (since, until canon.Time) {
	at := slices.IndexFunc(l.Proofs, func(p access.Proof) bool { return p.Kind == access.ProofRotated })
	if at < 0 || l.State != access.LeaseClosed || !s.accessKey(l.Envelope) {
		return canon.Time{}, canon.Time{}
	}
	since = l.Proofs[at].At
	if until = since.Add(keySessionLongest); !until.After(now) {
		return canon.Time{}, canon.Time{}
	}
	return since, until
}

// accessKey tells whether an access key of an IAM user lies in an envelope.
func (s *state) accessKey(name string) bool {
	for _, scenario := range s.Scenarios {
		if of, ok := scenario.Envelope(name); ok && of.Contents != nil {
			return of.Contents.AccessKey != nil
		}
	}
	return false
}

// living are findings of leases that are closed while sessions of their key may live.
func (v *Findings) living(viewer string, s *state, now canon.Time) {
	var held []Held
	for _, h := range s.requests {
		if slices.ContainsFunc(h.Request.Leases, func(l access.Lease) bool {
			_, until := s.outlived(&l, now)
			return !until.IsZero()
		}) {
			held = append(held, h)
		}
	}
	slices.SortFunc(held, func(a, b Held) int { return bytes.Compare(a.Request.ID[:], b.Request.ID[:]) })
	v.add(viewer, s, held, func(l *access.Lease) (Finding, bool) {
		since, until := s.outlived(l, now)
		return Finding{Kind: FindingSessions, Target: l.Target, Since: since, Text: fmt.Sprintf(
			"The access key that was in envelope %s is refused since %s. Sessions that were begun with it before (sts:GetSessionToken, sts:GetFederationToken) may live until %s.", l.Target, clock(since, now), clock(until, now))}, !until.IsZero()
	})
}
