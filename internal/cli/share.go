package cli

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

type shareCommand struct {
	ID       string `arg:"" help:"The granted request: its id, or the first 8 or more digits of it."`
	Envelope string `arg:"" optional:"" help:"The envelope. Needed only if the request opens several of which you hold a share."`
	Bag      string `help:"For a physical envelope: the number of the bag that you hand over." placeholder:"BAG"`
	Yes      bool   `help:"Do not ask again before signing."`
	custodianFlags
}

// Help is the long help of `share`.
func (shareCommand) Help() string {
	return `It fetches the evidence of the request, verifies it from the anchor in your profile, replays the rules, demands that the grant is agreed and live, and shows what the signed bytes say. Your share is opened on this machine and encrypted to the key that the requester's signed request names, which was made for this one request, and to nothing else: neither the server nor anybody else can read it. If anything does not verify, it refuses, and there is no flag that changes its mind.

Examples:

    halligan share 5f0c1a2b
    halligan share 5f0c1a2b prod-root --identity ~/.config/halligan/custodian.txt
    halligan share 5f0c1a2b safe-key --bag B-0017`
}

// given is a share that was given, as JSON.
type given struct {
	Request  canon.Digest      `json:"request"`
	Envelope string            `json:"envelope"`
	Serial   int64             `json:"serial"`
	Entry    int64             `json:"entry"`
	Lease    access.LeaseState `json:"lease,omitempty"`
}

// Run gives a share. Every way to it leads through briefOf; the key that it is
// sealed to comes from the signed request.
func (s shareCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	b, err := m.brief(s.ID)
	if err != nil {
		return err
	}
	e, lease, err := b.toShare(m, s.Envelope)
	if err != nil {
		return err
	}
	holder, err := e.mine(e.Current)
	if err != nil {
		return err
	}
	c.toPeople(b.sheet() + b.shareSheet(e, lease, m.person()))
	body := &statement.Share{Of: b.request.ID, Envelope: e.Name, Serial: e.Current.Serial}
	var files [][]byte
	if e.Current.Physical {
		err = s.fromBag(e, holder, body)
	} else {
		files, err = s.fromFile(e, b.asked.Holder.X25519, body)
	}
	if err != nil {
		return err
	}
	if err := c.confirm(s.Yes, "share"); err != nil {
		return err
	}
	a, err := m.send(order{body: body, files: files, seen: b.seen()})
	if err != nil {
		return err
	}
	return s.conclude(m, a, body)
}

// toShare finds the envelope of a proved, live grant of which the member holds a
// share. The rules ask the same again.
func (b *brief) toShare(m *member, named string) (envelope, *access.Lease, error) {
	r := b.request
	switch {
	case r.Requester == m.person():
		return envelope{}, nil, failf(exitRefused, "nobody gives a share to their own request").or("ask another custodian")
	case r.State != access.Granted:
		return envelope{}, nil, failf(exitRefused, "request %s has no grant: it is %s", r.ID.Short(), r.State).or("shares are given to agreed requests only; halligan status %s", r.ID.Short())
	case !r.Live(canon.At(m.c.now())):
		// A server that withholds the end of a grant would be refused by its own
		// rules, but it would have the share.
		return envelope{}, nil, failf(exitUnverified, "the grant of request %s was over at %s, by this machine's clock, and the server does not say so", r.ID.Short(), r.Grant.Until).
			or("check this machine's clock; if it is right, give nothing, and tell security")
	case !b.world.Roster.Has(r.Requester):
		return envelope{}, nil, failf(exitRefused, "%s is no longer in the roster", r.Requester).or("give them nothing; if they should still be, the change quorum adds them: halligan change propose")
	}
	var open, mine []string
	for _, l := range r.Leases {
		if l.Envelope == "" || l.State != access.LeaseOpening && l.State != access.LeaseOpen {
			continue
		}
		open = append(open, l.Envelope)
		if held := b.world.Envelopes[l.Envelope]; held != nil {
			if _, ok := held.Current.Holder(m.person()); ok {
				mine = append(mine, l.Envelope)
			}
		}
	}
	switch {
	case len(open) == 0:
		return envelope{}, nil, failf(exitRefused, "request %s opens no envelope, or none any more", r.ID.Short()).or("halligan status %s", r.ID.Short())
	case named == "" && len(mine) == 1:
		named = mine[0]
	case named == "" && len(mine) == 0:
		return envelope{}, nil, failf(exitRefused, "you hold no share of %s", either(open)).or("halligan envelope list shows who does")
	case named == "":
		return envelope{}, nil, failf(exitUsage, "you hold shares of several envelopes that it opens: name one of %s", either(mine))
	case !slices.Contains(open, named):
		return envelope{}, nil, failf(exitNotFound, "request %s opens no envelope %q", r.ID.Short(), named).or("it opens %s", both(open))
	}
	e, err := m.envelopeOf(b.proof, named)
	lease, _ := r.Lease(named)
	return e, lease, err
}

