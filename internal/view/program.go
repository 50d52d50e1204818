package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// programOpening is the blast radius of what a program opens.
func (s *state) programOpening(target *access.Exec) Opening {
	v := Opening{Target: target.Name, Program: target.Program, Principals: []string{}}
	program, ok := s.Genesis.Program(target.Program)
	if !ok {
		return v
	}
	var values []string
	for _, id := range slices.Sorted(maps.Keys(target.Parameters)) {
		values = append(values, fmt.Sprintf("%s %s", id, target.Parameters[id]))
	}
	with := ""
	if len(values) > 0 {
		with = ", with " + both(values)
	}
	v.Text = fmt.Sprintf("%s%s: opened by the program %s for as long as the grant lives, and closed by it; its end is known when %s.",
		program.Opens, with, program.ID, endKnown(program.Needs()))
	return v
}

// endKnown says how the end of what a program opened is known.
func endKnown(needs []access.ProofKind) string {
	words := map[access.ProofKind]string{
		access.ProofRefused: "the target refuses what it accepted before", access.ProofEnded: "the target lists it no more",
	}
	var how []string
	for _, kind := range needs {
		how = append(how, words[kind])
	}
	if len(how) == 0 {
		return "a person attests it, and in no other way"
	}
	return both(how)
}

var programWords = map[access.ProofKind]string{
	access.ProofRefused: "the target refused what it accepted before", access.ProofEnded: "the target listed it no more",
	access.ProofAttested: "a person attested",
}

// programKnown is what is known of a lease that a program opened.
func programKnown(l *access.Lease, now canon.Time) string {
	if l.State == access.LeaseOpen {
		return fmt.Sprintf("open, by the program %s", l.Program)
	}
	since := fmt.Sprintf("closing since %s: the program %s ", clock(l.Closing.At, now), l.Program)
	switch {
	case l.Shut.IsZero():
		return since + "has not said yet that it closed"
	case len(l.Needs) == 0:
		return since + fmt.Sprintf("says that it closed at %s, and can show nothing of it: a person must attest", clock(l.Shut, now))
	}
	var missing []access.ProofKind
	for _, kind := range l.Needs {
		if !l.Has(kind) {
			missing = append(missing, kind)
		}
	}
	return since + fmt.Sprintf("says that it closed at %s; it is proved when %s", clock(l.Shut, now), endKnown(missing))
}

// programSteps are what comes next for a lease of a program that is closing.
func programSteps(l *access.Lease) []Step {
	switch {
	case l.Shut.IsZero():
		return []Step{{Text: fmt.Sprintf("The program %s is asked to close %s until it says that it did.", l.Program, l.Target)}}
	case len(l.Needs) == 0:
		return []Step{{Text: fmt.Sprintf("An approver or security looks that %s is closed, and attests it.", l.Target)}}
	case slices.Contains(l.Needs, access.ProofRefused) && !l.Worked:
		return []Step{{Text: fmt.Sprintf("That %s worked was never seen, so that its refusal proves nothing: an approver or security attests it.", l.Target)}}
	}
	return []Step{{Text: fmt.Sprintf("The program %s is asked to show that %s is over, until it does or an approver or security attests it.", l.Program, l.Target)}}
}
