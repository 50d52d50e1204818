package cell

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Program is a program of the server's machine that opens and closes targets.
// Where it lies is the server's own; what it may be asked, and how the end of
// what it opened is known, is signed.
type Program struct {
	ID         string      `json:"id"`
	Opens      string      `json:"opens"`                // in words: what it opens
	Probes     bool        `json:"probes,omitzero"`      // it can tell whether a lease is refused
	Lists      bool        `json:"lists,omitzero"`       // it can list what stands open
	Parameters []Parameter `json:"parameters,omitempty"` // every scenario gives each of them
	Other      string      `json:"other_way,omitempty"`  // how to end it by hand
}

// Parameter is one value that a scenario gives to a program.
type Parameter struct {
	ID    string   `json:"id"`
	Kind  string   `json:"kind"`           // one of ParameterKinds
	Of    []string `json:"of,omitempty"`   // of a choice
	Least int64    `json:"least,omitzero"` // of a number
	Most  int64    `json:"most,omitzero"`
}

// The kinds of a parameter.
const (
	ParameterName   = "name"   // access.PlainName
	ParameterChoice = "choice" // one of Of
	ParameterNumber = "number" // a whole number, Least to Most
)

// ParameterKinds lists them.
var ParameterKinds = []string{ParameterName, ParameterChoice, ParameterNumber}

// Limits of programs.
const (
	ProgramsMost   = 64
	ParametersMost = 16
	ChoicesMost    = 64
)

// Program finds a program of the cell.
func (g *Genesis) Program(id string) (*Program, bool) {
	i := slices.IndexFunc(g.Programs, func(p Program) bool { return p.ID == id })
	if i < 0 {
		return nil, false
	}
	return &g.Programs[i], true
}

// Needs are the proofs that close a lease of the program.
func (p *Program) Needs() []access.ProofKind {
	var needs []access.ProofKind
	if p.Probes {
		needs = append(needs, access.ProofRefused)
	}
	if p.Lists {
		needs = append(needs, access.ProofEnded)
	}
	return needs
}

// RulesOfPrograms is the number of the first rules that know programs.
const RulesOfPrograms = 2

func (g *Genesis) checkPrograms() error {
	if len(g.Programs) > 0 && g.Rules < RulesOfPrograms {
		return fmt.Errorf("programs: need rules %d; this cell begins with rules %d", RulesOfPrograms, g.Rules)
	}
	if len(g.Programs) > ProgramsMost {
		return fmt.Errorf("programs: at most %d", ProgramsMost)
	}
	seen := map[string]bool{}
	for i := range g.Programs {
		p := &g.Programs[i]
		if err := canon.CheckID(p.ID); err != nil {
			return fmt.Errorf("programs: %w", err)
		}
		if seen[p.ID] || p.Opens == "" {
			return fmt.Errorf("programs: %s must stand once and say what it opens", p.ID)
		}
		seen[p.ID] = true
		if err := p.checkParameters(); err != nil {
			return fmt.Errorf("programs: %s: %w", p.ID, err)
		}
	}
	return nil
}

func (p *Program) checkParameters() error {
	if len(p.Parameters) > ParametersMost {
		return fmt.Errorf("at most %d parameters", ParametersMost)
	}
	seen := map[string]bool{}
	for _, q := range p.Parameters {
		if err := canon.CheckID(q.ID); err != nil {
			return fmt.Errorf("parameter %w", err)
		}
		if seen[q.ID] {
			return fmt.Errorf("parameter %s stands twice", q.ID)
		}
		seen[q.ID] = true
		if err := q.check(); err != nil {
			return fmt.Errorf("parameter %s: %w", q.ID, err)
		}
	}
	return nil
}

func (q Parameter) check() error {
	switch {
	case !slices.Contains(ParameterKinds, q.Kind):
		return fmt.Errorf("%q is not one of %v", q.Kind, ParameterKinds)
	case (q.Kind == ParameterChoice) != (len(q.Of) > 0) || len(q.Of) > ChoicesMost:
		return fmt.Errorf("of: a choice, and nothing else, has 1 to %d", ChoicesMost)
	case q.Kind != ParameterNumber && (q.Least != 0 || q.Most != 0):
		return errors.New("least, most: belong to a number")
	case q.Kind == ParameterNumber && q.Least > q.Most:
		return errors.New("least, most: least must not be over most")
	}
	for i, choice := range q.Of {
		if !access.PlainName(choice) || slices.Contains(q.Of[:i], choice) {
			return fmt.Errorf("of: %q must be a plain name and stand once", choice)
		}
	}
	return nil
}

// Takes tells why a value is not one of the parameter; nil: it is.
func (q Parameter) Takes(value string) error {
	switch q.Kind {
	case ParameterChoice:
		if !slices.Contains(q.Of, value) {
			return fmt.Errorf("%q is not one of %v", value, q.Of)
		}
	case ParameterNumber:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != value || n < q.Least || n > q.Most {
			return fmt.Errorf("%q is not a whole number from %d to %d", value, q.Least, q.Most)
		}
	default:
		if !access.PlainName(value) {
			return fmt.Errorf("%q is not a plain name (letters, digits, . _ @ -, beginning with a letter or digit, without ..)", value)
		}
	}
	return nil
}

// checkExec refuses what a program of the cell could not be asked.
func checkExec(t *access.Exec, g *Genesis) error {
	if err := canon.CheckID(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	p, ok := g.Program(t.Program)
	if !ok {
		return fmt.Errorf("program: %q is no program of the cell", t.Program)
	}
	for _, q := range p.Parameters {
		value, given := t.Parameters[q.ID]
		if !given {
			return fmt.Errorf("parameters: %s is missing", q.ID)
		}
		if err := q.Takes(value); err != nil {
			return fmt.Errorf("parameters.%s: %w", q.ID, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Parameters)) {
		if !slices.ContainsFunc(p.Parameters, func(q Parameter) bool { return q.ID == id }) {
			return fmt.Errorf("parameters: program %s takes no %s", p.ID, id)
		}
	}
	return nil
}
