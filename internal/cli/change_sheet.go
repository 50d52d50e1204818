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
func comparedSheet(v view.Compared) string {
	s := new(sheet)
	s.say("In force is document %s. Compared with it on this machine:", v.InForce.Short())
	s.say("")
	for _, d := range v.Differences {
		s.say("  %-8s  %s: %s", d.Bearing, strings.TrimSpace(d.About+" "+d.Of), line(d.Text))
	}
	s.say("")
	s.items("Passkeys that it adds, each of the host whose pages it signs on:", v.Passkeys)
	for _, each := range v.Follows {
		s.say("%s", each)
	}
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
	s.WriteString(comparedSheet(view.Compare(p.world.Document, p.world.InForce(), proposed)))
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
