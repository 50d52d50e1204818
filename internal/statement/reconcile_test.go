package statement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT75OnlyThreeKindsAreSignedOffline: whatever else says offline is no statement.
func TestT75OnlyThreeKindsAreSignedOffline(t *testing.T) {
	plain := map[statement.Kind]statement.Body{
		statement.KindRequest:  bodies()[statement.KindRequest],
		statement.KindDecision: &statement.Decision{Of: digest("g"), Verdict: statement.Deny, Check: statement.Video},
		statement.KindShare:    bodies()[statement.KindShare],
	}
	for _, kind := range statement.Kinds {
		_, err := statement.Encode(offline(bodies()[kind]))
		if of, ok := plain[kind]; ok {
			data := encode(t, offline(of))
			got, err := statement.Decode(data)
			if err != nil || !got.Offline || !strings.Contains(string(data), `"offline":true`) {
				t.Errorf("%s: %v: %s", kind, err, data)
			}
			if _, err := statement.Decode(set(t, data, "offline", "false")); err == nil {
				t.Errorf("%s: offline false was accepted", kind)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "offline") {
			t.Errorf("%s can be signed with no server: %v", kind, err)
		}
	}
	for name, body := range map[string]statement.Body{
		"narrowed": bodies()[statement.KindDecision],
		"a bag":    &statement.Share{Of: digest("r"), Envelope: "safe", Serial: 1, Bag: "B-1"},
		"9 targets": &statement.Request{
			Scenario: "a", ScenarioDigest: digest("b"), Severity: "SEV4", For: 1, Targets: strings.Split("a b c d e f g h i", " "),
			Why: note("d"), Holder: statement.Holder{Ed25519: key("e"), X25519: key("f")},
		},
	} {
		if _, err := statement.Encode(offline(body)); err == nil || !strings.Contains(err.Error(), "offline") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := statement.Encode(sample(body)); err != nil {
			t.Errorf("%s, with a server: %v", name, err)
		}
	}
}

// TestReconcileCarriesOneRequest and what is about it, each once, and nothing that
// was signed for a server.
func TestReconcileCarriesOneRequest(t *testing.T) {
	act := func(s statement.Statement) statement.Act {
		return statement.Act{Signature: []byte("x"), Statement: encode(t, s)}
	}
	of, good := acts()
	online := sample(&statement.Decision{Of: of, Verdict: statement.Deny, Check: statement.Video})
	other := offline(&statement.Decision{Of: digest("another"), Verdict: statement.Deny, Check: statement.Video})
	many := slices.Clone(good)
	for i := range statement.ActsMost {
		s := offline(&statement.Decision{Of: of, Verdict: statement.Deny, Check: statement.Video})
		s.Nonce = canon.Key32(digest(string(rune('a' + i))))
		many = append(many, act(s))
	}
	for name, c := range map[string]struct {
		acts []statement.Act
		says string
	}{
		"signed for a server": {append(slices.Clone(good), act(online)), "acts[2]: must be a statement that says offline"},
		"of another request":  {append(slices.Clone(good), act(other)), "acts[2]: must be the request"},
		"twice":               {append(slices.Clone(good), good[1]), "acts[2]: stands twice"},
		"unsigned":            {[]statement.Act{{Statement: good[0].Statement}}, "acts[0]: signature"},
		"too many":            {many, "acts: must be 1 to 24"},
		"too long":            {[]statement.Act{good[0], {Signature: make([]byte, 8<<10), Statement: good[1].Statement}}, "acts: too long"},
		"another reconcile":   {[]statement.Act{{Signature: []byte("x"), Statement: encode(t, sample(reconcile()))}}, "acts[0]: must be a statement that says offline"},
	} {
		_, err := statement.Encode(sample(&statement.Reconcile{Of: of, Acts: c.acts}))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if notes := statement.Notes(reconcile()); len(notes) != 1 {
		t.Errorf("%d notes must come with it", len(notes))
	}
}
