package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestPolicy(t *testing.T) {
	all, policy := three(t)
	text := policy.String()
	if !strings.HasPrefix(text, "2 of 3 alpha.example.net/w+") {
		t.Fatalf("it is spelled %q", text)
	}
	again, err := ledger.ParsePolicy(text)
	if err != nil || again.String() != text || again.Need() != 2 || again.None() {
		t.Fatalf("%+v, %v", again, err)
	}
	reversed, err := ledger.NewPolicy(2, []string{all[2].VKey(), all[1].VKey(), all[0].VKey()})
	if err != nil || reversed.String() != text {
		t.Fatalf("the order of the keys shows: %q, %v", reversed.String(), err)
	}
	if diff := cmp.Diff([]string{"alpha.example.net/w", "bravo.example.net/w", "charlie.example.net/w"}, policy.Names()); diff != "" {
		t.Error(diff)
	}
	none, err := ledger.ParsePolicy("none")
	if err != nil || !none.None() || none.String() != "none" {
		t.Fatalf("none is %+v, %v", none, err)
	}
	anchor, _ := testAnchor(t)
	anchor.Witnesses = text
	data, err := anchor.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ledger.DecodeAnchor(data); err != nil || got.Policy().String() != text {
		t.Fatalf("the anchor's policy is %q, %v", got.Policy(), err)
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	all, policy := three(t)
	good := policy.String()
	keys := strings.Fields(good)[3:]
	sameKey := cosigner(t, 20, "other.example.net/w").VKey()
	_, ledgerKey := keyPair(t, 7, "delta.example.net")
	for name, bad := range map[string]string{
		"nothing":          "",
		"None":             "None",
		"words":            "two of three",
		"no keys":          "1 of 0",
		"needs none":       strings.Replace(good, "2 of", "0 of", 1),
		"needs too many":   strings.Replace(good, "2 of", "4 of", 1),
		"leading zero":     strings.Replace(good, "2 of", "02 of", 1),
		"plus sign":        strings.Replace(good, "2 of", "+2 of", 1),
		"miscounted":       strings.Replace(good, "of 3", "of 2", 1),
		"two spaces":       strings.Replace(good, " of", "  of", 1),
		"space at the end": good + " ",
		"unsorted":         "2 of 3 " + keys[1] + " " + keys[0] + " " + keys[2],
		"one twice":        "2 of 3 " + keys[0] + " " + keys[0] + " " + keys[1],
		"one key, 2 names": "1 of 2 " + keys[0] + " " + sameKey,
		"one name, 2 keys": "1 of 2 " + strings.Join(slices.Sorted(slices.Values([]string{keys[0], cosigner(t, 90, all[0].Name()).VKey()})), " "),
		"plain key":        "1 of 1 " + ledgerKey,
		"wrong hash":       strings.Replace(good, keys[0][20:28], "00000000", 1),
		"hash in capitals": strings.Replace(good, "+", "+A", 1),
		"cut key":          good[:len(good)-4],
		"seventeen":        "1 of 17" + strings.Repeat(" "+keys[0], 17),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.ParsePolicy(bad)
			wantFault(t, err, ledger.ClassAnchor)
		})
	}
}

// TestALogIsNotItsOwnWitness: the ledger's key, under another name and type, is
// not a witness.
func TestALogIsNotItsOwnWitness(t *testing.T) {
	anchor, _ := testAnchor(t)
	policy, err := ledger.NewPolicy(1, []string{cosigner(t, 7, "witness.example.net").VKey()})
	if err != nil {
		t.Fatal(err)
	}
	anchor.Witnesses = policy.String()
	_, err = anchor.Encode()
	wantFault(t, err, ledger.ClassAnchor)
}

func FuzzPolicy(f *testing.F) {
	_, policy := three(f)
	f.Add(policy.String())
	f.Add("none")
	f.Add("1 of 1 a+00000000+BAAA")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ledger.ParsePolicy(text)
		if err == nil && p.String() != text {
			t.Fatalf("accepted %q as %q", text, p.String())
		}
	})
}

func FuzzCosignatures(f *testing.F) {
	signer, _ := keyPair(f, 7, origin)
	bare, err := ledger.SignCheckpoint(testCheckpoint(), signer)
	if err != nil {
		f.Fatal(err)
	}
	all, policy := three(f)
	f.Add(string(cosign(f, all[0], bare, noon)))
	f.Add(string(cosign(f, all[0], bare, noon)) + string(cosign(f, all[2], bare, noon)))
	f.Add("— alpha.example.net/w AAAAAAAA\n")
	f.Fuzz(func(t *testing.T, lines string) {
		text, err := policy.Add(bare, []byte(lines))
		if err != nil {
			return
		}
		// What was added is what was there: the same witnesses, once each.
		found, err := policy.Check(text, noon)
		if err != nil {
			t.Fatalf("added %q and refused it: %v", text, err)
		}
		if got := strings.Count(string(text), "\n— ") - 1; got != len(found.By)+len(found.Ahead) {
			t.Fatalf("%d lines for %d cosignatures", got, len(found.By))
		}
		if again, err := policy.Add(text, []byte(lines)); err != nil || string(again) != string(text) {
			t.Fatalf("adding twice gives %q", again)
		}
	})
}
