package meaning_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
)

// tables are all that is asked of each sample.
var tables = map[string]func(sample) []line{
	"door": door, "grant": grant, "twins": twins, "stop": stop, "stopper": stopper, "rails": rails, "console": fallback, "guards": guards,
	"cut-off": cutOff,
}

// TestSessionsMayWhatIsMeant puts every sample scenario's documents before the foreign
// evaluator, table by table. A row's name says what it means.
func TestSessionsMayWhatIsMeant(t *testing.T) {
	all := samples(t)
	var lines []line
	for _, s := range all {
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			lines = append(lines, tables[name](s)...)
		}
	}
	if t.Logf("%d rows", len(lines)); len(lines) < 300 {
		t.Errorf("%d rows, and 300 is the least", len(lines))
	}
	outcomes := weigh(t, judge(t), lines)
	for _, s := range all {
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			n := len(tables[name](s))
			t.Run(s.name+"/"+name, func(t *testing.T) { hold(t, lines[:n], outcomes[:n]) })
			lines, outcomes = lines[n:], outcomes[n:]
		}
	}
}

// TestWebDoorAsksNoMFAOfAWS: what AWS calls MFA is only its own, and is absent where
// people come by a web token. A condition on it there would shut the door, or hold open
// a denial for everybody.
func TestWebDoorAsksNoMFAOfAWS(t *testing.T) {
	for _, s := range samples(t) {
		for name, document := range map[string][]byte{"trust": s.trust, "policy": s.policy, "boundary": s.boundary, "session": s.session,
			"twin": []byte(s.twin.Policy), "stopper's trust": s.stopperTrust, "stopper's policy": s.stopperPolicy, "service control policy": s.guard[0].Document} {
			if bytes.Contains(bytes.ToLower(document), []byte("multifactorauth")) {
				t.Errorf("%s: the %s of the role names aws:MultiFactorAuth*: %s", s.name, name, document)
			}
		}
		if s.console && !bytes.Contains(s.consoleTrust, []byte("aws:MultiFactorAuthAge")) {
			t.Errorf("%s: the console role asks no MFA of AWS", s.name)
		}
	}
}
