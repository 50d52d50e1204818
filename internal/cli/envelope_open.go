package cli

import (
	"errors"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/seal"
)

type envelopeOpenCommand struct {
	ID       string `arg:"" help:"Your granted request: its id, or the first 8 or more digits of it."`
	Envelope string `arg:"" optional:"" help:"The envelope. Needed only if the request opens several."`
	Output   string `short:"o" help:"Write the secret to this file, for you alone to read, instead of printing it." placeholder:"FILE"`
	memberFlags
}

// Help is the long help of `envelope open`.
func (envelopeOpenCommand) Help() string {
	return `It works on the machine that asked, for the shares are encrypted to the key that was made there for this request. Each share is checked against what was sealed before it is used, and one that is bad is named with its custodian. Into a pipe or file the secret goes byte for byte; a terminal is shown it with what cannot be seen spelled out. From the last share on the envelope is broken, whether you open it or not, until its secret was changed.

Examples:

    halligan envelope open 5f0c1a2b
    halligan envelope open 5f0c1a2b prod-root | psql-with-password
    halligan envelope open 5f0c1a2b prod-root --output ./secret`
}

// openedSecret is an opened envelope, as JSON: the one answer that holds a secret.
type openedSecret struct {
	Envelope   string   `json:"envelope"`
	Serial     int64    `json:"serial"`
	Custodians []string `json:"custodians"` // whose shares opened it
	Bad        []string `json:"bad,omitempty"`
	File       string   `json:"file,omitempty"`
	Secret     []byte   `json:"secret_base64,omitempty"`
}

// Run opens.
func (o envelopeOpenCommand) Run(c *call) error {
	m, err := c.open(o.memberFlags)
	if err != nil {
		return err
	}
	b, err := m.brief(o.ID)
	if err != nil {
		return err
	}
	e, lease, err := b.toOpen(m, o.Envelope)
	if err != nil {
		return err
	}
	keys, err := m.way.holder(b.request.ID, b.request.Holder)
	if err != nil {
		return err
	}
	identity, err := seal.Holder(keys.X25519[:])
	if err != nil {
		return because(exitInternal, err, "cannot use the keys of the request")
	}
	out := openedSecret{Envelope: e.Name, Serial: lease.Shares[0].Serial}
	if out.Secret, err = e.open(lease, identity, &out); err != nil {
		return err
	}
	defer clear(out.Secret)
	return o.hand(c, &out)
}

// toOpen finds the envelope of the member's own granted request, whose shares
// are there.
func (b *brief) toOpen(m *member, named string) (envelope, *access.Lease, error) {
	r := b.request
	if r.Requester != m.person() {
		return envelope{}, nil, failf(exitRefused, "request %s is %s's: the shares are encrypted to the machine that asked", r.ID.Short(), r.Requester).or("open it there, or ask yourself: halligan request %s", r.Scenario)
	}
	var open []string
	for _, l := range r.Leases {
		if l.Envelope != "" {
			open = append(open, l.Envelope)
		}
	}
	switch {
	case r.State != access.Granted:
		return envelope{}, nil, failf(exitRefused, "request %s has no live grant: it is %s", r.ID.Short(), r.State).or("ask again: halligan request %s", r.Scenario)
	case len(open) == 0:
		return envelope{}, nil, failf(exitRefused, "request %s opens no envelope", r.ID.Short()).or("halligan credential %s fetches what it opens", r.ID.Short())
	case named == "" && len(open) == 1:
		named = open[0]
	case named == "":
		return envelope{}, nil, failf(exitUsage, "the request opens several envelopes: name one of %s", either(open))
	}
	lease, ok := r.Lease(named)
	if !ok || lease.Envelope == "" {
		return envelope{}, nil, failf(exitNotFound, "request %s opens no envelope %q", r.ID.Short(), named).or("it opens %s", both(open))
	}
	e, err := m.envelopeOf(b.proof, named)
	if err == nil {
		err = e.ready(b, lease)
	}
	return e, lease, err
}

