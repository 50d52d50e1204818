package statement_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

const (
	zero  = `"0000000000000000000000000000000000000000000000000000000000000000"`
	upper = `"ABCDEF0000000000000000000000000000000000000000000000000000000000"`
	brief = `"00"`
)

var (
	ids     = []string{`""`, `"Mara"`, `"a b"`, `"a\n"`, `"-a"`, `"ä"`, `"` + strings.Repeat("a", 64) + `"`, `7`}
	digests = []string{zero, upper, brief, `""`, `7`}
	spans   = []string{`0`, `-1`, `1.5`, `"900"`, `1e3`, `99999999999999999999`}
	notes   = []string{`{}`, `7`, `{"hash":` + zero + `,"length":3}`,
		`{"hash":"` + strings.Repeat("a", 64) + `","length":0}`, `{"hash":"` + strings.Repeat("a", 64) + `","length":4097}`,
		`{"hash":"` + strings.Repeat("a", 64) + `","length":-1}`}
	blobs  = []string{`{}`, `7`, `{"digest":` + zero + `,"length":3}`, `{"digest":"` + strings.Repeat("a", 64) + `","length":0}`}
	prints = []string{`"SHA256:"`, `"MD5:` + strings.Repeat("a", 43) + `"`, `"SHA256:` + strings.Repeat("a", 44) + `"`, `7`}
	lists  = []string{`["b","a"]`, `["a","a"]`, `["A"]`, `[""]`, `"a"`, `[7]`, `[` + strings.Repeat(`"a",`, 64) + `"b"]`}
)

// wrong lists, for each member by its path, values of its own that it must not
// have. Missing and null are added for all.
func wrong() map[statement.Kind]map[string][]string {
	hash := digests
	return map[statement.Kind]map[string][]string{
		statement.KindFound:   {"genesis": hash},
		statement.KindSession: {"for": append(spans, "901")},
		statement.KindRequest: {
			"scenario": ids, "scenario_digest": hash, "severity": {`""`, `"SEV0"`, `"SEV5"`, `"sev1"`, `1`},
			"for": append(spans, "43201"), "targets": append(lists, `[]`), "why": notes,
			"incident": {`"a b"`, `"/a"`, `"a\u001b"`, `"` + strings.Repeat("a", 65) + `"`, `7`},
			"holder":   {`{}`, `7`}, "holder.ed25519": hash, "holder.x25519": hash,
		},
		statement.KindDecision: {
			"of": hash, "verdict": {`""`, `"yes"`, `"Approve"`, `true`}, "check": {`""`, `"phone"`, `"video "`, `7`},
			"narrow": {`{}`, `7`}, "narrow.for": {`-1`, `43201`, `1.5`, `"1"`}, "narrow.targets": lists, "note": notes,
		},
		statement.KindWithdraw: {"of": hash},
		statement.KindFetch:    {"of": hash, "target": ids},
		statement.KindVouch: {
			"person": ids, "how": {`""`, `"video"`, `"call-back"`, `"not-checked"`, `true`},
			"key": {`"SHA256:"`, `"MD5:` + strings.Repeat("a", 43) + `"`, `7`},
		},
		statement.KindSolo:            {"of": hash},
		statement.KindExtend:          {"of": hash, "for": append(spans, "43201"), "targets": lists, "why": notes},
		statement.KindRelease:         {"of": hash, "targets": lists},
		statement.KindWitnessedOutage: {"of": hash, "note": notes},
		statement.KindStop:            {"of": hash, "reason": notes},
		statement.KindAttest:          {"of": hash, "target": ids, "note": notes},
		statement.KindChange: {
			"remove": {`{}`, `7`}, "remove.person": ids, "reason": notes,
			"remove.key": {`"SHA256:"`, `"MD5:` + strings.Repeat("a", 43) + `"`, `"SHA256:` + strings.Repeat("a", 44) + `"`, `7`},
		},
		statement.KindSeal: {
			"envelope": ids, "serial": append(spans, "2147483649"), "threshold": {`0`, `1`, `3`, `"2"`}, "physical": {`true`},
			"description": blobs, "content": append(blobs, `{"digest":"`+strings.Repeat("a", 64)+`","length":49153}`), "commitments": digests,
			"holders": {`[]`, `7`, `[{"custodian":"mara"},{"custodian":"noor"}]`, `[{"bag":"1","custodian":"mara"},{"bag":"2","custodian":"noor"}]`},
		},
		statement.KindShare: {
			"of": hash, "envelope": ids, "serial": spans, "holder": hash, "bag": {`"1"`},
			"sealed": append(blobs, `{"digest":"`+strings.Repeat("a", 64)+`","length":4097}`),
		},
		statement.KindRotate: {
			"envelope": ids, "serial": spans, "new": {`"refused"`, `""`, `true`}, "old": {`"accepted"`, `"unreachable"`, `""`}, "note": notes,
		},
		statement.KindInspect: {
			"envelope": ids, "serial": spans, "proof": {upper, brief, `""`, `7`}, "bag": {`"a b"`, `"/a"`, `7`}, "place": {`"a b"`, `"ä"`, `7`}, "damaged": {`7`},
		},
		statement.KindReview: {"of": hash, "necessary": {`""`, `"maybe"`, `"Yes"`, `true`}, "misuse": {`""`, `"partly"`, `false`}, "note": notes},
		statement.KindSignOff: {
			"of": hash, "review": hash, "verdict": {`""`, `"approve"`, `"deny"`, `"Accept"`, `true`}, "note": notes,
		},
		statement.KindClock: {"step": {`0`, `3153600000001`, `-3153600000001`, `"7"`, `1.5`}, "reason": notes},
		statement.KindEpoch: {
			"number": {`0`, `1`, `-1`, `1001`, `"2"`}, "lost": {`{}`, `7`}, "lost.size": {`-1`, `0`, `9007199254740992`, `1.5`, `"41"`}, "lost.root": digests,
			"salt": {zero, upper, brief, `7`}, "reason": notes,
		},
		statement.KindReconcile: {"of": hash, "acts": {`[]`, `7`, `[{}]`, `[{"signature":"YQ==","statement":{}}]`}},
		statement.KindUpgrade:   {"rules": {`0`, `1`, `-1`, `"2"`, `2.5`}, "reason": notes},
		statement.KindRecover: {
			"from": hash, "to": append(blobs, `{"digest":"`+strings.Repeat("a", 64)+`","length":163841}`),
			"with": {`7`, `[{"digest":"` + strings.Repeat("a", 64) + `","length":3}]`}, "texts": {`7`, `[{}]`}, "reason": notes,
		},
		statement.KindCancel:  {"of": hash, "why": notes},
		statement.KindSuspend: {"person": ids, "key": prints, "reason": notes},
		statement.KindLift:    {"person": ids, "key": prints, "why": notes},
	}
}

