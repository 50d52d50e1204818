package statement_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

var update = flag.Bool("update", false, "write the golden files anew")

func digest(text string) canon.Digest { return canon.Sum([]byte(text)) }

func key(text string) canon.Key32 { return canon.Key32(digest(text)) }

func note(text string) statement.Note {
	n, err := statement.NewNote([32]byte(digest("salt of "+text)), text)
	if err != nil {
		panic(err)
	}
	return n
}

// bodies has one full body of each kind.
func bodies() map[statement.Kind]statement.Body {
	excuse := note("the line broke before the call back")
	return map[statement.Kind]statement.Body{
		statement.KindFound:   &statement.Found{Genesis: digest("genesis")},
		statement.KindSession: &statement.Session{For: 900},
		statement.KindRequest: &statement.Request{
			Scenario: "prod-db", ScenarioDigest: digest("scenario"), Severity: "SEV1", For: 3600,
			Targets: []string{"db-1", "db-2.eu"}, Why: note("the replica lags"), Incident: "OPS/2041#3",
			Holder: statement.Holder{Ed25519: key("ed25519"), X25519: key("x25519")},
		},
		statement.KindDecision: &statement.Decision{
			Of: digest("request"), Verdict: statement.Approve, Check: statement.NotChecked,
			Narrow: &statement.Narrow{For: 900, Targets: []string{"db-1"}}, Note: &excuse,
		},
		statement.KindWithdraw: &statement.Withdraw{Of: digest("request")},
		statement.KindFetch:    &statement.Fetch{Of: digest("request"), Target: "db-1"},
		statement.KindRelease:  &statement.Release{Of: digest("request"), Targets: []string{"db-1", "db-2.eu"}},
		statement.KindStop:     &statement.Stop{Of: digest("request"), Reason: note("wrong cluster")},
		statement.KindAttest:   &statement.Attest{Of: digest("request"), Target: "db-1", Note: note("I looked: nobody is there")},
		statement.KindChange: &statement.Change{
			Remove: statement.Removal{Person: "mara", Key: "SHA256:" + strings.Repeat("Ab0+/", 8) + "xyz"},
			Reason: note("the key was lost"),
		},
		statement.KindSeal: &statement.Seal{
			Envelope: "prod-root", Serial: 3, Threshold: 2, Description: &statement.Blob{Digest: digest("description"), Length: 900},
			Content: &statement.Blob{Digest: digest("content"), Length: 300}, Commitments: digest("commitments"),
			Holders: []statement.Held{
				{Custodian: "mara", Proof: digest("proof 1"), Sealed: &statement.Blob{Digest: digest("share 1"), Length: 400}},
				{Custodian: "noor", Proof: digest("proof 2"), Sealed: &statement.Blob{Digest: digest("share 2"), Length: 401}},
			},
		},
		statement.KindShare: &statement.Share{
			Of: digest("request"), Envelope: "prod-root", Serial: 3, Holder: key("x25519"), Sealed: &statement.Blob{Digest: digest("share"), Length: 500},
		},
		statement.KindRotate: &statement.Rotate{Envelope: "prod-root", Serial: 4, New: "accepted", Old: "refused", Note: &excuse},
		statement.KindInspect: &statement.Inspect{
			Envelope: "prod-root", Serial: 3, Proof: digest("proof"), Bag: "B-4711", Place: "hq/safe-2", Damaged: true,
		},
		statement.KindReview: &statement.Review{
			Of: digest("request"), Necessary: statement.Partly, Misuse: statement.No, Note: note("a restart would have done"),
		},
		statement.KindSignOff: &statement.SignOff{Of: digest("request"), Review: digest("review"), Verdict: statement.SendBack, Note: &excuse},
		statement.KindClock:   &statement.Clock{Step: -86_400_000, Reason: note("set back by hand")},
		statement.KindEpoch: &statement.Epoch{
			Number: 2, Lost: statement.Seen{Size: 55, Root: digest("lost")}, Salt: key("salt"), Reason: note("the disk burnt"),
		},
		statement.KindSolo:            &statement.Solo{Of: digest("request")},
		statement.KindWitnessedOutage: &statement.WitnessedOutage{Of: digest("request"), Note: note("the port is dead from my line too")},
		statement.KindVouch:           &statement.Vouch{Person: "noor", Key: "SHA256:" + strings.Repeat("a", 43), How: statement.InPerson},
		statement.KindExtend:          &statement.Extend{Of: digest("request"), For: 1800, Targets: []string{"db-1"}, Why: note("the restore takes longer")},
		statement.KindUpgrade:         &statement.Upgrade{Rules: 2, Reason: note("the next version is everywhere")},
		statement.KindReconcile:       reconcile(),
		statement.KindRecover: &statement.Recover{
			Amend:  statement.Amend{From: digest("in force"), To: statement.Blob{Digest: digest("other"), Length: 2000}, Texts: []statement.Note{note("Kim")}},
			Reason: note("the change quorum lost its keys"),
		},
		statement.KindCancel:  &statement.Cancel{Of: digest("recovery"), Why: note("we have our keys")},
		statement.KindSuspend: &statement.Suspend{Person: "noor", Key: "SHA256:" + strings.Repeat("a", 43), Reason: note("the laptop is gone")},
		statement.KindLift:    &statement.Lift{Person: "noor", Key: "SHA256:" + strings.Repeat("a", 43), Why: note("it was under the desk")},
	}
}

