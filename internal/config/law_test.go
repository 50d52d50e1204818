package config_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/roster"
)

// crowd are people with keys, as many as fill the largest group that lint looks
// at one by one, and more.
func crowd() []roster.Person {
	var people []roster.Person
	for i := range 24 {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i + 1)
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		wire := binary.BigEndian.AppendUint32(nil, 11)
		wire = append(wire, "ssh-ed25519"...)
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(public)))
		wire = append(wire, public...)
		key, err := roster.ParseKey("ssh-ed25519 " + base64.StdEncoding.EncodeToString(wire))
		if err != nil {
			panic(err)
		}
		people = append(people, roster.Person{ID: fmt.Sprintf("p%02d", i), Keys: []roster.Key{key}})
	}
	return people
}

func groupsOf(t *rapid.T, people []roster.Person) map[string][]string {
	groups := make(map[string][]string)
	for _, name := range []string{"a", "b", "c"} {
		size := rapid.SampledFrom([]int{1, 2, 2, 3, 3, 3, 4, 4, 17, 18, 19, len(people)}).Draw(t, "size of "+name)
		for i, n := range rapid.Permutation(slices.Collect(indexes(len(people)))).Draw(t, name) {
			if i < size {
				groups[name] = append(groups[name], people[n].ID)
			}
		}
		slices.Sort(groups[name])
	}
	return groups
}

func indexes(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func quorumOf(t *rapid.T) access.Quorum {
	var q access.Quorum
	for range rapid.IntRange(1, 3).Draw(t, "legs") {
		q = append(q, access.Leg{From: "group:" + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "from"), Count: rapid.SampledFrom([]int{1, 1, 1, 1, 2, 2, 3, 6}).Draw(t, "count")})
	}
	return q
}

func flow(q access.Quorum) string {
	var legs []string
	for _, leg := range q {
		legs = append(legs, fmt.Sprintf("{ from: %s, count: %d }", leg.From, leg.Count))
	}
	return "[" + strings.Join(legs, ", ") + "]"
}

// TestLintAgreesWithTheLaw: lint refuses exactly those quorums that cell refuses,
// and warns exactly where one person less would make cell refuse.
func TestLintAgreesWithTheLaw(t *testing.T) {
	people := crowd()
	var refused, warned, clean int
	rapid.Check(t, func(t *rapid.T) {
		groups, q := groupsOf(t, people), quorumOf(t)
		all, err := roster.New(people, groups)
		if err != nil {
			t.Fatal(err)
		}
		law, fragile := cell.CheckQuorum(q, &all, "") == nil, false
		for _, requester := range groups["a"] {
			law = law && cell.CheckQuorum(q, &all, requester) == nil
			for _, p := range people {
				less := all.Clone()
				if p.ID == requester || less.RemovePerson(p.ID) != nil {
					continue
				}
				fragile = fragile || cell.CheckQuorum(q, &less, requester) != nil
			}
		}
		errors, warnings := lintQuorum(people, groups, q)
		if (errors == 0) != law {
			t.Fatalf("lint has %d errors, the law says %v", errors, law)
		}
		if law && (warnings > 0) != fragile {
			t.Fatalf("lint has %d warnings, one person less: %v", warnings, fragile)
		}
		switch {
		case !law:
			refused++
		case fragile:
			warned++
		default:
			clean++
		}
	})
	t.Logf("%d refused, %d warned of, %d clean", refused, warned, clean)
	if min(refused, warned, clean) == 0 {
		t.Error("one of the three never came up")
	}
}

// lintQuorum counts what Lint says about one quorum of a scenario that group a
// may request.
func lintQuorum(people []roster.Person, groups map[string][]string, q access.Quorum) (errors, warnings int) {
	var file strings.Builder
	file.WriteString("name: halligan.example.com\nfounders: [p00]\nwitnesses: none\nsecurity: group:all\npeople:\n")
	var ids []string
	for _, p := range people {
		fmt.Fprintf(&file, "  - { id: %s, name: x, contact: y, keys: [\"%s\"] }\n", p.ID, p.Keys[0].Line)
		ids = append(ids, p.ID)
	}
	fmt.Fprintf(&file, "groups:\n  all: [%s]\n", strings.Join(ids, ", "))
	for name, members := range groups {
		fmt.Fprintf(&file, "  %s: [%s]\n", name, strings.Join(members, ", "))
	}
	file.WriteString("change: { quorum: [{ from: group:all, count: 1 }] }\nchannels: [{ id: pager, kind: webhook }]\n")
	fmt.Fprintf(&file, "hosts: [{ id: db1, address: \"db1:22\", host_keys: [%s], report_key: %s, other_way: console }]\n",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBjxenllV2j8+TcKD9SRpTh+tBWY4W0cV2Q98QjuZAl6", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMtBieLntjGhl8BevXMj4EWmeJFQcIz9YbMn3KK2i9CH")
	scenario := "scenario: s\ntitle: t\nuse_when: [u]\nmay_request: [group:a]\nopens: [{ ssh: { host: db1, principals: [x] } }]\n" +
		"severities: { SEV1: { longest: 1h, review_due: 24h, quorum: " + flow(q) + " } }\n"
	for _, p := range config.LintFS(fstest.MapFS{"cell.yaml": {Data: []byte(file.String())}, "scenarios/s.yaml": {Data: []byte(scenario)}}) {
		if p.Severity == config.Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}