func header() map[string][]string {
	return map[string][]string{
		"actor": ids, "ledger": {`""`, `"Halligan.example.org"`, `"a/b"`, `"a"`, `"a.org\n"`, `7`},
		"nonce":     {zero, upper, brief, `7`},
		"expires":   {`""`, `"0001-01-01T00:00:00.000Z"`, `"2026-11-22T03:22:00Z"`, `"2026-11-22T03:22:00.000+00:00"`, `7`},
		"seen":      {`{}`, `7`},
		"seen.size": {`-1`, `0`, `9007199254740992`, `1.5`, `"41"`}, "seen.root": digests,
	}
}

// optional are the members that may be missing.
var optional = map[string]bool{"physical": true, "share/bag": true, "rotate/note": true, "damaged": true, "place": true, "proof": true, "inspect/bag": true,
	"incident": true, "narrow": true, "narrow.for": true, "narrow.targets": true,
	"release/targets": true, "extend/targets": true, "remove.key": true,
	"recover/with": true, "recover/texts": true}

// refused holds that the statement, with one member set, is refused with an
// error that names the member.
func refused(t *testing.T, kind statement.Kind, member, value string) {
	t.Helper()
	data := set(t, encode(t, sample(bodies()[kind])), member, value)
	_, err := statement.Decode(data)
	if err == nil {
		t.Errorf("%s: %s = %s was accepted", kind, member, value)
		return
	}
	path := strings.Split(member, ".")
	if !strings.Contains(err.Error(), path[0]) {
		t.Errorf("%s: %s = %s: %q does not name the member", kind, member, value, err)
	}
}

func TestEveryMemberIsChecked(t *testing.T) {
	for _, kind := range statement.Kinds {
		members := wrong()[kind]
		if len(members) == 0 {
			t.Errorf("%s has no bad values", kind)
		}
		for _, table := range []map[string][]string{members, header()} {
			for member, values := range table {
				for _, value := range values {
					if kind == statement.KindFound && member == "seen.size" && value == "0" {
						continue // TestFoundAloneSeesTheEmptyTree
					}
					refused(t, kind, member, value)
				}
				if kind == statement.KindFound && member == "seen.size" {
					continue // missing is the right value, wrongly spelt: there too
				}
				if !optional[member] && !optional[string(kind)+"/"+member] {
					refused(t, kind, member, "")
				}
			}
		}
	}
}

func TestFoundAloneSeesTheEmptyTree(t *testing.T) {
	refused(t, statement.KindFound, "seen.size", "1")
	refused(t, statement.KindFound, "seen.root", fmt.Sprintf("%q", digest("another root")))
	if _, err := statement.Decode(set(t, encode(t, sample(bodies()[statement.KindFound])), "seen.size", "")); !errors.Is(err, canon.ErrNotCanonical) {
		t.Errorf("found: without seen.size: %v", err)
	}
	for _, kind := range statement.Kinds {
		if kind != statement.KindFound {
			refused(t, kind, "seen.size", "0")
		}
	}
}

