package cell

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Verifier checks signatures for a replay. Both methods may be called
// concurrently, and their errors say that the signature is not good.
type Verifier interface {
	// Statement checks the signature over a statement's bytes and says whose
	// key made it.
	Statement(kind statement.Kind, data []byte, signature ledger.Signature) (Signer, error)
	// Report checks a host's signature over its report and reads the facts.
	Report(report, signature []byte) (ReportFacts, error)
}

// Prepared is a recorded entry whose signatures were checked.
type Prepared struct {
	Body    []byte
	Entry   ledger.Entry
	Command Command
}

// Prepare decodes a recorded entry and checks the signatures in it. It needs
// no world, so that entries can be prepared in parallel.
func Prepare(body []byte, check Verifier) (Prepared, error) {
	entry, err := ledger.DecodeEntry(body)
	if err != nil {
		return Prepared{}, err
	}
	command := Command{At: entry.At}
	if entry.Observed != nil {
		if err := canon.Decode(entry.Observed, ledger.EntryLimit, &command.Observed); err != nil {
			return Prepared{}, fmt.Errorf("observed: %w", err)
		}
		command.recorded = entry.Observed
	}
	if entry.Cause.Effect != "" {
		command.Effect = &Effect{Kind: EffectKind(entry.Cause.Effect), Task: entry.Cause.Task}
		if reported := command.Observed.Report; reported != nil {
			if reported.Facts, err = check.Report(reported.Report, reported.Signature); err != nil {
				return Prepared{}, fmt.Errorf("observed report: %w", err)
			}
		}
		return Prepared{body, entry, command}, nil
	}
	if command.Observed.Report != nil {
		return Prepared{}, errors.New("observed report: belongs to the result of a task")
	}
	s, err := statement.Decode(entry.Cause.Statement)
	if err != nil {
		return Prepared{}, err
	}
	signer, err := check.Statement(s.Body.Kind(), entry.Cause.Statement, *entry.Cause.Signature)
	if err != nil {
		return Prepared{}, fmt.Errorf("signature of the %s statement by %s: %w", s.Body.Kind(), s.Actor, err)
	}
	acts, err := Acts(s.Body, check)
	if err != nil {
		return Prepared{}, err
	}
	command.Signed = &Signed{Statement: s, Bytes: entry.Cause.Statement, Signature: *entry.Cause.Signature, Signer: signer, Acts: acts}
	return Prepared{body, entry, command}, nil
}

var (
	// ErrDifferent says that the rules make another entry of what was recorded:
	// the recorded one is not what this ledger's law gives.
	ErrDifferent = errors.New("the rules give another entry")
	// ErrRefused says that the rules refuse what was recorded as done.
	ErrRefused = errors.New("the rules refuse what the entry records")
	// ErrOtherEngine says that a condition decides otherwise here than by the engine
	// that the entry names. Check with a version of that engine before you believe it.
	ErrOtherEngine = errors.New("another engine judged its conditions")
)

// Replay decides a recorded entry again and demands the same bytes. On error
// the world is no longer usable.
func (w *World) Replay(p Prepared) (Recorded, error) {
	if p.Command.Observed.Published {
		w.Publish()
		if !w.published {
			return Recorded{}, fmt.Errorf("%w: a checkpoint of size %d is said to be published twice", ErrDifferent, w.index)
		}
	}
	outcome, err := Decide(w, p.Command)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		if p.Entry.Stream != StreamRefused || refusal.Person == "" {
			return Recorded{}, p.judgedHere(refusal.Reason == Condition, fmt.Errorf("%w: %s (%s)", ErrRefused, refusal.Detail, refusal.Reason))
		}
		outcome, err = refusedOutcome(refusal), nil
	}
	if err != nil {
		return Recorded{}, err
	}
	recorded, err := w.record(p.Command, outcome)
	if err != nil {
		return Recorded{}, err
	}
	if !bytes.Equal(recorded.Body, p.Body) {
		return Recorded{}, p.judgedHere(p.Entry.Stream == StreamRefused, fmt.Errorf("%w: %s", ErrDifferent, difference(recorded.Entry, p.Entry)))
	}
	return recorded, nil
}

// judgedHere tells a verdict that another engine came to from one that nobody can
// have come to.
func (p Prepared) judgedHere(condition bool, err error) error {
	if by := p.Command.Observed.Engine; condition && by != "" && by != policy.Engine {
		return fmt.Errorf("%w: %q is named, and here is %q: %w", ErrOtherEngine, by, policy.Engine, err)
	}
	return err
}

// ReplayAt is Replay for evidence that leaves out other streams: the entry has
// the index that the evidence proves. The world must come from NewPartial.
func (w *World) ReplayAt(index int64, p Prepared) (Recorded, error) {
	if index < w.index {
		return Recorded{}, fmt.Errorf("%w: entry %d comes after entry %d", ErrDifferent, index, w.index)
	}
	w.index = index
	return w.Replay(p)
}

// NewPartial is New for evidence that leaves out entries. Its replay cannot
// check what needs them all: that a nonce is new across streams, that the
// checkpoint a signer saw was this ledger's, how many requests a person had, and
// that no review of the scenario was overdue but the one that an entry names.
func NewPartial(origin string, attachments Attachments) *World {
	w := New(origin, attachments)
	w.partial = true
	return w
}

// difference names the first member in which two entries differ.
func difference(rules, recorded ledger.Entry) string {
	a, b := canon.MustEncode(rules.Events), canon.MustEncode(recorded.Events)
	switch {
	case rules.Stream != recorded.Stream:
		return fmt.Sprintf("stream %s, recorded is %s", rules.Stream, recorded.Stream)
	case rules.Prev != recorded.Prev:
		return fmt.Sprintf("the stream's entry before it is %d, recorded is %d: an entry of the stream is missing or forged", rules.Prev, recorded.Prev)
	case rules.Cell != recorded.Cell:
		return fmt.Sprintf("the newest entry of the cell is %d, recorded is %d: an entry of the cell is missing or forged", rules.Cell, recorded.Cell)
	case !bytes.Equal(a, b):
		return fmt.Sprintf("events %s, recorded are %s", a, b)
	}
	return "in what was observed"
}
