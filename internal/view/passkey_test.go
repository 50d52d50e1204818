package view_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

func passkeyOf(t *testing.T, person, host string) roster.Key {
	t.Helper()
	key, err := roster.ParseKey(passkeytest.New(person, host).Line())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestPasskeysAreNamed: a passkey is shown as one, with its host; every other key
// by its type.
func TestPasskeysAreNamed(t *testing.T) {
	g := celltest.Genesis()
	g.People[0].Keys = append(g.People[0].Keys, passkeyOf(t, "ann", celltest.Origin))
	s := newStage(t, g, celltest.Scenario())
	var kinds []string
	for _, key := range s.View.People(view.Instant{Now: s.Now}).People[0].Keys {
		kinds = append(kinds, key.Kind())
	}
	if diff := cmp.Diff([]string{"ssh-ed25519", "passkey of " + celltest.Origin}, kinds); diff != "" {
		t.Errorf("keys of ann (-want +got):\n%s", diff)
	}
	const forSSH = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAznls0dLiAwYgz/17G5MYXM4AY8Uez4L7otqNOOiYaDAAAABHNzaDo="
	for line, host := range map[string]string{
		forSSH: "", celltest.Line("ann").Line: "", "": "", "sk-": "", "sk-x !": "", "sk-x AAAA": "", "sk-x AAAAAg==": "", "sk-x AAAAAkE=": "",
		passkeytest.New("ann", "evil.example").Line(): "evil.example",
	} {
		if got := view.PasskeyHost(roster.Key{Line: line}); got != host {
			t.Errorf("%.30q: the host is %q, want %q", line, got, host)
		}
	}
}

// TestT10PasskeyOfAnotherHost: a change that adds a passkey says so, and above all
// when it is one of a host that is not the cell's.
func TestT10PasskeyOfAnotherHost(t *testing.T) {
	s := sample(t)
	in, edited := s.World.InForce(), celltest.Genesis()
	lines := func() string {
		return strings.Join(view.NewPasskeys(in, cell.Document{Genesis: &edited}), "\n")
	}
	if got := lines(); got != "" {
		t.Errorf("nothing was added: %s", got)
	}
	own, other := passkeyOf(t, "ann", celltest.Origin), passkeyOf(t, "bob", "evil.example")
	edited.People[0].Keys = append(edited.People[0].Keys, own)
	edited.People = append(edited.People, roster.Person{ID: "kim", Keys: []roster.Key{other}})
	want := own.Fingerprint + ` of ann: "cell.example.com"` + "\n" + other.Fingerprint +
		` of kim: "evil.example", which is NOT this cell: whoever runs that host could have kim sign anything here`
	if got := lines(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	in.Genesis = &edited
	if got := lines(); got != "" {
		t.Errorf("what was there before is told again: %s", got)
	}
}
