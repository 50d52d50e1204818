package cell_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

const serverARN = "arn:aws:iam::111122223333:role/halligan-server"

// baseGenesis is a cell of which account prod is opened with the server's own
// credentials.
func baseGenesis() cell.Genesis {
	g := celltest.AWSGenesis()
	g.AWS.Accounts[0].Door, g.AWS.Accounts[0].Base = access.DoorExternalID, serverARN
	return g
}

// TestDoorIsAuthorised: which door a session is taken by is in what an entry binds, for
// roles and for ways to a root user; the rest of the session is the same.
func TestDoorIsAuthorised(t *testing.T) {
	for target, scenario := range map[string]access.Scenario{"database": celltest.AWSScenario(), "audit": celltest.RootScenario()} {
		s := &story{Cell: celltest.New(baseGenesis(), scenario)}
		s.granted(target).opened(target)
		authorised := s.Must(s.fetch(target)).Outcome.Events[0].(*cell.CredentialAuthorised)
		f := cell.Fetched{Digest: authorised.Fetch, Target: target, At: s.Now}
		session, ok := cell.Session(s.World.Genesis, s.World.Scenarios[scenario.ID], s.request(), f)
		if !ok || session.Door != access.DoorExternalID || canon.Sum(session.Unsigned()) != authorised.Unsigned || !strings.Contains(string(session.Unsigned()), `"door":"external-id"`) {
			t.Errorf("%s: %+v", target, session)
		}
		twin, control, _ := cell.Twins(s.World.Genesis, s.World.Scenarios[scenario.ID], s.request(), target)
		if twin.Door != session.Door || control.Door != session.Door {
			t.Errorf("%s: a round goes in by another door", target)
		}
		by := celltest.AWSGenesis()
		token, _ := cell.Session(&by, s.World.Scenarios[scenario.ID], s.request(), f)
		if token.Door = session.Door; token.Name != session.Name || canon.Sum(token.Unsigned()) != authorised.Unsigned {
			t.Errorf("%s: the session differs in more than its door", target)
		}
		if token.Door = ""; canon.Sum(token.Unsigned()) == authorised.Unsigned {
			t.Errorf("%s: the digest does not bind the door", target)
		}
	}
}

// TestT49DoorNamesOneCaller: who takes roles by an external id is one role or one user,
// never a pattern, an account or a session, and nobody takes them so who is not named.
func TestT49DoorNamesOneCaller(t *testing.T) {
	good := baseGenesis()
	if _, err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(a *cell.Account){
		"no base": func(a *cell.Account) { a.Base = "" }, "no door": func(a *cell.Account) { a.Door = "" }, "another door": func(a *cell.Account) { a.Door = "saml" },
		"an account": func(a *cell.Account) { a.Base = "arn:aws:iam::111122223333:root" }, "anybody": func(a *cell.Account) { a.Base = "*" },
		"a pattern": func(a *cell.Account) { a.Base = "arn:aws:iam::111122223333:role/*" }, "a path": func(a *cell.Account) { a.Base = "arn:aws:iam::111122223333:role/a/b" },
		"a session": func(a *cell.Account) { a.Base = "arn:aws:sts::111122223333:assumed-role/a/b" }, "another partition": func(a *cell.Account) { a.Base = strings.Replace(serverARN, "aws", "aws-cn", 1) },
		"a short number": func(a *cell.Account) { a.Base = "arn:aws:iam::1111:role/a" }, "a group": func(a *cell.Account) { a.Base = "arn:aws:iam::111122223333:group/a" },
	} {
		g := baseGenesis()
		spoil(&g.AWS.Accounts[0])
		if _, err := g.Check(); err == nil || !strings.Contains(err.Error(), "aws.accounts: prod: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDoorWidens: another door, or another who goes through it, bears on every scenario
// that opens something there.
func TestDoorWidens(t *testing.T) {
	from, to, other := celltest.AWSGenesis(), baseGenesis(), baseGenesis()
	other.AWS.Accounts[0].Base = serverARN + "2"
	scenario := celltest.AWSScenario()
	scenarios := map[string]*access.Scenario{scenario.ID: &scenario}
	for name, c := range map[string][2]*cell.Genesis{"door": {&from, &to}, "base": {&to, &other}} {
		if widened := cell.Widened(cell.Document{Genesis: c[0], Scenarios: scenarios}, cell.Document{Genesis: c[1], Scenarios: scenarios}); len(widened) != 1 {
			t.Errorf("another %s widens %v", name, widened)
		}
	}
}
