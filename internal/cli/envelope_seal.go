package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

// sealFlags say who gets a share.
type sealFlags struct {
	Custodian []string `help:"Give a share to this custodian; once for each. Default: everybody of the group that the scenarios name." placeholder:"ID"`
	Threshold int      `help:"How many shares open it. Default: what the scenarios demand." placeholder:"N"`
	To        []string `help:"Seal a custodian's share to this one of their keys, by its fingerprint, or to the age identity of a card that they signed; once for each. Default: their first ssh-ed25519 key." placeholder:"ID=SHA256:…|FILE"`
}

type envelopeSealCommand struct {
	Name   string   `arg:"" complete:"envelopes" help:"The envelope, as a scenario names it under opens."`
	Secret string   `help:"File that holds the secret. Default: stdin, every byte of it." placeholder:"FILE"`
	Bag    []string `help:"For a physical envelope, each custodian's bag and where it lies." placeholder:"ID=BAG[@PLACE]"`
	DryRun bool     `help:"Check everything and show who would get what; read no secret, sign nothing."`
	Yes    bool     `help:"Do not ask again before signing."`
	sealFlags
	memberFlags
}

// Help is the long help of `envelope seal`.
func (envelopeSealCommand) Help() string {
	return `The secret is encrypted on this machine, to a key that is shared among the custodians and then forgotten; the server gets encrypted files only. It is never taken from the command line: it is read from a file, from a pipe, or typed unseen. Whoever seals has seen it. To whom the shares are sealed is taken from the ledger, verified from your anchor.

The first sealing is in force at once. A later one waits until as many custodians as open it have run halligan envelope inspect, and you have changed the secret where it counts and run halligan envelope rotate.

Examples:

    pwgen -s 40 1 | tr -d '\n' | halligan envelope seal prod-root
    halligan envelope seal prod-root --secret ./recovery-codes.txt
    halligan envelope seal prod-root --to sue=sue.card --dry-run
    halligan envelope seal safe-key --bag bob=B-0017@hq/safe-2 --bag sue=B-0018@berlin/vault`
}

// sealPlan is who would get what.
type sealPlan struct {
	Envelope   string           `json:"envelope"`
	Serial     int64            `json:"serial"`
	Threshold  int              `json:"threshold"`
	Physical   bool             `json:"physical,omitzero"`
	Custodians []seal.Custodian `json:"custodians,omitempty"`
	Holders    []statement.Held `json:"holders,omitempty"` // of a physical envelope
	InForce    bool             `json:"in_force"`          // at once
	Replaces   int64            `json:"replaces,omitzero"` // serial of one that waits, and is forgotten
}

// Run seals.
func (s envelopeSealCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	plan, err := s.plan(p, s.Name)
	if err == nil && plan.Physical {
		err = s.bags(plan)
	} else if err == nil && len(s.Bag) > 0 {
		err = failf(exitUsage, "--bag is for physical envelopes, and %s is not one", s.Name)
	}
	if err != nil {
		return err
	}
	c.toPeople(plan.sheet(m.person()))
	if s.DryRun {
		return c.answer(plan, func() { c.say("Nothing was read, signed or sent.") })
	}
	body := &statement.Seal{Envelope: plan.Envelope, Serial: plan.Serial, Threshold: plan.Threshold, Physical: plan.Physical, Holders: plan.Holders}
	var files [][]byte
	if !plan.Physical {
		secret, err := c.secret(s.Secret)
		if err != nil {
			return err
		}
		defer clear(secret)
		if files, err = fill(p.world.Name, plan, body, secret); err != nil {
			return err
		}
	}
	if err := c.confirm(s.Yes, "seal"); err != nil {
		return err
	}
	a, err := m.send(order{body: body, files: files})
	if err != nil {
		return err
	}
	return m.recorded(sealed{plan.Envelope, plan.Serial, a.Entry}, "Sealed", plan.next())
}

// plan works out who gets a share, from the proved world.
func (s sealFlags) plan(p *proof, name string) (*sealPlan, error) {
	demands := demanded(p, name)
	if len(demands) == 0 {
		return nil, failf(exitNotFound, "no scenario opens an envelope %q", name).or("halligan envelope list shows those that there are")
	}
	plan := &sealPlan{Envelope: name, Serial: 1, Threshold: s.Threshold, Physical: demands[0].Physical, InForce: true}
	if held, ok := p.world.Envelopes[name]; ok {
		plan.Serial, plan.InForce = held.Newest().Serial+1, false
		if held.Next != nil {
			plan.Replaces = held.Next.Serial
		}
	}
	if plan.Threshold == 0 {
		for _, of := range demands {
			plan.Threshold = max(plan.Threshold, of.Threshold)
		}
	}
	people := s.Custodian
	if len(people) == 0 {
		people = slices.DeleteFunc(p.world.Roster.Members(demands[0].Custodians), func(id string) bool {
			return slices.ContainsFunc(demands, func(of *access.Envelope) bool { return !p.world.Roster.In(id, of.Custodians) })
		})
	}
	if plan.Physical {
		return plan, nil
	}
	if err := s.recipients(p, plan, people); err != nil {
		return nil, err
	}
	if n := len(plan.Custodians); plan.Threshold < 2 || plan.Threshold > n {
		return nil, failf(exitUsage, "%d shares cannot open envelope %s: 2 at least, and no more than the %s who get one", plan.Threshold, name, count(n, "custodian")).
			or("name another number with --threshold, or more people with --custodian")
	}
	return plan, nil
}

// demanded is what each scenario that opens an envelope demands of it.
func demanded(p *proof, name string) []*access.Envelope {
	var demands []*access.Envelope
	for _, id := range slices.Sorted(maps.Keys(p.world.Scenarios)) {
		if of, ok := p.world.Scenarios[id].Envelope(name); ok {
			demands = append(demands, of)
		}
	}
	return demands
}