// offline is a statement that was signed with no server.
func offline(body statement.Body) statement.Statement {
	s := sample(body)
	s.Offline = true
	return s
}

// acts is an offline request and a yes to it, as they are carried back.
func acts() (of canon.Digest, carried []statement.Act) {
	ask, err := statement.Encode(offline(&statement.Request{
		Scenario: "prod-db", ScenarioDigest: digest("scenario"), Severity: "SEV1", For: 3600, Targets: []string{"root"},
		Why: note("all is down"), Holder: statement.Holder{Ed25519: key("ed25519"), X25519: key("x25519")},
	}))
	if err != nil {
		panic(err)
	}
	yes, err := statement.Encode(offline(&statement.Decision{Of: canon.Sum(ask), Verdict: statement.Approve, Check: statement.InPerson}))
	if err != nil {
		panic(err)
	}
	return canon.Sum(ask), []statement.Act{{Signature: []byte("mara's"), Statement: ask}, {Signature: []byte("noor's"), Statement: yes}}
}

func reconcile() *statement.Reconcile {
	of, carried := acts()
	return &statement.Reconcile{Of: of, Acts: carried}
}

func sample(body statement.Body) statement.Statement {
	s := statement.Statement{Body: body, Header: statement.Header{
		Actor: "mara", Ledger: "halligan.example.org", Nonce: key("nonce"),
		Expires: canon.At(time.Date(2026, 11, 22, 3, 22, 0, 7e6, time.UTC)),
		Seen:    statement.Seen{Size: 41, Root: digest("root")},
	}}
	if body.Kind() == statement.KindFound {
		s.Seen = statement.Seen{Root: digest("")}
	}
	return s
}

func encode(t testing.TB, s statement.Statement) []byte {
	t.Helper()
	data, err := statement.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSamplesCoverEveryKind(t *testing.T) {
	all := bodies()
	if len(all) != len(statement.Kinds) {
		t.Errorf("%d samples for %d kinds", len(all), len(statement.Kinds))
	}
	for _, kind := range statement.Kinds {
		if all[kind] == nil || all[kind].Kind() != kind {
			t.Errorf("%s: sample is %#v", kind, all[kind])
		}
	}
}

func TestRoundTrip(t *testing.T) {
	short := []statement.Body{
		&statement.Request{Scenario: "a", ScenarioDigest: digest("b"), Severity: "SEV4", For: 1, Targets: []string{"c"},
			Why: note("d"), Holder: statement.Holder{Ed25519: key("e"), X25519: key("f")}},
		&statement.Decision{Of: digest("g"), Verdict: statement.Deny, Check: statement.Video},
		&statement.Decision{Of: digest("g"), Verdict: statement.Approve, Check: statement.InPerson, Narrow: &statement.Narrow{For: 1}},
		&statement.Decision{Of: digest("g"), Verdict: statement.Approve, Check: statement.CallBack, Narrow: &statement.Narrow{Targets: []string{"h"}}},
		&statement.Release{Of: digest("i")},
		&statement.Change{Remove: statement.Removal{Person: "j"}, Reason: note("k")},
	}
	for _, kind := range statement.Kinds {
		short = append(short, bodies()[kind])
	}
	for _, body := range short {
		want := sample(body)
		data := encode(t, want)
		got, err := statement.Decode(data)
		if err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		want.Digest = canon.Sum(data)
		if diff := cmp.Diff(want, got, cmp.Comparer(canon.Time.Equal)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body.Kind(), diff)
		}
		if !canon.Canonical(data) {
			t.Errorf("%s is not canonical", data)
		}
	}
}

