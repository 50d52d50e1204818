package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestAnchor(t *testing.T) {
	anchor, _ := testAnchor(t)
	_, second := keyPair(t, 8, origin)
	anchor.LedgerKeys = append(anchor.LedgerKeys, second)
	data, err := anchor.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.DecodeAnchor(data)
	if err != nil {
		t.Fatal(err)
	}
	reversed := anchor
	reversed.LedgerKeys = []string{anchor.LedgerKeys[1], anchor.LedgerKeys[0]}
	if again, err := reversed.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("the order of the keys changes the encoding: %s, %v", again, err)
	}
	if cmp.Diff(got, anchor) != "" && cmp.Diff(got, reversed) != "" {
		t.Fatalf("decoded as %+v", got)
	}
	want := `{"anchor":"v1","genesis":"` + anchor.Genesis.String() + `","ledger_keys":["` + origin + `+`
	if !strings.HasPrefix(string(data), want) || !strings.HasSuffix(string(data), `"],"origin":"`+origin+`","witnesses":"none"}`) {
		t.Fatalf("encoded as %s", data)
	}
}

func TestDecodeAnchorRefuses(t *testing.T) {
	anchor, _ := testAnchor(t)
	data, err := anchor.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	key := anchor.LedgerKeys[0]
	hash := strings.Split(key, "+")[1]
	replace := func(old, new string) string {
		t.Helper()
		bad := strings.Replace(good, old, new, 1)
		if bad == good {
			t.Fatalf("%q is not in the anchor", old)
		}
		return bad
	}
	_, second := keyPair(t, 8, origin)
	first := key
	if first < second {
		first, second = second, first
	}
	for name, bad := range map[string]string{
		"nothing":           "",
		"new line at end":   good + "\n",
		"white space":       replace(":", ": "),
		"version":           replace(`"v1"`, `"v2"`),
		"no genesis":        replace(anchor.Genesis.String(), strings.Repeat("0", 64)),
		"upper case digest": replace(anchor.Genesis.String(), strings.ToUpper(anchor.Genesis.String())),
		"witnesses":         replace(`"none"`, `"2 of 3"`),
		"other origin":      replace(`"origin":"cell`, `"origin":"sell`),
		"bad origin":        replace(`"origin":"cell`, `"origin":"ce ll`),
		"no key":            replace(`["`+key+`"]`, `[]`),
		"key twice":         replace(`"`+key+`"`, `"`+key+`","`+key+`"`),
		"keys unsorted":     replace(`"`+key+`"`, `"`+first+`","`+second+`"`),
		"key hash":          replace(hash, "00000000"),
		"key hash in caps":  replace(hash, strings.ToUpper(hash)),
		"key cut":           replace(key, key[:len(key)-4]),
		"key broken up":     replace(key, key[:len(key)-4]+`\n`+key[len(key)-4:]),
		"key with a tail":   replace(key, key+"+x"),
		"unknown member":    replace(`{`, `{"a":1,`),
		"repeated member":   replace(`{`, `{"anchor":"v1",`),
		"missing member":    replace(`,"witnesses":"none"`, ``),
		"null member":       replace(`"none"`, `null`),
		"escaped":           replace(`"none"`, `"n\u006fne"`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.DecodeAnchor([]byte(bad))
			wantFault(t, err, ledger.ClassAnchor)
		})
	}
}

func TestAnchorFaultsSayHowToMend(t *testing.T) {
	anchor, _ := testAnchor(t)
	for name, change := range map[string]func(*ledger.Anchor){
		"origin":    func(a *ledger.Anchor) { a.Origin = "" },
		"genesis":   func(a *ledger.Anchor) { a.Genesis = ledger.Hash{} },
		"keys":      func(a *ledger.Anchor) { a.LedgerKeys = nil },
		"key":       func(a *ledger.Anchor) { a.LedgerKeys = []string{"x"} },
		"witnesses": func(a *ledger.Anchor) { a.Witnesses = "" },
	} {
		bad := anchor
		change(&bad)
		_, err := bad.Encode()
		if f := wantFault(t, err, ledger.ClassAnchor); f.Mend == "" {
			t.Errorf("%s: no mend in %#v", name, f)
		}
		_, err = ledger.OpenLog(files{}, bad)
		wantFault(t, err, ledger.ClassAnchor)
		_, err = ledger.OpenPartial(bad, nil)
		wantFault(t, err, ledger.ClassAnchor)
		_, err = ledger.WriteLog(files{}, bad, ledger.Export{})
		wantFault(t, err, ledger.ClassAnchor)
	}
}
