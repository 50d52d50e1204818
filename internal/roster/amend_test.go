package roster_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/roster"
)

func TestAmendKeepsWhoWentKnown(t *testing.T) {
	r := sample(t)
	lea, _ := r.Person("lea")
	sam, _ := r.Person("sam")
	sam.Keys = []roster.Key{sam.Keys[0], key("sam 3")}
	after, diff, err := r.Amend([]roster.Person{sam, person("kim", "kim 1")}, map[string][]string{"leads": {"sam", "kim"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(diff.Gone, "lea") || after.Has("lea") || !after.Knows(lea.Keys[0].Fingerprint) {
		t.Errorf("lea: %+v", diff)
	}
	want := []roster.Owned{{Person: "sam", Key: key("sam 3").Fingerprint}, {Person: "kim", Key: key("kim 1").Fingerprint}}
	if !slices.Equal(diff.Arrived, want) || len(diff.Lost) != 1 || diff.Lost[0].Key != key("sam 2").Fingerprint {
		t.Errorf("%+v", diff)
	}
	if _, present := after.Owner(key("sam 2").Fingerprint); present || !after.In("kim", "group:leads") || after.In("lea", "group:leads") {
		t.Error("the roster is not what was asked for")
	}
	if !r.Has("lea") || !r.In("lea", "group:leads") {
		t.Error("the amendment shows in what it was made of")
	}
	for name, people := range map[string][]roster.Person{
		"who went":     {sam, lea},
		"a lost key":   {person("sam", "sam 2")},
		"another's":    {person("sam", "lea 1")},
		"a key of two": {sam, person("max", "sam 1")},
	} {
		if _, _, err := after.Amend(people, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
