package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/view"
)

type procedureCommand struct {
	Scenario    string `arg:"" complete:"scenarios" help:"The scenario: halligan explain lists all."`
	Role        string `complete:"requester,approver,custodian,reviewer" help:"Only the page of this role: requester, approver, custodian or reviewer. Default: all." placeholder:"ROLE"`
	HTML        bool   `name:"html" help:"Write a page for a browser, to be printed: one sheet for each role, and nothing from elsewhere." xor:"form"`
	Text        bool   `help:"Write plain text. This is the default." xor:"form"`
	VersionOnly bool   `help:"Print the version alone, to compare with a print."`
	Is          string `help:"Say whether a print of this version is what is in force. Exit code 10 says that it is stale." placeholder:"VERSION"`
	Files       string `help:"Write it from cell.yaml and the scenarios of a folder, and ask no server." placeholder:"DIR"`
	memberFlags
}

// Help is the long help of `procedure`.
func (procedureCommand) Help() string {
	return `It writes what people need to have in their hands: when it is an emergency, whom to call and how, what to type, what each yes opens, and how to end everything by hand. Names, numbers and commands are those of your cell. Print it and keep it where nothing is needed to read it; each print says which version it is, when it is stale, and the genesis that it belongs to.

Examples:

    halligan procedure database-locked-out
    halligan procedure database-locked-out --role approver
    halligan procedure database-locked-out --html > database-locked-out.html
    halligan procedure database-locked-out --is 5f0c1a2b9d3e4f60`
}

// Run writes.
func (p procedureCommand) Run(c *call) error {
	written, err := p.written(c)
	if err != nil {
		return err
	}
	switch {
	case p.VersionOnly:
		return c.answer(map[string]string{"version": written.Version.Short()}, func() { c.say("%s", written.Version.Short()) })
	case p.Is != "":
		return p.compare(c, written)
	}
	written.Printed = canon.At(c.now())
	pages := written.Pages
	if p.Role != "" {
		page, ok := written.Page(paper.Role(p.Role))
		if !ok {
			return failf(exitNotFound, "%s has no page for %q", p.Scenario, p.Role).or("its pages: %s", pagesOf(written))
		}
		pages = []paper.Page{page}
	}
	written.Pages = pages
	return c.answer(written, func() {
		if p.HTML {
			c.print(written.HTML(pages))
			return
		}
		c.print(written.Text(pages))
	})
}

// compare tells whether a print is still true.
func (p procedureCommand) compare(c *call, written paper.Procedure) error {
	if len(p.Is) < 8 || strings.Trim(strings.ToLower(p.Is), "0123456789abcdef") != "" {
		return failf(exitUsage, "%q is no version of a print", p.Is).or("give the 16 digits, of 0–9 and a–f, that stand at its foot; the first 8 or more will do")
	}
	now := written.Version.String()
	same := strings.HasPrefix(now, strings.ToLower(p.Is))
	err := c.answer(map[string]any{"current": same, "version": written.Version.Short()}, func() {
		if same {
			c.say("%s is what is in force.", p.Is)
		}
	})
	if err != nil || same {
		return err
	}
	return failf(exitDiffers, "%s is stale: in force is %s", p.Is, written.Version.Short()).or("print it again, and take the old one away")
}

func pagesOf(p paper.Procedure) string {
	var roles []string
	for _, page := range p.Pages {
		roles = append(roles, string(page.Role))
	}
	return both(roles)
}

// written is the procedure of the scenario, in force or as files have it.
func (p procedureCommand) written(c *call) (none paper.Procedure, err error) {
	var known *scenarioBook
	var places paper.Places
	if p.Files != "" {
		if known, err = filesBook(p.Files); err != nil {
			return none, err
		}
		if places.People, err = peopleOfFiles(p.Files); err != nil {
			return none, err
		}
	} else {
		m, err := c.open(p.memberFlags)
		if err != nil {
			return none, err
		}
		proved, err := m.provedCell()
		if err != nil {
			return none, err
		}
		document := proved.world.InForce()
		known = &scenarioBook{genesis: document.Genesis, Scenarios: document.Scenarios}
		places = paper.Places{Genesis: canon.Digest(m.pinned.Genesis), Server: m.way.client.Profile().URL}
		shown, err := readAs[view.People](m, "people")
		if err != nil {
			return none, err
		}
		if places.People, err = proved.people(shown); err != nil {
			return none, err
		}
	}
	if known.Scenarios[p.Scenario] == nil {
		return none, noScenario(known, p.Scenario)
	}
	return paper.Cell{Genesis: known.genesis, Scenarios: known.Scenarios}.Procedure(p.Scenario, places), nil
}

// peopleOfFiles are the names and contacts that cell.yaml has.
func peopleOfFiles(folder string) (all []paper.Person, err error) {
	contacts, err := config.Contacts(os.DirFS(folder))
	if err != nil {
		return nil, because(exitUsage, err, "").or("halligan lint %s says how to mend it", shellQuoted(folder))
	}
	for _, p := range contacts {
		all = append(all, paper.Person{ID: p.ID, Name: p.Name, Contact: p.Contact})
	}
	return all, nil
}

// people are those of the roster, with names and contacts whose hash the founders
// or the change quorum signed: a wrong number on paper would be called. What has
// another hash is an error, and not left out.
func (p *proof) people(shown view.People) (all []paper.Person, err error) {
	given := map[string]view.Person{}
	for _, person := range shown.People {
		given[person.ID] = person
	}
	for _, person := range p.world.Roster.People {
		if person.Removed {
			continue
		}
		one := paper.Person{ID: person.ID}
		for _, note := range []struct {
			to     *string
			signed canon.Digest
			given  *view.Note
		}{{&one.Name, person.Name, given[person.ID].Name}, {&one.Contact, person.Contact, given[person.ID].Contact}} {
			if note.signed.IsZero() || note.given == nil || note.given.Text == "" { // none, or erased
				continue
			}
			if canon.Digest(ledger.NoteHash(note.given.Salt, note.given.Text)) != note.signed {
				return nil, unproved(fmt.Sprintf("the server's name or contact of %s is not what was signed", person.ID))
			}
			*note.to = line(note.given.Text)
		}
		all = append(all, one)
	}
	return all, nil
}
