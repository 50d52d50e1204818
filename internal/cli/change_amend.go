package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

type changeAmendCommand struct {
	Files  string `help:"Folder with the edited cell.yaml, scenarios and notes.json." placeholder:"DIR"`
	Offer  string `help:"In place of files: put this passkey, which somebody was invited to make, in force. halligan invite --list shows them." placeholder:"ID"`
	Why    string `help:"Why. Whoever decides on it reads it." placeholder:"TEXT"`
	DryRun bool   `help:"Only show in what the files differ from what is in force; sign nothing."`
	Yes    bool   `help:"Do not ask again before signing."`
	profileFlags
	Signer string `name:"sign-with" help:"Key to sign with, where other commands have --key." env:"HALLIGAN_KEY" placeholder:"FILE"`
}

// Help is the long help of `change propose`.
func (changeAmendCommand) Help() string {
	return `Scenarios, people, keys, groups, hosts, channels and quorums change by a change of the document that says them. Copy the cell's files, edit the copy, and propose it: what is in force is proved from your anchor, compared with your files on this machine and shown as a list; each line says whether it widens who can do what. You are the first of the change quorum to sign. Keys that it adds agree to nothing, and whoever signs it may not ask under what it widens, until the cool-off is over (72h unless cell.yaml says otherwise).

Examples:

    halligan change propose --files ./edited --dry-run
    halligan change propose --files ./edited --why "kim joins the on-call"
    halligan change propose --offer 77a0c1de --why "dora signs with a passkey, too"
    halligan change propose remove bob --why "left the company"`
}

// Run proposes.
func (a changeAmendCommand) Run(c *call) error { return a.propose(c, false) }

// propose proposes an amendment to the change quorum, or to the recovery quorum.
func (a changeAmendCommand) propose(c *call, recovery bool) error {
	switch {
	case a.Files == "" && a.Offer == "":
		return failf(exitUsage, "missing flags: --files=DIR, or --offer=ID").
			or("halligan change propose --files ./edited --dry-run shows what edited files would change; halligan invite --list shows keys that are offered")
	case a.Files != "" && a.Offer != "":
		return failf(exitUsage, "--files and --offer do not go together: a change is one or the other").
			or("propose what is offered first (--offer %s), then the files: they must be copied from what is in force by then", a.Offer)
	}
	m, err := c.open(memberFlags{profileFlags: a.profileFlags, Key: a.Signer})
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	draft, err := a.draft(m, p)
	if err != nil {
		return err
	}
	if beyond := beyondPeople(draft.compared.Differences); recovery && beyond != "" {
		return failf(exitRefused, "the files change %s; a recovery touches people and groups alone", beyond).or("take the rest back: the people whom it puts in place can change it later")
	}
	sheet := comparedSheet(draft.compared)
	if a.DryRun {
		return c.answer(draft.shown(), func() { c.print(sheet) })
	}
	if a.Why == "" {
		return failf(exitUsage, "missing flags: --why=TEXT").or("say why in a sentence; or only look, with --dry-run")
	}
	why, text, err := c.note(a.Why, "--why")
	if err != nil {
		return err
	}
	body, quorum := statement.Body(&statement.Change{Amend: draft.amend, Reason: why}), "change"
	if recovery {
		body, quorum = &statement.Recover{Amend: *draft.amend, Reason: why}, "recovery"
	}
	c.toPeople(sheet + fmt.Sprintf("\nYour signature, as %s, proposes exactly this and is the first of the %s quorum's.\n", m.person(), quorum))
	if err := c.confirm(a.Yes, "propose"); err != nil {
		return err
	}
	answer, err := m.send(order{body: body, notes: append([]client.Noted{text}, draft.texts...), files: draft.files, seen: p.seen()})
	if err != nil {
		return err
	}
	return m.proposed(answer, quorum)
}

// draft is what the files, or the offer, would put in force.
func (a changeAmendCommand) draft(m *member, p *proof) (draft, error) {
	if a.Offer != "" {
		return m.offered(p, a.Offer)
	}
	bundle, err := editedFiles(a.Files, p.world.Genesis)
	if err != nil {
		return draft{}, err
	}
	return drafted(p, &bundle)
}

