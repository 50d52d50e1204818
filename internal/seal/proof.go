package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ProofsMost is how often a custodian can prove to hold a share, under one
// sealing: enough for one a week, for two years.
const ProofsMost = 128

// ErrProofsUsed says that every proof of a share was shown: rotate.
var ErrProofsUsed = errors.New("every proof of this share was shown already; rotate the envelope")

// chain is the proofs of a share, from the first link, which only the share
// gives, to the last, which is public. Each is the SHA-256 of the one before,
// so that whoever knows a link can check the one before it and not guess it,
// and rules can, without any arithmetic of the group.
func (s Share) chain() [ProofsMost + 1]canon.Digest {
	h := sha256.New()
	h.Write([]byte("halligan proof v1\n"))
	h.Write(s.Envelope[:])
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(s.Index)))
	h.Write(s.Value[:])
	links := [ProofsMost + 1]canon.Digest{canon.Digest(h.Sum(nil))}
	for i := range ProofsMost {
		links[i+1] = canon.Sum(links[i][:])
	}
	return links
}

// Prove gives the link before a public one: it shows that whoever says it opened
// the share since that one was said, and nothing else of the share.
func (s Share) Prove(public canon.Digest) (canon.Digest, error) {
	links := s.chain()
	for i := range ProofsMost {
		if same(links[i+1], public) {
			return links[i], nil
		}
	}
	if same(links[0], public) {
		return canon.Digest{}, ErrProofsUsed
	}
	return canon.Digest{}, &BadShare{Index: s.Index, Fault: FaultHash}
}