// bags reads what --bag says of a physical envelope.
func (s envelopeSealCommand) bags(plan *sealPlan) error {
	if s.Secret != "" || len(s.Custodian) > 0 || len(s.To) > 0 {
		return failf(exitUsage, "%s is physical: name each custodian with --bag, and no secret", s.Name).or("halligan envelope seal %s --bag ID=BAG@PLACE", s.Name)
	}
	for _, text := range s.Bag {
		id, rest, ok := strings.Cut(text, "=")
		if !ok || id == "" || rest == "" {
			return failf(exitUsage, "cannot use --bag %q", text).or("write it as bob=B-0017@hq/safe-2")
		}
		bag, place, _ := strings.Cut(rest, "@")
		plan.Holders = append(plan.Holders, statement.Held{Custodian: id, Bag: bag, Place: place})
	}
	if len(plan.Holders) == 0 {
		return failf(exitUsage, "%s is physical, and no bag is named", s.Name).or("halligan envelope seal %s --bag ID=BAG@PLACE, once for each", s.Name)
	}
	return nil
}

// recipients finds the key that each custodian's share is sealed to.
func (s sealFlags) recipients(p *proof, plan *sealPlan, people []string) error {
	wanted := map[string]string{}
	for _, text := range s.To {
		id, key, ok := strings.Cut(text, "=")
		if !ok || key == "" || !slices.Contains(people, id) {
			return failf(exitUsage, "cannot use --to %q", text).or("write it as bob=SHA256:… or bob=FILE.card, of somebody who gets a share; halligan people shows fingerprints")
		}
		wanted[id] = key
	}
	for _, id := range people {
		recipient, err := recipientOf(p, id, wanted[id])
		if err != nil {
			return err
		}
		plan.Custodians = append(plan.Custodians, seal.Custodian{ID: id, Recipient: recipient})
	}
	return nil
}

// recipientOf is a custodian's key: of the roster as the ledger has it now, or
// of a card that they signed.
func recipientOf(p *proof, id, named string) (string, error) {
	if !p.world.Roster.Has(id) {
		return "", failf(exitNotFound, "nobody in the cell is %s", id).or("halligan people lists everybody")
	}
	if named != "" && !strings.HasPrefix(named, "SHA256:") {
		return cardOf(p, id, named)
	}
	person, _ := p.world.Roster.Person(id)
	for _, key := range person.Keys {
		if !key.Removed && strings.HasPrefix(key.Line, "ssh-ed25519 ") && (named == "" || key.Fingerprint == named) {
			return key.Line, nil
		}
	}
	if named != "" {
		return "", failf(exitNotFound, "%s has no ssh-ed25519 key %s", id, named).or("halligan people lists everybody's keys")
	}
	return "", failf(exitRefused, "%s has no key that a share can be sealed to: keys that live in security keys, and those of other types than ssh-ed25519, only sign", id).
		or("have %s run halligan envelope identity FILE, and add --to %s=FILE.card; or name the others with --custodian", id, id)
}

// fill seals the secret. What it gives is all encrypted.
func fill(origin string, plan *sealPlan, body *statement.Seal, secret []byte) ([][]byte, error) {
	e, err := seal.Seal(seal.Order{
		Origin: origin, Name: plan.Envelope, Serial: plan.Serial, Threshold: plan.Threshold, Custodians: plan.Custodians,
	}, secret)
	if err != nil {
		return nil, because(exitUsage, err, "cannot seal envelope %s", plan.Envelope)
	}
	description := e.Description.Encode()
	body.Description, body.Content, body.Commitments = blobOf(description), blobOf(e.Content), e.Description.CommitmentsDigest()
	files := [][]byte{description, e.Content}
	for i, share := range e.Shares {
		body.Holders = append(body.Holders, statement.Held{
			Custodian: plan.Custodians[i].ID, Proof: e.Description.Shares[i].Proof, Sealed: blobOf(share),
		})
		files = append(files, share)
	}
	return files, nil
}

func blobOf(data []byte) *statement.Blob {
	return &statement.Blob{Digest: canon.Sum(data), Length: len(data)}
}

// sheet is what somebody reads before they seal.
func (p *sealPlan) sheet(person string) string {
	s := new(sheet)
	s.say("You, %s, seal envelope %s: any %d of these %d open it.", person, serialText(p.Envelope, p.Serial), p.Threshold, len(p.Custodians)+len(p.Holders))
	s.items("A share for each, encrypted on this machine:", sealedTo(p.Custodians))
	var bags []string
	for _, h := range p.Holders {
		bags = append(bags, holding(h))
	}
	s.items("In bags:", bags)
	if p.Replaces != 0 {
		s.say("Serial %d, which waits to be put in force, is forgotten for it.", p.Replaces)
	}
	if p.InForce {
		s.say("It is the first sealing: it is in force at once.")
	} else {
		s.say("It waits: until it is put in force with halligan envelope rotate, the sealing before it counts.")
	}
	return s.String()
}

func holding(h statement.Held) string {
	if h.Place == "" {
		return h.Custodian + ": " + h.Bag
	}
	return h.Custodian + ": " + h.Bag + " at " + h.Place
}

// next is what somebody does after sealing.
func (p *sealPlan) next() string {
	s := new(sheet)
	s.say("Next, every custodian: halligan envelope inspect %s", p.Envelope)
	if !p.InForce {
		s.say("Then change the secret where it counts, see that the new one works and the old one does not, and sign that:")
		s.say("  halligan envelope rotate %s --new-accepted --old-refused", p.Envelope)
	}
	return strings.TrimSuffix(s.String(), "\n")
}
