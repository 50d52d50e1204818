package celltest

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Note is some note.
func Note(text string) statement.Note {
	return statement.Note{Hash: canon.Sum([]byte(text)), Length: len(text)}
}

// Ask is a person's SEV1 request for half an hour at targets of the first
// scenario. The holder key is the key named "holder " and the name.
func (c *Cell) Ask(person, name string, targets ...string) cell.Command {
	return c.By(person, person, &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Scenario, Severity: "SEV1", For: 1800,
		Targets: targets, Why: Note("cannot connect"), Incident: "INC-1",
		Holder: statement.Holder{Ed25519: Public("holder " + name), X25519: Public("sealed " + name)},
	})
}

// AskInBrowser is Ask by keys that a browser made.
func (c *Cell) AskInBrowser(person, name string, targets ...string) cell.Command {
	return c.By(person, person, &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Scenario, Severity: "SEV1", For: 1800,
		Targets: targets, Why: Note("cannot connect"),
		Holder: statement.Holder{Ed25519: Public("holder " + name), P256: PublicP256("sealed " + name)},
	})
}

// Approve is a person's yes after a call back.
func (c *Cell) Approve(person string, of canon.Digest) cell.Command {
	return c.By(person, person, &statement.Decision{Of: of, Verdict: statement.Approve, Check: statement.CallBack})
}

// Deny is a person's no.
func (c *Cell) Deny(person string, of canon.Digest) cell.Command {
	return c.By(person, person, &statement.Decision{Of: of, Verdict: statement.Deny, Check: statement.CallBack})
}

// Fetch asks for a credential with the holder key of a name.
func (c *Cell) Fetch(person, name string, of canon.Digest, target string) cell.Command {
	return c.By(person, "holder "+name, &statement.Fetch{Of: of, Target: target})
}

// Release gives targets back with the holder key of a name.
func (c *Cell) Release(person, name string, of canon.Digest, targets ...string) cell.Command {
	return c.By(person, "holder "+name, &statement.Release{Of: of, Targets: targets})
}

// Stop stops a request.
func (c *Cell) Stop(person string, of canon.Digest) cell.Command {
	return c.By(person, person, &statement.Stop{Of: of, Reason: Note("stop")})
}

// Task finds the waiting task of a kind at a target of a request ("" for any).
func (c *Cell) Task(kind cell.TaskKind, of canon.Digest, target string) (cell.Task, bool) {
	for _, t := range c.World.Tasks {
		if t.Kind == kind && (of.IsZero() || t.Stream == cell.StreamOf(of)) && (target == "" || t.Target == target) {
			return t, true
		}
	}
	return cell.Task{}, false
}

// Granted asks for targets as ann, has sam and lea agree, opens the leases, and
// gives the request's digest.
func (c *Cell) Granted(name string, targets ...string) canon.Digest {
	ask := c.Must(c.Ask("ann", name, targets...))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	c.Must(c.Approve("sam", id))
	c.Must(c.Approve("lea", id))
	for _, target := range targets {
		if task, ok := c.Task(cell.TaskOpen, id, target); ok {
			c.Must(c.Effect(cell.EffectOpened, task.ID, cell.Observed{}))
		}
	}
	return id
}

// Report is a host's report that lists sessions by key id, as if its signature
// had been checked.
func (c *Cell) Report(host string, list int64, listAt canon.Time, keyIDs ...string) cell.Observed {
	return cell.Observed{Report: &cell.Reported{
		Report: []byte(`{"host":"` + host + `"}`), Signature: []byte("report"),
		Facts: cell.ReportFacts{
			Host: host, Origin: c.Genesis.Origin, Fingerprint: Line("report " + host).Fingerprint,
			List: list, ListAt: listAt, KeyIDs: keyIDs, Complete: true,
		},
	}}
}

// Round is a probe's answer.
func Round(twin, control access.Answer) cell.Observed {
	return cell.Observed{Round: &access.Round{Twin: twin, Control: control}}
}
