package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
)

// custodianFlags say what opens a custodian's share.
type custodianFlags struct {
	Identity string `help:"What opens your share: a file of age-keygen, or your ssh-ed25519 private key. Default: the key that you sign with. ssh-agent can sign, but not decrypt." env:"HALLIGAN_IDENTITY" placeholder:"FILE"`
	memberFlags
}

// identities reads what opens the member's share.
func (m *member) identities(named string) ([]age.Identity, error) {
	const hint = "name the private key that your share was sealed to with --identity: halligan envelope show NAME tells which"
	if named == "" {
		named = m.key
	}
	if named == "" || strings.HasPrefix(named, "SHA256:") {
		return nil, failf(exitUsage, "cannot open your share: ssh-agent signs, and does not decrypt").or(hint)
	}
	data, err := os.ReadFile(named)
	if err != nil {
		return nil, because(exitUsage, err, "cannot read the key that opens your share").or(hint)
	}
	defer clear(data)
	var ask func() ([]byte, error)
	if passphrase := m.c.passphrase(); passphrase != nil {
		ask = func() ([]byte, error) { return passphrase("passphrase of " + named + ", to open your share: ") }
	}
	identities, err := seal.ParseIdentities(data, ask)
	if err != nil {
		return nil, because(exitUsage, err, "cannot open your share with %s", named).or(hint)
	}
	return identities, nil
}

// envelope is a proved envelope, and what its sealings are said to be.
type envelope struct {
	*custody.Envelope
	m *member
}

// envelopeOf is an envelope of a proved world.
func (m *member) envelopeOf(p *proof, name string) (envelope, error) {
	held, ok := p.world.Envelopes[name]
	if ok {
		return envelope{held, m}, nil
	}
	for _, scenario := range p.world.Scenarios {
		if _, opens := scenario.Envelope(name); opens {
			return envelope{}, failf(exitNotFound, "envelope %s was never sealed", name).or("halligan envelope seal %s", name)
		}
	}
	return envelope{}, failf(exitNotFound, "the cell has no envelope %q", name).or("halligan envelope list shows them")
}

// provedCell proves the cell's own stream: who its people are, and how its
// envelopes stand.
func (m *member) provedCell() (*proof, error) { return m.prove("cell/evidence") }

// serial is the sealing that was named, or the newest.
func (e envelope) serial(named int64) (*custody.Sealing, error) {
	if named == 0 {
		return e.Newest(), nil
	}
	sealing, ok := e.Sealing(named)
	if !ok {
		return nil, failf(exitNotFound, "envelope %s has no sealing %d any more; %d is in force", e.Name, named, e.Current.Serial).or("halligan envelope show %s says which there are; without --serial the newest is meant", e.Name)
	}
	return sealing, nil
}

// description reads what a sealing says of itself and demands that it is what
// its seal statement, which the rules took, says.
func (e envelope) description(of *custody.Sealing) (*seal.Description, error) {
	if of.Physical {
		return nil, failf(exitUsage, "envelope %s lies in bags: nothing of it can be opened here", e.Name).or("halligan envelope show %s tells which bags", e.Name)
	}
	data, err := attachment(e.m.attachment, of.Description)
	if err != nil {
		return nil, err
	}
	d, err := seal.Decode(data)
	if err != nil {
		return nil, because(exitUnverified, err, "cannot use what was sealed").or("whoever sealed it, %s, must seal it again", of.By)
	}
	if !said(d, e, of) {
		return nil, failf(exitUnverified, "the description of envelope %s is not of sealing %d as %s signed it", e.Name, of.Serial, of.By).
			or("give no share; tell security, and seal the envelope again")
	}
	return d, nil
}

// said tells whether a description is of a sealing.
func said(d *seal.Description, e envelope, of *custody.Sealing) bool {
	says := seal.Said{
		Origin: e.m.pinned.Origin, Name: e.Name, Serial: of.Serial, Threshold: of.Threshold, Commitments: of.Commitments, Content: of.Content,
	}
	for _, h := range of.Holders {
		says.Custodians, says.Sealed = append(says.Custodians, h.Custodian), append(says.Sealed, h.Sealed)
	}
	return d.Says(says)
}

// file reads an encrypted file, which is not kept on this machine.
func (m *member) file(digest canon.Digest) ([]byte, error) {
	return attachment(func(digest canon.Digest) ([]byte, error) {
		return m.way.read(m.c.ctx, "/ledger/"+ledger.AttachmentPath(ledger.Hash(digest)))
	}, digest)
}

// share opens the member's own share of a sealing. Wipe it when it was used.
func (e envelope) share(of *custody.Sealing, identity string) (*seal.Description, seal.Share, error) {
	d, err := e.description(of)
	if err != nil {
		return nil, seal.Share{}, err
	}
	mine, ok := d.Of(e.m.person())
	if !ok {
		return nil, seal.Share{}, failf(exitRefused, "you hold no share of envelope %s, serial %d", e.Name, of.Serial).or("%s do", both(custodians(of)))
	}
	identities, err := e.m.identities(identity)
	if err != nil {
		return nil, seal.Share{}, err
	}
	file, err := e.m.file(mine.Sealed.Digest)
	if err != nil {
		return nil, seal.Share{}, err
	}
	share, err := d.OpenShare(e.m.person(), file, identities...)
	if err != nil {
		return nil, seal.Share{}, cannotOpen(err, e, mine)
	}
	return d, share, nil
}

// cannotOpen says why a share was not opened, and with which key it can be.
func cannotOpen(err error, e envelope, mine seal.Sealed) error {
	var bad *seal.BadShare
	if errors.As(err, &bad) && bad.Fault == seal.FaultKey {
		return failf(exitUsage, "cannot open your share of envelope %s: it is encrypted to another key than this", e.Name).
			or("name the one with --identity: it is sealed to %s", mine.Recipient)
	}
	return because(exitUnverified, err, "cannot use your share of envelope %s", e.Name).
		or("tell security: halligan envelope inspect %s --damaged records it, and the envelope must be sealed again", e.Name)
}

func custodians(of *custody.Sealing) []string {
	ids := make([]string, 0, len(of.Holders))
	for _, h := range of.Holders {
		ids = append(ids, h.Custodian)
	}
	return ids
}

// mine is the member's part in a sealing.
func (e envelope) mine(of *custody.Sealing) (*custody.Holder, error) {
	holder, ok := of.Holder(e.m.person())
	if !ok {
		return nil, failf(exitRefused, "you hold no share of envelope %s, serial %d", e.Name, of.Serial).or("%s do", both(custodians(of)))
	}
	return holder, nil
}

// sealedTo is "bob, to age1…", for each share of a description.
func sealedTo(shares []seal.Custodian) []string {
	lines := make([]string, 0, len(shares))
	for _, c := range shares {
		lines = append(lines, fmt.Sprintf("%s, to %s", c.ID, c.Recipient))
	}
	return lines
}
