package roster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/roster"
)

const issuer = "https://login.example.com"

// TestT03OneIdentityIsOneHuman: issuer and subject together name one person, compared
// byte by byte; another spelling, or another issuer, is somebody else.
func TestT03OneIdentityIsOneHuman(t *testing.T) {
	sam, ann := person("sam", "sam 1"), person("ann", "ann 1")
	sam.OIDC = []roster.Identity{{Issuer: issuer, Subject: "1001"}, {Issuer: "https://idp.example.net", Subject: "1002"}}
	ann.OIDC = []roster.Identity{{Issuer: issuer, Subject: "1002"}}
	r, err := roster.New([]roster.Person{sam, ann}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[roster.Identity]string{
		{Issuer: issuer, Subject: "1001"}:                    "sam",
		{Issuer: issuer, Subject: "1002"}:                    "ann",
		{Issuer: "https://idp.example.net", Subject: "1002"}: "sam",
		{Issuer: "https://idp.example.net", Subject: "1001"}: "",
		{Issuer: issuer + "/", Subject: "1001"}:              "",
		{Issuer: issuer, Subject: "1001 "}:                   "",
		{Issuer: issuer}:                                     "",
		{}:                                                   "",
	} {
		if got, ok := r.Identified(subject); got != want || ok != (want != "") {
			t.Errorf("%v is %q, want %q", subject, got, want)
		}
	}
	if err := r.RemovePerson("sam"); err != nil {
		t.Fatal(err)
	}
	if got, ok := r.Identified(sam.OIDC[0]); ok {
		t.Errorf("who was removed is still %q", got)
	}
	ann.OIDC = append(ann.OIDC, sam.OIDC[0])
	if _, err := roster.New([]roster.Person{sam, ann}, nil); !errors.Is(err, roster.ErrTwice) {
		t.Errorf("one identity of two people: %v", err)
	}
	ann.OIDC = []roster.Identity{ann.OIDC[0], ann.OIDC[0]}
	if _, err := roster.New([]roster.Person{ann}, nil); !errors.Is(err, roster.ErrTwice) {
		t.Errorf("one identity twice: %v", err)
	}
}

// TestIdentityOfWhoComesBack: somebody who was removed and has another id now is the
// same to a provider.
func TestIdentityOfWhoComesBack(t *testing.T) {
	r := sample(t)
	lea, _ := r.Person("lea")
	lea.OIDC = []roster.Identity{{Issuer: issuer, Subject: "7"}}
	ann, _ := r.Person("ann")
	with, _, err := r.Amend([]roster.Person{lea, ann}, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := person("lea-2", "lea 2")
	again.OIDC = lea.OIDC
	if _, _, err := with.Amend([]roster.Person{lea, ann, again}, nil); err == nil {
		t.Error("two people who are here have one identity")
	}
	after, _, err := with.Amend([]roster.Person{ann, again}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := after.Identified(lea.OIDC[0]); got != "lea-2" {
		t.Errorf("the identity is of %q", got)
	}
	copied := after.Clone()
	if got, _ := copied.Identified(lea.OIDC[0]); got != "lea-2" {
		t.Errorf("in a copy it is of %q", got)
	}
}

func TestIdentitiesThatAreNone(t *testing.T) {
	for name, as := range map[string]roster.Identity{
		"no issuer": {Subject: "1"}, "in the clear": {Issuer: "http://login.example.com", Subject: "1"}, "no host": {Issuer: "https:///x", Subject: "1"},
		"a query": {Issuer: issuer + "?", Subject: "1"}, "a fragment": {Issuer: issuer + "#x", Subject: "1"}, "a user": {Issuer: "https://a@login.example.com", Subject: "1"},
		"two spellings": {Issuer: "HTTPS://login.example.com", Subject: "1"}, "long": {Issuer: issuer + "/" + strings.Repeat("x", 600), Subject: "1"},
		"no subject": {Issuer: issuer}, "a space": {Issuer: issuer, Subject: "a b"}, "a line": {Issuer: issuer, Subject: "a\n"}, "letters": {Issuer: issuer, Subject: "１"},
		"a long subject": {Issuer: issuer, Subject: strings.Repeat("1", 256)},
	} {
		p := person("sam", "sam 1")
		p.OIDC = []roster.Identity{as}
		if _, err := roster.New([]roster.Person{p}, nil); err == nil {
			t.Errorf("%s: %v is taken", name, as)
		}
	}
	p := person("sam", "sam 1")
	for _, subject := range []string{"1", "2", "3", "4", "5"} {
		p.OIDC = append(p.OIDC, roster.Identity{Issuer: issuer, Subject: subject})
	}
	if _, err := roster.New([]roster.Person{p}, nil); err == nil {
		t.Error("five identities are taken")
	}
}
