package cli

import (
	"context"
	"io"

	"github.com/alecthomas/kong"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// Model is the command line as kong sees it.
func Model() (*kong.Application, error) {
	parser, err := newParser(new(commands), newCall(context.Background(), Streams{}))
	if err != nil {
		return nil, err
	}
	return parser.Model, nil
}

// Exits is the table of exit codes.
func Exits() (codes []int, means []string) {
	for _, e := range exits {
		codes, means = append(codes, e.code), append(means, e.means)
	}
	return codes, means
}

// BriefSheet is what an approver is shown of a request.
func BriefSheet(ctx context.Context, anchor ledger.Anchor, evidence []byte, id canon.Digest) (string, error) {
	p, err := prove(ctx, anchor, evidence)
	if err != nil {
		return "", err
	}
	b, err := briefOf(p, id)
	if err != nil {
		return "", err
	}
	return b.sheet(), nil
}

// ReadCard reads a custodian's card and says whose it says it is.
func ReadCard(data []byte) (person string, err error) {
	shown, _, err := readCard(data)
	return shown.Person, err
}

// Busy says what goes on for long.
func Busy(to io.Writer, doing string) (off func()) {
	return newCall(context.Background(), Streams{Err: to}).busy(doing)
}

// Code is the exit code of an error.
func Code(err error) int { return classify(err).code }

// ByHand adds to an error of stop what still works without the server.
func ByHand(err error) string { return classify(byHand(err)).hint }

// The sheets that render what a server shows, and how text is made safe.
var (
	RequestSheet = requestSheet
	NowSheet     = nowSheet
	InboxSheet   = inboxSheet
	UseSheet     = useSheet
	Shown        = shown
	ShownJSON    = shownJSON
	Quoted       = quoted
)

// Waiter tells what is new about a request.
type Waiter struct{ w waiter }

// News is what changed since the last call.
func (w *Waiter) News(r view.Request) []string { return w.w.news(r) }

// GenesisSheet is what a founder is shown of what a server says founders sign.
func GenesisSheet(files client.FoundingFiles, of string) (string, error) {
	g, err := checkedGenesis(files, of, canon.Time{})
	if err != nil {
		return "", err
	}
	return g.sheet(), nil
}

// AWSSheet is what a founder is shown of AWS.
func AWSSheet(of *cell.AWS) string {
	var s sheet
	s.aws(of)
	return s.String()
}

// EpochFits is what a signer's machine compares before it signs an epoch.
func EpochFits(e statement.Epoch, base, known ledger.Checkpoint) error {
	return epochFile{Epoch: e}.fits(base, known)
}

// EpochHolds is what becomes of a checkpoint that is named for what is lost.
func EpochHolds(lost statement.Seen, cp ledger.Checkpoint) (statement.Seen, error) {
	f := epochFile{Epoch: statement.Epoch{Lost: lost}}
	err := f.hold("seen", []byte("seen"), cp)
	return f.Epoch.Lost, err
}

// EpochMaySign is whom a proposal lets sign.
func EpochMaySign(signers []string, person string) error {
	return epochFile{Signers: signers}.maySign(person)
}

// EpochSigners are those whom it names.
func EpochSigners(w *cell.World) []string { return epochSigners(w) }

// EpochSignedBy compares what somebody signed with the draft in epoch.json.
func EpochSignedBy(e statement.Epoch, base ledger.Checkpoint, signed []byte) error {
	return epochFile{Epoch: e}.signedBy(epochSigned{Statement: string(signed)}, base, "epoch-ben.json", "epoch.json")
}

// Read reads arguments on the line of all commands, and on that of the one that
// they begin with, and gives the commands as they were read; one is nil where no
// such line is made.
func Read(args []string) (all, one any, err error) {
	args, _ = command(asTyped(args))
	read := func(line any) any {
		parser, failed := newParser(line, newCall(context.Background(), Streams{Out: io.Discard, Err: io.Discard}))
		if failed != nil {
			err = failed
			return nil
		}
		done, parsed, failed := parse(parser, args)
		if done || failed != nil {
			err = failed
			return nil
		}
		return [2]any{parsed.Command(), parsed.Selected().Target.Interface()}
	}
	if line, flags := only(args); line != nil {
		one = [3]any{read(line), *flags}
	}
	line := new(commands)
	return [3]any{read(line), line.globals}, one, err
}

// EditedFiles compiles files that are edited since they came into force.
func EditedFiles(folder string, edit func()) error {
	bundle, _, err := compile(folder)
	if err != nil {
		return err
	}
	edit()
	_, err = editedFiles(folder, &bundle.Genesis)
	return err
}

// Hint is what is said to do about an error.
func Hint(err error) string { return classify(err).hint }

// AnotherEpoch is the failure of a mirror that an epoch began over.
func AnotherEpoch(held, now string) error { return anotherEpoch(held, now, client.ErrNewEpoch) }

// Unmirrored is what a round that failed ends with.
func Unmirrored(err error) error { return unmirrored(err) }

// OtherWay is what `which` says of an exclusion that names another scenario.
func OtherWay(of view.Scenario, because, way, command string) string {
	return otherWaySheet(whichAnswer{Because: because, OtherWay: way, Command: command}, of)
}

// ShellQuoted is a path in a command that a person copies.
func ShellQuoted(path string) string { return shellQuoted(path) }

// Pictured is a text as a code for cameras.
var Pictured = pictured
