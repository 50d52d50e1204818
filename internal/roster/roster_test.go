package roster_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// key is a public key that follows from a name.
func key(name string) roster.Key {
	seed := canon.Sum([]byte(name))
	return roster.Ed25519Key(canon.Key32(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)))
}

func person(id string, keys ...string) roster.Person {
	p := roster.Person{ID: id}
	for _, name := range keys {
		p.Keys = append(p.Keys, key(name))
	}
	return p
}

func sample(t *testing.T) roster.Roster {
	t.Helper()
	r, err := roster.New(
		[]roster.Person{person("sam", "sam 1", "sam 2"), person("ann", "ann 1"), person("lea", "lea 1")},
		map[string][]string{"security": {"sam"}, "leads": {"lea", "ann"}, "security-leads": {"lea"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestT03OneHumanIsOnePerson: no second spelling of an id, and no second owner
// of a key, gets into a roster.
func TestT03OneHumanIsOnePerson(t *testing.T) {
	for _, alias := range []string{
		"sam", "Sam", "SAM", " sam", "sam ", "sam\u200b", "ѕam", "sam\n", "sam@example.com", "sam/x", "sa:m", "", "-sam",
		"ſam", "sam\x00", "s am", "sam+1", strings.Repeat("s", 64), "sa\u0301m", "ｓａｍ",
	} {
		if _, err := roster.New([]roster.Person{person("sam", "sam 1"), person(alias, "another")}, nil); err == nil {
			t.Errorf("sam and %q are taken for two people", alias)
		}
	}
	for name, people := range map[string][]roster.Person{
		"one key of two people":    {person("sam", "sam 1"), person("sue", "sue 1", "sam 1")},
		"one key twice":            {person("sam", "sam 1", "sam 1")},
		"one id twice":             {person("sam", "sam 1"), person("sam", "sam 2")},
		"no key":                   {person("sam")},
		"nobody":                   {},
		"too many keys of one":     {person("sam", numbered(roster.KeysMost+1)...)},
		"a fingerprint of another": {{ID: "sam", Keys: []roster.Key{{Line: key("sam 1").Line, Fingerprint: key("sue 1").Fingerprint}}}},
		"no fingerprint":           {{ID: "sam", Keys: []roster.Key{{Line: key("sam 1").Line}}}},
	} {
		if _, err := roster.New(people, nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// The neighbour: two people with a key each, whose ids differ by one letter.
	if _, err := roster.New([]roster.Person{person("sam", "sam 1"), person("san", "sam 2")}, nil); err != nil {
		t.Errorf("two people are refused: %v", err)
	}
}

func numbered(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint("key ", i))
	}
	return names
}

func TestT03AnotherSpellingOfAKeyIsTheSameKey(t *testing.T) {
	line := key("sam 1").Line
	for _, spelling := range []string{line + " sam@laptop", "  " + line + "\tcomment ", strings.Replace(line, " ", "   ", 1)} {
		parsed, err := roster.ParseKey(spelling)
		if err != nil {
			t.Fatalf("%q: %v", spelling, err)
		}
		if parsed != key("sam 1") {
			t.Errorf("%q became %+v", spelling, parsed)
		}
		if _, err := roster.New([]roster.Person{person("sam", "sam 1"), {ID: "sue", Keys: []roster.Key{parsed}}}, nil); !errors.Is(err, roster.ErrTwice) {
			t.Errorf("%q is taken for another's key: %v", spelling, err)
		}
	}
}

func TestGroupsAreExact(t *testing.T) {
	r := sample(t)
	for _, c := range []struct {
		person, reference string
		want              bool
	}{
		{"sam", "group:security", true}, {"lea", "group:security-leads", true}, {"ann", "group:leads", true},
		{"lea", "group:security", false}, {"sam", "group:secur", false}, {"sam", "group:security ", false},
		{"sam", "security", false}, {"sam", "group:Security", false}, {"sam", "", false}, {"sam", "group:", false},
		{"Sam", "group:security", false}, {"", "group:security", false}, {"eve", "group:security", false},
		{"sam", "group:nobody", false},
	} {
		if got := r.In(c.person, c.reference); got != c.want {
			t.Errorf("%q in %q: %v", c.person, c.reference, got)
		}
	}
	if got := r.Members("group:leads"); !slices.Equal(got, []string{"ann", "lea"}) {
		t.Errorf("members %v", got)
	}
	if r.Members("leads") != nil || len(r.Members("group:nobody")) != 0 {
		t.Error("what names no group has members")
	}
	people := []roster.Person{person("sam", "sam 1")}
	for name, groups := range map[string]map[string][]string{
		"a stranger": {"g": {"sam", "eve"}}, "twice": {"g": {"sam", "sam"}}, "a bad name": {"Group": {"sam"}}, "no name": {"": {"sam"}},
	} {
		if _, err := roster.New(people, groups); err == nil {
			t.Errorf("a group with %s is taken", name)
		}
	}
}

func TestRemovedPersonIsNobody(t *testing.T) {
	r := sample(t)
	c := r.Clone()
	if err := c.RemovePerson("lea"); err != nil {
		t.Fatal(err)
	}
	owner, present := c.Owner(key("lea 1").Fingerprint)
	if c.Has("lea") || c.CanSign("lea") || present || owner != "" || c.In("lea", "group:leads") ||
		slices.Contains(c.Members("group:leads"), "lea") || slices.Contains(c.Present(), "lea") {
		t.Error("lea still counts")
	}
	if !c.Knows(key("lea 1").Fingerprint) {
		t.Error("the key of a removed person is free again")
	}
	if p, ok := c.Person("lea"); !ok || !p.Removed {
		t.Error("lea cannot be found as removed")
	}
	if !r.Has("lea") || !r.In("lea", "group:leads") {
		t.Error("the removal shows in what the clone was made of")
	}
	if err := c.RemovePerson("lea"); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if err := c.RemovePerson("eve"); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("a stranger is removed: %v", err)
	}
	if err := c.RemoveKey("lea", key("lea 1").Fingerprint); !errors.Is(err, roster.ErrUnknown) {
		t.Errorf("a removed person's key is removed: %v", err)
	}
}

func TestRemovedKeyIsNobodys(t *testing.T) {
	r := sample(t)
	c := r.Clone()
	one, two := key("sam 1").Fingerprint, key("sam 2").Fingerprint
	if err := c.RemoveKey("sam", one); err != nil {
		t.Fatal(err)
	}
	if _, present := c.Owner(one); present {
		t.Error("the removed key still signs")
	}
	if owner, present := c.Owner(two); !present || owner != "sam" || !c.CanSign("sam") {
		t.Error("sam's other key must still sign")
	}
	if _, present := r.Owner(one); !present {
		t.Error("the removal shows in what the clone was made of")
	}
	for who, err := range map[string]error{
		"twice": c.RemoveKey("sam", one), "another's": c.RemoveKey("ann", two), "nobody's": c.RemoveKey("sam", key("eve").Fingerprint),
		"of a stranger": c.RemoveKey("eve", two),
	} {
		if !errors.Is(err, roster.ErrUnknown) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := c.RemoveKey("sam", two); err != nil {
		t.Fatal(err)
	}
	if !c.Has("sam") || c.CanSign("sam") {
		t.Error("sam must be present and unable to sign")
	}
}

func TestRestoreGivesTheSameRoster(t *testing.T) {
	r := sample(t)
	if err := r.RemoveKey("sam", key("sam 1").Fingerprint); err != nil {
		t.Fatal(err)
	}
	data := canon.MustEncode(&r)
	var again roster.Roster
	if err := canon.Decode(data, len(data), &again); err != nil {
		t.Fatal(err)
	}
	if _, present := again.Owner(key("sam 2").Fingerprint); present {
		t.Error("before Restore a key has an owner")
	}
	if err := again.Restore(); err != nil {
		t.Fatal(err)
	}
	if owner, present := again.Owner(key("sam 2").Fingerprint); !present || owner != "sam" {
		t.Error("sam's key has no owner")
	}
	if diff := cmp.Diff(string(data), string(canon.MustEncode(&again))); diff != "" {
		t.Error(diff)
	}
}

func TestZeroRosterHasNobody(t *testing.T) {
	var r roster.Roster
	owner, present := r.Owner("")
	if r.Has("") || r.CanSign("") || present || owner != "" || r.In("", "group:") || r.In("", "") || r.Knows("") || r.Present() != nil {
		t.Error("the zero roster has somebody")
	}
}

func TestParseKeyRefuses(t *testing.T) {
	good := key("sam 1").Line
	body := strings.Fields(good)[1]
	for name, line := range map[string]string{
		"nothing": "", "one word": "ssh-ed25519", "no base64": "ssh-ed25519 not/base64!", "options": `no-pty ` + good,
		"a certificate type": "ssh-ed25519-cert-v01@openssh.com " + body, "another type": "ssh-rsa " + body, "dsa": "ssh-dss " + body,
		"a type cut short": "ssh-ed2551 " + body, "loose bits in base64": "ssh-ed25519 " + loosened(), "upper case": "SSH-ED25519 " + body,
		"empty key": "ssh-ed25519 ", "three bytes": "ssh-ed25519 AAAA", "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----",
		"two keys swapped": body + " ssh-ed25519",
	} {
		if parsed, err := roster.ParseKey(line); err == nil {
			t.Errorf("%s: %q became %+v", name, line, parsed)
		}
	}
}

// loosened is base64 whose last digit has bits that mean nothing, set.
func loosened() string {
	strict := base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x0bssh-ed25519\x00")) // ends in AA== or A=
	digits := strings.TrimRight(strict, "=")
	return digits[:len(digits)-1] + "B" + strict[len(digits):]
}

func TestFingerprintIsSSHKeygens(t *testing.T) {
	k := key("sam 1")
	parsed, err := ssh.ParsePublicKey(k.Wire())
	if err != nil {
		t.Fatal(err)
	}
	if want := ssh.FingerprintSHA256(parsed); k.Fingerprint != want {
		t.Errorf("%s, want %s", k.Fingerprint, want)
	}
	if (roster.Key{}).Wire() != nil || (roster.Key{Line: "ssh-ed25519 !"}).Wire() != nil {
		t.Error("a line that cannot be read has a wire form")
	}
}

func TestStrengthOrder(t *testing.T) {
	order := []roster.Strength{roster.NoStrength, roster.ServerAttested, roster.Possession, roster.UserVerified, roster.Hardware}
	for i, have := range order {
		for j, need := range order {
			if got := have.AtLeast(need); got != (i >= j) {
				t.Errorf("%q at least %q: %v", have, need, got)
			}
		}
	}
	for _, unknown := range []roster.Strength{"strong", "Hardware", " hardware"} {
		if unknown.AtLeast(roster.ServerAttested) {
			t.Errorf("%q is strong", unknown)
		}
		if roster.Hardware.AtLeast(unknown) {
			t.Errorf("hardware is at least %q, which is no strength", unknown)
		}
		if _, err := roster.ParseStrength(string(unknown)); err == nil {
			t.Errorf("%q is parsed", unknown)
		}
	}
	if _, err := roster.ParseStrength(""); err == nil {
		t.Error("no strength is parsed")
	}
}
