package cli

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// shownChange is a change and what an amendment would change, worked out here.
type shownChange struct {
	*cell.Change `json:",embed"`
	Differences  []cell.Difference `json:"differences,omitempty"`
}

// comparedSheet lists in what another document differs from the one in force,
// and which passkeys it adds.
func (p *proof) comparedSheet(differences []cell.Difference, widened, passkeys []string) string {
	s := new(sheet)
	s.say("In force is document %s. Compared with it on this machine:", p.world.Document.Short())
	s.say("")
	for _, d := range differences {
		s.say("  %-8s  %s: %s", d.Bearing, strings.TrimSpace(d.About+" "+d.Of), line(d.Text))
	}
	s.say("")
	s.items("Passkeys that it adds, each of the host whose pages it signs on:", passkeys)
	if len(widened) > 0 {
		s.say("It widens %s. Whoever signs it may not ask under that for %s after it is in force.", both(widened), p.world.Genesis.Cools())
	}
	s.say("Keys that it adds agree to nothing for %s. Who and what it removes counts no more at once, for good.", p.world.Genesis.Cools())
	return s.String()
}

// amendSheet says what an amendment would do, from the documents themselves.
func (p *proof) amendSheet(s *sheet, change *cell.Change, asked *statement.Amend) {
	s.say("%s proposes another document of the cell: %s.", change.Proposer, change.To.Short())
	if change.From != p.world.Document {
		s.say("It was compared with document %s, which is not in force any more: the rules will refuse it. Propose it again.", change.From.Short())
		return
	}
	proposed, err := p.world.Proposed(change)
	if err != nil {
		s.say("The rules would refuse it as things stand: %s.", line(err.Error()))
		return
	}
	in := p.world.InForce()
	s.WriteString(p.comparedSheet(cell.Compare(in, proposed), cell.Widened(in, proposed), view.NewPasskeys(in, proposed)))
	var texts []string
	for _, note := range asked.Texts {
		text, ok := p.text(note.Hash)
		if !ok {
			text = "a text that is not in the evidence, or was erased"
		}
		texts = append(texts, note.Hash.Short()+"  "+line(text))
	}
	s.items("Names and contacts that are new in it:", texts)
}