// editedFiles compiles a folder for a cell that is sealed: the server's keys, and
// the rules that it began with, are those of the document in force.
func editedFiles(folder string, inForce *cell.Genesis) (config.Bundle, error) {
	if _, err := os.Stat(filepath.Join(folder, config.NotesFile)); errors.Is(err, fs.ErrNotExist) {
		return config.Bundle{}, failf(exitUsage, "there is no %s in %s", config.NotesFile, folder).
			or("copy it from the cell's folder, beside %s: without its salts every name would look changed", config.CellFile)
	}
	if _, err := config.FillNotes(folder, rand.Reader); err != nil {
		return config.Bundle{}, broken(err)
	}
	// Before compiling, which could only say that the server's keys have another name.
	if d, err := config.Read(folder); err == nil && d.Genesis.Origin != inForce.Origin {
		return config.Bundle{}, failf(exitUsage, "the files name the cell %s, and it is %s: the name of a cell never changes", d.Genesis.Origin, inForce.Origin).
			or("write name: %s in %s", inForce.Origin, filepath.Join(folder, config.CellFile))
	}
	bundle, err := config.Compile(folder, config.MachineKeys{
		Ledger: inForce.Ledger, Revocations: inForce.Revocations, Authority: inForce.Authority.Line,
	})
	if err != nil {
		return config.Bundle{}, broken(err)
	}
	return bundle.Under(inForce.Rules)
}

// draft is an amendment before it is signed.
type draft struct {
	amend    *statement.Amend
	files    [][]byte
	texts    []client.Noted
	compared view.Compared
}

// shown is a draft as JSON.
func (d draft) shown() any {
	return struct {
		From        canon.Digest      `json:"from"`
		To          canon.Digest      `json:"to"`
		Differences []cell.Difference `json:"differences"`
		Widened     []string          `json:"widened,omitempty"`
	}{d.amend.From, d.amend.To.Digest, d.compared.Differences, d.compared.Widened}
}

// drafted compares files with what is in force, and gathers what must travel.
func drafted(p *proof, bundle *config.Bundle) (draft, error) {
	edited, err := bundle.Document()
	if err != nil {
		return draft{}, because(exitUsage, err, "cannot use the cell's files").or("halligan lint shows every problem with its mend")
	}
	d := draft{
		amend: &statement.Amend{From: p.world.Document, To: *blobOf(bundle.GenesisBytes)}, files: [][]byte{bundle.GenesisBytes},
		compared: view.Compare(p.world.Document, p.world.InForce(), edited),
	}
	if d.amend.To.Digest == d.amend.From {
		return d, failf(exitUsage, "the files say what is in force: there is nothing to propose").or("edit a copy of the cell's files first")
	}
	for _, ref := range edited.Genesis.Scenarios {
		if p.world.Digests[ref.ID] == ref.Digest {
			continue
		}
		d.amend.With = append(d.amend.With, *blobOf(bundle.Scenarios[ref.ID]))
		d.files = append(d.files, bundle.Scenarios[ref.ID])
	}
	for _, ref := range edited.Genesis.Policies {
		if !slices.Contains(p.world.Genesis.Policies, ref) {
			d.amend.With = append(d.amend.With, *blobOf(bundle.Policies[ref.ID]))
			d.files = append(d.files, bundle.Policies[ref.ID])
		}
	}
	slices.SortFunc(d.amend.With, func(a, b statement.Blob) int { return slices.Compare(a.Digest[:], b.Digest[:]) })
	known := map[canon.Digest]bool{}
	for _, person := range p.world.Roster.People {
		known[person.Name], known[person.Contact] = true, true
	}
	for _, note := range bundle.Notes {
		if hash := canon.Digest(note.Hash()); !known[hash] {
			known[hash] = true
			d.amend.Texts = append(d.amend.Texts, statement.Note{Hash: hash, Length: len(note.Text)})
			d.texts = append(d.texts, client.Noted{Salt: note.Salt[:], Text: note.Text})
		}
	}
	return d, nil
}