// ready demands that as many shares as open it were given.
func (e envelope) ready(b *brief, lease *access.Lease) error {
	if have, need := len(lease.Shares), e.Current.Threshold; lease.State == access.LeaseOpening && have < need {
		var others []string
		for _, h := range e.Current.Holders {
			if !contains(gave(lease), h.Custodian) && h.Custodian != b.request.Requester {
				others = append(others, h.Custodian)
			}
		}
		return failf(exitRefused, "%d of the %d shares that open envelope %s were given", have, need, e.Name).
			or("ask %s: halligan share %s %s", either(others), b.request.ID.Short(), e.Name)
	}
	if len(lease.Shares) == 0 || lease.Shares[0].Serial != e.Current.Serial {
		return failf(exitRefused, "envelope %s holds another secret since: it was rotated to serial %d", e.Name, e.Current.Serial).
			or("ask again: halligan request %s", b.request.Scenario)
	}
	return nil
}

func gave(lease *access.Lease) []string {
	givers := make([]string, 0, len(lease.Shares))
	for _, share := range lease.Shares {
		givers = append(givers, share.Custodian)
	}
	return givers
}

// open takes the secret out. Bad shares are told of, and the others used.
func (e envelope) open(lease *access.Lease, identity age.Identity, out *openedSecret) ([]byte, error) {
	d, err := e.description(e.Current)
	if err != nil {
		return nil, err
	}
	content, err := e.m.file(d.Content.Digest)
	if err != nil {
		return nil, err
	}
	var shares []seal.Share
	defer func() {
		for i := range shares {
			shares[i].Wipe()
		}
	}()
	for _, given := range lease.Shares {
		share, err := e.unwrap(d, given, identity)
		var bad *seal.BadShare
		if errors.As(err, &bad) {
			e.m.c.tell("bad share: %s; it is left out", bad)
			out.Bad = append(out.Bad, bad.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		shares, out.Custodians = append(shares, share), append(out.Custodians, given.Custodian)
	}
	secret, err := d.Open(content, shares)
	if errors.Is(err, seal.ErrTooFew) && len(out.Bad) > 0 {
		return nil, because(exitUnverified, err, "%s", both(out.Bad)).or("ask another custodian for a share, and tell security whose was bad")
	}
	if err != nil {
		return nil, because(exitUnverified, err, "cannot open envelope %s", e.Name).or("tell security, and %s who sealed it", e.Current.By)
	}
	return secret, nil
}

func (e envelope) unwrap(d *seal.Description, given access.Share, identity age.Identity) (seal.Share, error) {
	file, err := e.m.file(given.Sealed)
	if err != nil {
		return seal.Share{}, err
	}
	return d.UnwrapFrom(given.Custodian, file, identity)
}

// hand gives the secret to whoever asked, and to nobody else.
func (o envelopeOpenCommand) hand(c *call, out *openedSecret) error {
	told := func() {
		c.tell("Opened %s with the shares of %s. It is broken until its secret is changed.", serialText(out.Envelope, out.Serial), both(out.Custodians))
	}
	switch {
	case o.Output != "":
		if err := writeNew(o.Output, out.Secret); err != nil {
			return err
		}
		out.Secret, out.File = nil, o.Output
		return c.answer(*out, func() { c.say("The secret is in %s.", o.Output); told() })
	case c.flags.JSON:
		return c.json(*out)
	case terminal(c.raw):
		told()
		c.print(string(out.Secret) + "\n")
		if text := string(out.Secret); !utf8.ValidString(text) || shown(text) != text {
			c.tell("It holds characters that cannot be shown; use --output, or a pipe, for its very bytes.")
		}
		return nil
	}
	told()
	if _, err := c.raw.Write(out.Secret); err != nil {
		return because(exitInternal, err, "cannot write the secret")
	}
	return nil
}