func TestEveryMemberIsExactlyOnce(t *testing.T) {
	for _, kind := range statement.Kinds {
		data := encode(t, sample(bodies()[kind]))
		for _, path := range paths(t, data) {
			for name, altered := range map[string][]byte{
				"null":       set(t, data, path, "null"),
				"other case": rename(t, data, path),
				"twice":      twice(t, data, path),
			} {
				if _, err := statement.Decode(altered); err == nil {
					t.Errorf("%s: %s %s was accepted: %s", kind, path, name, altered)
				}
			}
		}
		for name, altered := range map[string]string{
			"unknown":         strings.Replace(string(data), `{`, `{"aaa":1,`, 1),
			"unknown last":    strings.TrimSuffix(string(data), "}") + `,"zzz":1}`,
			"digest":          strings.Replace(string(data), `,"expires"`, `,"digest":`+zero+`,"expires"`, 1),
			"trailing space":  string(data) + " ",
			"trailing line":   string(data) + "\n",
			"second value":    string(data) + "{}",
			"leading space":   " " + string(data),
			"byte order mark": "\ufeff" + string(data),
			"inner space":     strings.Replace(string(data), ":", ": ", 1),
			"escape":          strings.Replace(string(data), `"mara"`, `"\u006dara"`, 1),
			"list":            "[" + string(data) + "]",
			"cut":             string(data[:len(data)-1]),
			"nothing":         "",
			"null":            "null",
		} {
			if _, err := statement.Decode([]byte(altered)); err == nil {
				t.Errorf("%s: %s was accepted: %s", kind, name, altered)
			}
		}
	}
}

func TestEmptyOptionalIsRefused(t *testing.T) {
	for _, c := range []struct {
		kind          statement.Kind
		member, value string
	}{
		{statement.KindRequest, "incident", `""`}, {statement.KindDecision, "narrow", `{}`},
		{statement.KindDecision, "narrow.for", `0`}, {statement.KindDecision, "narrow.targets", `[]`},
		{statement.KindSeal, "physical", `false`}, {statement.KindShare, "bag", `""`}, {statement.KindInspect, "damaged", `false`},
		{statement.KindInspect, "proof", zero}, {statement.KindRelease, "targets", `[]`}, {statement.KindChange, "remove.key", `""`},
	} {
		data := set(t, encode(t, sample(bodies()[c.kind])), c.member, c.value)
		if _, err := statement.Decode(data); err == nil {
			t.Errorf("%s: an empty %s was accepted", c.kind, c.member)
		}
	}
}

// alike are the kinds that have the members of others, and which: those of a
// request and nothing more. The kind is among the signed bytes.
var alike = map[statement.Kind][]statement.Kind{
	statement.KindWithdraw: {statement.KindRelease, statement.KindSolo},
	statement.KindSolo:     {statement.KindRelease, statement.KindWithdraw},
}

// TestOtherVersionsAndKinds: no other kinds have the same members.
func TestOtherVersionsAndKinds(t *testing.T) {
	for _, kind := range statement.Kinds {
		data := encode(t, sample(bodies()[kind]))
		for _, version := range []string{`"v2"`, `"V1"`, `""`, ``} {
			if _, err := statement.Decode(set(t, data, "halligan", version)); !errors.Is(err, statement.ErrVersion) {
				t.Errorf("%s: version %s: %v", kind, version, err)
			}
		}
		for _, other := range []string{`"grant"`, `"Request"`, `""`, ``} {
			if _, err := statement.Decode(set(t, data, "kind", other)); !errors.Is(err, statement.ErrUnknownKind) {
				t.Errorf("%s: kind %s: %v", kind, other, err)
			}
		}
		for _, other := range statement.Kinds {
			if other == kind {
				continue
			}
			got, err := statement.Decode(set(t, data, "kind", fmt.Sprintf("%q", other)))
			if err == nil && !slices.Contains(alike[kind], other) {
				t.Errorf("the members of a %s were accepted as a %s", kind, other)
			}
			if err == nil && got.Body.Kind() != other {
				t.Errorf("a %s was read as a %s", other, got.Body.Kind())
			}
		}
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	for name, spoil := range map[string]func(*statement.Statement){
		"body":    func(s *statement.Statement) { s.Body = nil },
		"of":      func(s *statement.Statement) { s.Body.(*statement.Withdraw).Of = canon.Digest{} },
		"actor":   func(s *statement.Statement) { s.Actor = "m\u202eara" },
		"ledger":  func(s *statement.Statement) { s.Ledger = "" },
		"nonce":   func(s *statement.Statement) { s.Nonce = canon.Key32{} },
		"expires": func(s *statement.Statement) { s.Expires = canon.At(s.Expires.Std().AddDate(8000, 0, 0)) },
		"seen":    func(s *statement.Statement) { s.Seen.Size = 1<<53 + 1 },
	} {
		s := sample(bodies()[statement.KindWithdraw])
		spoil(&s)
		if data, err := statement.Encode(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

func TestDecisionsThatDoNotAddUp(t *testing.T) {
	full := func() *statement.Decision { return bodies()[statement.KindDecision].(*statement.Decision) }
	denied, silent := full(), full()
	denied.Verdict = statement.Deny
	silent.Note = nil
	for member, body := range map[string]*statement.Decision{"narrow": denied, "note": silent} {
		if _, err := statement.Encode(sample(body)); err == nil || !strings.Contains(err.Error(), member+":") {
			t.Errorf("%s: %v", member, err)
		}
	}
}
