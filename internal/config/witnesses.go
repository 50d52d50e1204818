package config

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// witnessesFile is the word none, or how many of which witnesses must cosign.
type witnessesFile struct {
	Mark
	Need count  `yaml:"need,required"`
	Of   []word `yaml:"of,required" mend:"write the key that each witness prints, NAME+HASH+KEY"`

	none word
}

const witnessesMend = "write none, or need: and of: with the keys of your witnesses; docs/howto/watch-with-witnesses.md shows how"

func (w *witnessesFile) read(f *findings, n *node) {
	switch {
	case n.form == text && n.text == ledger.NoWitnesses:
		w.none = word{n.text, n.place}
	case n.form == mapping:
		readRecord(f, n, reflect.ValueOf(w).Elem())
	default:
		f.errorf(n.place, witnessesMend, "witnesses must be none or %s, is %s", mapping, n.saying())
	}
}

// policy gives the witness policy in its one spelling; of what cannot be read, none.
func (w *witnessesFile) policy(f *findings) string {
	if w.none.given() || !w.Need.given || len(w.Of) == 0 {
		if w.at.file != "" && len(w.Of) == 0 && w.keys["of"].file != "" {
			f.errorf(w.key("of"), witnessesMend, "no witness is named")
		}
		return ledger.NoWitnesses
	}
	good := true
	for i, key := range w.Of {
		if _, err := ledger.NewPolicy(1, []string{key.text}); err != nil {
			f.errorf(key.at, mendOf(err), "%v", faultOf(err))
			good = false
		} else if _, err := ledger.NewPolicy(1, texts(w.Of[:i+1])); good && err != nil {
			f.errorf(key.at, "name each witness once: a second name for one key would count twice", "%v", faultOf(err))
			good = false
		}
	}
	if w.Need.n < 1 || w.Need.n > len(w.Of) {
		f.errorf(w.Need.at, "write a number from 1 to that of the witnesses", "need is %d of %d witnesses", w.Need.n, len(w.Of))
		good = false
	}
	if !good {
		return ledger.NoWitnesses
	}
	policy, err := ledger.NewPolicy(w.Need.n, texts(w.Of))
	if err != nil {
		f.errorf(w.at, mendOf(err), "%v", faultOf(err))
		return ledger.NoWitnesses
	}
	if w.Need.n == len(w.Of) {
		f.warnf(w.Need.at, "name one more witness than must cosign", "every witness must cosign: when one is away, every credential leaves late and unwitnessed")
	}
	return policy.String()
}

// faultOf is what is wrong without where: lint says that itself.
func faultOf(err error) string {
	var fault *ledger.Fault
	if errors.As(err, &fault) {
		return fault.Detail
	}
	return err.Error()
}

func mendOf(err error) string {
	var fault *ledger.Fault
	if errors.As(err, &fault) && fault.Mend != "" {
		return fault.Mend
	}
	return witnessesMend
}

// witnessed reads where the witnesses are.
func (s *serverFacts) witnessed() {
	for _, e := range s.file.Witnesses {
		w := e.value
		if w.text == "" {
			continue
		}
		u, err := url.Parse(w.text)
		switch {
		case err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
			s.errorf(w.at, "write the address that the witness's people give, such as https://witness.example.net/halligan", "%s is not a URL", show(w.text))
		case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			s.errorf(w.at, "write the address alone", "the address of a witness holds a user, a query or a fragment")
		case u.Scheme == "http" && !loopback(u.Hostname()):
			s.errorf(w.at, "write https://", "checkpoints to %s would travel in the clear", show(w.text))
		case s.out.Witnesses == nil:
			s.out.Witnesses = map[string]string{e.key.text: w.text}
		default:
			s.out.Witnesses[e.key.text] = w.text
		}
	}
}

// checkWitnesses compares the addresses with the witnesses of the cell.
func (s *serverFacts) checkWitnesses(f *findings, policy string) {
	parsed, err := ledger.ParsePolicy(policy)
	if err != nil {
		return // said before
	}
	names := parsed.Names()
	for _, e := range s.file.Witnesses {
		if !slices.Contains(names, e.key.text) {
			f.errorf(e.key.at, nearest(e.key.text, names, "witnesses: "), "the cell has no witness %s", show(e.key.text))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(s.file.Witnesses, func(e entry[word]) bool { return e.key.text == name }) {
			f.warnf(s.file.at, "add it under witnesses, with its address", "witness %s has no address here: it is never asked", show(strings.TrimSpace(name)))
		}
	}
}