// TestGolden holds the bytes that people have signed: a change here breaks every
// signature that was ever made.
func TestGolden(t *testing.T) {
	for _, kind := range statement.Kinds {
		data := encode(t, sample(bodies()[kind]))
		name := filepath.Join("testdata", "golden", string(kind)+".json")
		if *update {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(data)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	names, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil || len(names) != len(statement.Kinds) {
		t.Errorf("%d golden files for %d kinds (%v)", len(names), len(statement.Kinds), err)
	}
}

// changed holds that altered bytes are either no statement or one that says
// something else: nothing that was signed has a second spelling.
func changed(original statement.Statement, data, altered []byte) error {
	if bytes.Equal(data, altered) {
		return nil
	}
	got, err := statement.Decode(altered)
	if err != nil {
		return nil
	}
	if got.Digest != canon.Sum(altered) || got.Digest == original.Digest {
		return fmt.Errorf("%q has the digest %s", altered, got.Digest)
	}
	got.Digest = original.Digest
	if cmp.Equal(original, got, cmp.Comparer(canon.Time.Equal)) {
		return fmt.Errorf("%q says the same as %q", altered, data)
	}
	return nil
}

func TestEveryByteCounts(t *testing.T) {
	for kind, body := range bodies() {
		data := encode(t, sample(body))
		original, err := statement.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for at := range data {
			variants := [][]byte{slices.Delete(slices.Clone(data), at, at+1), slices.Insert(slices.Clone(data), at, data[at])}
			for bit := range 8 {
				flipped := slices.Clone(data)
				flipped[at] ^= 1 << bit
				variants = append(variants, flipped)
			}
			for _, altered := range variants {
				if err := changed(original, data, altered); err != nil {
					t.Fatalf("%s, byte %d: %v", kind, at, err)
				}
			}
		}
	}
}

func TestAlteredBytesSaySomethingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(statement.Kinds).Draw(t, "kind")
		data, err := statement.Encode(sample(bodies()[kind]))
		if err != nil {
			t.Fatal(err)
		}
		original, err := statement.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		altered := slices.Clone(data)
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			at := rapid.IntRange(0, len(altered)-1).Draw(t, "at")
			with := rapid.SampledFrom([]byte("{}[]\",:0123456789abcdefxyzEZ. \n\t\\+-_\x00\x7f\xff")).Draw(t, "with")
			switch rapid.SampledFrom([]string{"set", "delete", "insert"}).Draw(t, "edit") {
			case "set":
				altered[at] = with
			case "delete":
				altered = slices.Delete(altered, at, at+1)
			case "insert":
				altered = slices.Insert(altered, at, with)
			}
		}
		if err := changed(original, data, altered); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil || len(names) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(encode(f, sample(amending())))
	browser := *bodies()[statement.KindRequest].(*statement.Request)
	browser.Holder = statement.Holder{Ed25519: key("ed25519"), P256: pointOf(f)}
	f.Add(encode(f, sample(&browser)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := statement.Decode(data)
		if err != nil {
			if !cmp.Equal(s, statement.Statement{}, cmp.Comparer(canon.Time.Equal)) {
				t.Errorf("%q was refused and gave %+v", data, s)
			}
			return
		}
		again, err := statement.Encode(s)
		if err != nil || !bytes.Equal(again, data) || s.Digest != canon.Sum(data) {
			t.Errorf("%q was read and written as %q with digest %s (%v)", data, again, s.Digest, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, kind := range []statement.Kind{statement.KindRequest, statement.KindDecision, statement.KindFetch} {
		data := encode(b, sample(bodies()[kind]))
		b.Run(string(kind), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := statement.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestLimit(t *testing.T) {
	long := bytes.Repeat([]byte{' '}, statement.Limit+1)
	if _, err := statement.Decode(long); !errors.Is(err, canon.ErrTooLong) {
		t.Errorf("%d bytes: %v", len(long), err)
	}
	if _, err := statement.Decode(long[1:]); err == nil || errors.Is(err, canon.ErrTooLong) {
		t.Errorf("%d bytes: %v", len(long)-1, err)
	}
	widest := sample(bodies()[statement.KindRequest])
	request := widest.Body.(*statement.Request)
	request.Targets = nil
	for i := range statement.TargetsMost {
		request.Targets = append(request.Targets, fmt.Sprintf("%s%02d", strings.Repeat("x", 61), i))
	}
	if data := encode(t, widest); len(data) > statement.Limit {
		t.Errorf("the widest request has %d bytes, over the limit", len(data))
	}
	request.Targets = append(request.Targets, "y")
	if _, err := statement.Encode(widest); err == nil {
		t.Errorf("%d targets were accepted", len(request.Targets))
	}
}
