package procedure

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Cell is what of a cell its procedures are written from.
type Cell struct {
	Origin   string              `json:"origin"`
	Genesis  canon.Digest        `json:"genesis,omitzero"` // that anchors pin; zero: not sealed yet
	Server   string              `json:"server,omitempty"` // URL that people reach it at
	People   []Person            `json:"people"`
	Groups   map[string][]string `json:"groups"` // group → person ids
	Security string              `json:"security"`
	Hosts    []Host              `json:"hosts,omitempty"`
	Programs []Program           `json:"programs,omitempty"`
	Accounts []Account           `json:"accounts,omitempty"`
	Center   *Center             `json:"identity_center,omitzero"`
}

// Person is somebody, and how to reach them at night.
type Person struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact,omitempty"`
}

// Host is an SSH host.
type Host struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Other   string `json:"other,omitempty"` // the way in without Halligan
}

// Program is what opens something by a program of the cell.
type Program struct {
	ID    string `json:"id"`
	Opens string `json:"opens"`
	Other string `json:"other,omitempty"` // how a person ends it by hand
}

// Account is an AWS account.
type Account struct {
	ID      string `json:"id"`
	Number  string `json:"number"`
	ARN     string `json:"arn"` // what ARNs of its IAM begin with
	Regions string `json:"regions"`
	Other   string `json:"other,omitempty"`
}

// Center is the organisation's IAM Identity Center.
type Center struct {
	Instance string `json:"instance"` // ARN
	Region   string `json:"region"`
	Store    string `json:"identity_store"`
	Portal   string `json:"portal"`
	Denial   string `json:"denial,omitempty"` // ARN of the policy by which sessions are denied; empty: people do that
}

// Role is whose page it is.
type Role string

// The roles.
const (
	Requester Role = "requester"
	Approver  Role = "approver"
	Custodian Role = "custodian"
	Reviewer  Role = "reviewer"
)

// Roles lists them in the order in which they are needed.
var Roles = []Role{Requester, Approver, Custodian, Reviewer}

// Procedure is the written procedure of a scenario.
type Procedure struct {
	Origin   string       `json:"origin"`
	Genesis  canon.Digest `json:"genesis,omitzero"`
	Scenario string       `json:"scenario"`
	Title    string       `json:"title"`
	Version  canon.Digest `json:"version"` // of everything that it says
	Printed  canon.Time   `json:"printed,omitzero"`
	Pages    []Page       `json:"pages"`
}

// Page is what one role reads.
type Page struct {
	Role  Role   `json:"role"`
	For   string `json:"for"` // whom, in words
	Parts []Part `json:"parts"`
}

// Part is a heading with what stands below it.
type Part struct {
	Heading string `json:"heading"`
	Items   []Item `json:"items"`
}

// Item is one sentence, and what is typed or looked up for it.
type Item struct {
	Text     string     `json:"text"`
	Commands []string   `json:"commands,omitempty"`
	Rows     [][]string `json:"rows,omitempty"`
	Numbered bool       `json:"numbered,omitzero"` // a step, in order
}

// Write writes the procedure of a scenario. Its version leaves out when it was
// printed: the same cell and scenario have one version.
func Write(c Cell, s *access.Scenario) Procedure {
	w := &writing{cell: c, of: s}
	p := Procedure{Origin: c.Origin, Genesis: c.Genesis, Scenario: s.ID, Title: s.Title}
	p.Pages = append(p.Pages, w.requester(), w.approver())
	if len(w.envelopes()) > 0 {
		p.Pages = append(p.Pages, w.custodian())
	}
	p.Pages = append(p.Pages, w.reviewer())
	p.Version = canon.Sum(canon.MustEncode(p))
	return p
}

// Page finds the page of a role. A scenario without envelopes has none for
// custodians.
func (p Procedure) Page(of Role) (Page, bool) {
	i := slices.IndexFunc(p.Pages, func(page Page) bool { return page.Role == of })
	if i < 0 {
		return Page{}, false
	}
	return p.Pages[i], true
}

// StaleAfter is for how many days a print is trusted unseen.
const StaleAfter = 90

// footing says which print it is and how to tell whether it is still true.
func (p Procedure) footing() []string {
	genesis := "Written from files, which say nothing of what was signed, and not from a sealed cell."
	if !p.Genesis.IsZero() {
		genesis = "Genesis " + p.Genesis.String() + "."
	}
	lines := []string{fmt.Sprintf("%s, cell %s, version %s.", p.Scenario, p.Origin, p.Version.Short()), genesis}
	if p.Printed.IsZero() {
		return lines
	}
	return append(lines, fmt.Sprintf("Printed %s; STALE after %s, or as soon as this prints something else: halligan procedure %s --version-only",
		p.Printed.Std().Format("2006-01-02"), p.Printed.Std().AddDate(0, 0, StaleAfter).Format("2006-01-02"), p.Scenario))
}