// shareSheet is what a custodian reads below the request.
func (b *brief) shareSheet(e envelope, lease *access.Lease, person string) string {
	s := new(sheet)
	s.say("")
	s.say("The grant is agreed by %s, from %s to %s.", both(b.request.Grant.By), clock(b.request.Grant.From, b.at), clock(b.request.Grant.Until, b.at))
	var before []string
	for _, share := range lease.Shares {
		before = append(before, share.Custodian)
	}
	have := "nobody has given a share yet"
	if len(before) > 0 {
		have = both(before) + " gave theirs"
	}
	s.say("Envelope %s: any %d of %d shares open it; %s.", serialText(e.Name, e.Current.Serial), e.Current.Threshold, len(e.Current.Holders), have)
	s.say("Your signature, as %s, gives your share to %s for this request alone, encrypted to the key that", person, b.request.Requester)
	s.say("the signed request names: %s.", b.asked.Holder.X25519)
	if len(lease.Shares)+1 >= e.Current.Threshold {
		s.say("It is the last one that is needed: from then on the envelope is broken until its secret is changed.")
	}
	return s.String()
}

// fromBag says which bag is handed over.
func (s shareCommand) fromBag(e envelope, holder *custody.Holder, body *statement.Share) error {
	if s.Bag == "" {
		return failf(exitUsage, "envelope %s lies in bags: say which you hand over", e.Name).or("yours is %s: --bag %s", holder.Bag, holder.Bag)
	}
	body.Bag = s.Bag
	return nil
}

// fromFile opens the custodian's share and seals it to the holder of the request.
func (s shareCommand) fromFile(e envelope, holder canon.Key32, body *statement.Share) ([][]byte, error) {
	if s.Bag != "" {
		return nil, failf(exitUsage, "envelope %s is not physical: --bag does not fit", e.Name)
	}
	_, share, err := e.share(e.Current, s.Identity)
	if err != nil {
		return nil, err
	}
	defer share.Wipe()
	file, err := seal.Reseal(share, holder)
	if err != nil {
		return nil, because(exitUnverified, err, "cannot seal your share to the request")
	}
	body.Holder, body.Sealed = holder, blobOf(file)
	return [][]byte{file}, nil
}

// conclude says what the share became.
func (s shareCommand) conclude(m *member, a answer, body *statement.Share) error {
	out := given{Request: body.Of, Envelope: body.Envelope, Serial: body.Serial, Entry: a.Entry}
	known := ""
	if r := a.request(); r != nil {
		for _, l := range r.Leases {
			if l.Target == body.Envelope {
				out.Lease, known = l.State, l.Known
			}
		}
	}
	return m.c.answer(out, func() {
		m.c.say("Your share of envelope %s is given to request %s, recorded as entry %d.", body.Envelope, body.Of.Short(), a.Entry)
		if known != "" {
			m.c.say("Now: %s", sentence(known))
		}
	})
}
