package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// NoWitnesses is the witness policy of a cell that nobody cosigns: nothing is
// claimed about truncation or forks beyond the reader's own checkpoint.
const NoWitnesses = "none"

// WitnessesMost bounds the witnesses of a policy.
const WitnessesMost = 16

const whereWitnesses = "witness policy"

// Policy says whose cosignatures make a checkpoint a witnessed one: any so many of
// the witnesses that it names. The zero Policy is NoWitnesses. A policy never
// changes; it may be used concurrently.
type Policy struct {
	need      int
	witnesses []witness // by their vkeys
}

// NewPolicy makes the policy "need of these": verifier keys of C2SP
// tlog-cosignature v1 (Ed25519, signature type 4), in any order, each name and
// each key once.
func NewPolicy(need int, vkeys []string) (Policy, error) {
	bad := func(format string, args ...any) (Policy, error) {
		return Policy{}, &Fault{
			Class: ClassAnchor, Where: whereWitnesses, Detail: fmt.Sprintf(format, args...),
			Mend: "copy each key, NAME+HASH+KEY, as its witness prints it",
		}
	}
	if len(vkeys) == 0 || len(vkeys) > WitnessesMost {
		return bad("it names %d witnesses; 1 to %d can be named", len(vkeys), WitnessesMost)
	}
	if need < 1 || need > len(vkeys) {
		return bad("it needs %d of %d witnesses", need, len(vkeys))
	}
	p := Policy{need: need}
	for _, vkey := range slices.Sorted(slices.Values(vkeys)) {
		w, err := parseWitness(vkey)
		if err != nil {
			return bad("%q is no witness key: %v", vkey, err)
		}
		for _, other := range p.witnesses {
			// The signed message does not say who signs it: one key under two names
			// would count twice for one signature.
			if other.name == w.name || other.key == w.key {
				return bad("%s stands twice, or has the key of %s", w.name, other.name)
			}
		}
		p.witnesses = append(p.witnesses, w)
	}
	return p, nil
}

// ParsePolicy reads a policy as genesis and anchors spell it: "none", or
// "2 of 3 VKEY VKEY VKEY", the keys sorted. It accepts exactly what String gives.
func ParsePolicy(text string) (Policy, error) {
	if text == NoWitnesses {
		return Policy{}, nil
	}
	fields := strings.Split(text, " ")
	need, err := strconv.Atoi(fields[0])
	if err == nil && len(fields) > 3 && fields[1] == "of" {
		p, err := NewPolicy(need, fields[3:])
		if err != nil {
			return Policy{}, err
		}
		if p.String() == text {
			return p, nil
		}
	}
	return Policy{}, &Fault{
		Class: ClassAnchor, Where: whereWitnesses,
		Detail: fmt.Sprintf("%s is not one; write %q, or %q with the keys sorted", strconv.Quote(text), NoWitnesses, "2 of 3 KEY KEY KEY"),
		Mend:   "use the text as it was written; if it is not understood, use a newer version of this program",
	}
}

// String is the one spelling of a policy.
func (p Policy) String() string {
	if p.None() {
		return NoWitnesses
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d", p.need, len(p.witnesses))
	for _, w := range p.witnesses {
		b.WriteString(" " + w.vkey)
	}
	return b.String()
}

// None tells whether the policy is NoWitnesses.
func (p Policy) None() bool { return len(p.witnesses) == 0 }

// Need is how many of the witnesses must cosign; 0 for NoWitnesses.
func (p Policy) Need() int { return p.need }

// Names are the names of the witnesses, in the policy's order.
func (p Policy) Names() []string {
	names := make([]string, 0, len(p.witnesses))
	for _, w := range p.witnesses {
		names = append(names, w.name)
	}
	return names
}

// Strangers refuses a policy that names one of these ledger keys as a witness: a
// log that cosigns itself has no witness.
func (p Policy) Strangers(ledgerKeys []string) error {
	for _, key := range ledgerKeys {
		_, raw, err := splitKey(key)
		if err != nil || len(raw) != vkeyBytes {
			continue // the ledger keys are checked elsewhere
		}
		for _, w := range p.witnesses {
			if string(w.key[:]) == string(raw[1:]) {
				return &Fault{
					Class: ClassAnchor, Where: whereWitnesses, Detail: w.name + " has a key of the ledger itself",
					Mend: "name witnesses that others run, with keys of their own",
				}
			}
		}
	}
	return nil
}
