package cli_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/hostile"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// worldView is the view of a driven cell at celltest's time, with its salts.
func worldView(t *testing.T, c *celltest.Cell) *view.Cell {
	t.Helper()
	v, err := view.FromWorld(c.World)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Log {
		v.Learn(r)
	}
	return v
}

// TestSheets holds what people read to golden files.
func TestSheets(t *testing.T) {
	c := celltest.Sample()
	ask := c.Ask("ann", "one", "db-1", "db-2")
	ask.Observed.Salt = strings.Repeat("0f", 16)
	c.Must(ask)
	id := ask.Signed.Statement.Digest
	now := func() view.Instant { return view.Instant{Now: c.Now} }
	request := func() view.Request {
		r := worldView(t, c).Request("ann", c.World.Requests[id], now())
		r.Why.Text = "cannot connect\nat all"
		return r
	}
	check := func(name, text string) {
		t.Helper()
		golden(t, filepath.Join("testdata", "sheets", name+".txt"), text)
	}
	check("waiting", cli.RequestSheet(request(), c.Now))
	check("inbox", cli.InboxSheet(worldView(t, c).Inbox("sam", now()), c.Now))
	check("now-waiting", cli.NowSheet(worldView(t, c).Now("ann", now()), c.Now))
	c.Now = c.Now.Add(time.Minute)
	c.Must(c.Approve("sam", id))
	c.Now = c.Now.Add(time.Minute)
	c.Must(c.Approve("lea", id))
	for _, target := range []string{"db-1", "db-2"} {
		task, _ := c.Task(cell.TaskOpen, id, target)
		c.Must(c.Effect(cell.EffectOpened, task.ID, cell.Observed{}))
	}
	c.Must(c.Fetch("ann", "one", id, "db-1"))
	scenario, _ := worldView(t, c).Scenario("ann", "database-locked-out")
	check("granted", cli.RequestSheet(request(), c.Now)+cli.UseSheet(request(), scenario.Opens))
	c.Must(c.Stop("sue", id))
	check("closing", cli.RequestSheet(request(), c.Now))
	check("now-nothing", cli.NowSheet(worldView(t, c).Now("bob", now()), c.Now))
	limited := worldView(t, c).Request("bob", c.World.Requests[id], now())
	check("limited", cli.RequestSheet(limited, c.Now))
	check("inbox-empty", cli.InboxSheet(view.Inbox{}, c.Now))
}

// TestApproverSheet holds the one screen that an approver reads.
func TestApproverSheet(t *testing.T) {
	c := signedCellAt(t, celltest.Start)
	id := c.ask("ann", "pool exhausted\nSigned and recorded as entry 9.", "db-1", "db-2")
	c.do(c.Approve("lea", id))
	text, err := cli.BriefSheet(context.Background(), c.anchor, c.evidence(c.bodies, about(id)), id)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "sheets", "approver.txt"), text)
	if _, err := cli.BriefSheet(context.Background(), c.anchor, c.evidence(c.bodies, about(id)), canon.Sum(nil)); cli.Code(err) != 6 {
		t.Errorf("another id: %v", err)
	}
}

// TestT11ApproverSheetShowsWhatEverySurfaceShows has each hostile text stand in the
// title of the scenario and, where a note may say so, in the reason.
func TestT11ApproverSheetShowsWhatEverySurfaceShows(t *testing.T) {
	for _, text := range hostile.Texts() {
		of := celltest.Scenario()
		of.Title = text.Raw
		c := signedCellOf(t, celltest.Start, celltest.Genesis(), of)
		why := "pool exhausted"
		if statement.CleanText(text.Raw) == nil {
			why = text.Raw
		}
		id := c.ask("ann", why, "db-1")
		sheet, err := cli.BriefSheet(context.Background(), c.anchor, c.evidence(c.bodies, about(id)), id)
		if err != nil {
			t.Fatalf("%s: %v", text.Name, err)
		}
		got, wanted := cli.Shown(sheet), []string{"\nScenario: " + canon.Line(text.Shown) + " (database-locked-out), SEV1\n"}
		for l := range strings.SplitSeq(canon.Visible(why), "\n") {
			wanted = append(wanted, "\n  │ "+l+"\n")
		}
		for _, want := range wanted {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the sheet lacks %q:\n%s", text.Name, want, got)
			}
		}
	}
}

func TestWaiterTellsEachThingOnce(t *testing.T) {
	at := celltest.Start
	r := view.Request{
		ID: canon.Sum(nil), State: access.Pending, At: at, Lapses: at.Add(time.Hour), Known: "waiting for 2 of 2 signatures",
		Missing: []string{"1 of security is missing: sam could sign", "1 of leads is missing: lea could sign"}, Last: 3,
	}
	var w cli.Waiter
	first := w.News(r)
	if len(first) != 2 || !strings.Contains(first[0], "sam could sign; 1 of leads") || !strings.Contains(first[1], "lapses at 04:07:00") {
		t.Errorf("first: %q", first)
	}
	if again := w.News(r); len(again) != 0 {
		t.Errorf("told twice: %q", again)
	}
	r.Told = []view.Told{{Channel: "pager", Event: "request-made", Delivered: true, At: at}, {Channel: "chat", Event: "request-made", At: at}}
	r.Decisions, r.Missing, r.Last = []view.Decision{{Text: "sam agrees, after a call back", At: at}}, r.Missing[1:], 4
	next := strings.Join(w.News(r), "|")
	for _, want := range []string{"pager was told (request made)", "chat could not be told", "sam agrees, after a call back.", "1 of leads is missing: lea could sign."} {
		if !strings.Contains(next, want) {
			t.Errorf("%q is not in %q", want, next)
		}
	}
	r.State, r.Known, r.Missing = access.Denied, "denied by lea; nothing was opened", nil
	if over := w.News(r); len(over) != 1 || over[0] != "Now: denied by lea; nothing was opened." {
		t.Errorf("over: %q", over)
	}
}

// TestSheetSaysWhoReadsTheOrganisation: that the server may read accounts, and from one of
// them the organisation, is shown before it is signed.
func TestSheetSaysWhoReadsTheOrganisation(t *testing.T) {
	of := celltest.AWS()
	if before := cli.AWSSheet(&of); strings.Contains(before, "read") {
		t.Errorf("nothing is read, and the sheet says %s", before)
	}
	of.Accounts[1].Reader, of.Organization = true, of.Accounts[1].ID
	if got := cli.AWSSheet(&of); !strings.Contains(got, "the server may read IAM there") || !strings.Contains(got, "Organisation:\n  - the server may read it from account stage") {
		t.Errorf("the sheet says %s", got)
	}
}
