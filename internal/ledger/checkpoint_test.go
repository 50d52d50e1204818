package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/note"
)

func testCheckpoint() ledger.Checkpoint {
	return ledger.Checkpoint{Origin: origin, Size: 3, Root: ledger.LeafHash([]byte("root"))}
}

func sign(t *testing.T, cp ledger.Checkpoint, signers ...note.Signer) []byte {
	t.Helper()
	text, err := ledger.SignCheckpoint(cp, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCheckpoint(t *testing.T) {
	signer, vkey := keyPair(t, 7, origin)
	text := sign(t, testCheckpoint(), signer)
	want := "cell.example.org\n3\nPAb5plclr2BSYfY2ZyyWINQJcx2JpFHXRV/pxK4WeCk=\n\n— cell.example.org "
	if !strings.HasPrefix(string(text), want) {
		t.Fatalf("the text is\n%s", text)
	}
	got, err := ledger.OpenCheckpoint(origin, []string{vkey}, text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testCheckpoint(), got); diff != "" {
		t.Fatal(diff)
	}
	if again := sign(t, got, signer); !bytes.Equal(again, text) {
		t.Fatal("signing again gives other bytes")
	}
}

func TestCheckpointWhileKeysChange(t *testing.T) {
	oldSigner, oldKey := keyPair(t, 7, origin)
	newSigner, newKey := keyPair(t, 8, origin)
	_, strange := keyPair(t, 9, origin)
	both := sign(t, testCheckpoint(), oldSigner, newSigner)
	for name, keys := range map[string][]string{"old": {oldKey}, "new": {newKey}, "both": {oldKey, newKey}} {
		if _, err := ledger.OpenCheckpoint(origin, keys, both); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := ledger.OpenCheckpoint(origin, []string{strange}, both)
	wantFault(t, err, ledger.ClassCheckpointSignature)

	// A wrong signature by a pinned key is refused although the other one is right.
	lines := strings.SplitAfter(string(both), "\n")
	other := strings.SplitAfter(string(sign(t, ledger.Checkpoint{Origin: origin, Size: 9}, newSigner)), "\n")
	mixed := strings.Join(append(lines[:5:5], other[4]), "")
	_, err = ledger.OpenCheckpoint(origin, []string{oldKey, newKey}, []byte(mixed))
	wantFault(t, err, ledger.ClassCheckpointSignature)
}

func TestOpenCheckpointRefusesEveryFlippedBit(t *testing.T) {
	signer, vkey := keyPair(t, 7, origin)
	text := sign(t, testCheckpoint(), signer)
	for at := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[at] ^= 1 << bit
			if _, err := ledger.OpenCheckpoint(origin, []string{vkey}, bad); err == nil {
				t.Fatalf("accepted with bit %d of byte %d flipped:\n%s", bit, at, bad)
			}
		}
	}
	for n := range text {
		if _, err := ledger.OpenCheckpoint(origin, []string{vkey}, text[:n]); err == nil {
			t.Fatalf("accepted when cut to %d bytes", n)
		}
	}
}

func TestOpenCheckpointRefusesOtherSpellings(t *testing.T) {
	signer, vkey := keyPair(t, 7, origin)
	good := string(sign(t, testCheckpoint(), signer))
	signature := good[strings.Index(good, "—"):]
	// resigned signs any text at all with the pinned key.
	resigned := func(text string) string {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	root := strings.Split(good, "\n")[2]
	empty := "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	cases := map[string]struct{ text, class string }{
		"extension line":        {resigned(origin + "\n3\n" + root + "\nmore\n"), ledger.ClassEncoding},
		"empty extension":       {resigned(origin + "\n3\n" + root + "\n\n"), ledger.ClassEncoding},
		"leading zero":          {resigned(origin + "\n03\n" + root + "\n"), ledger.ClassEncoding},
		"plus sign":             {resigned(origin + "\n+3\n" + root + "\n"), ledger.ClassEncoding},
		"huge size":             {resigned(origin + "\n281474976710656\n" + root + "\n"), ledger.ClassEncoding},
		"loose base64":          {resigned(origin + "\n3\n" + strings.Replace(root, "k=", "l=", 1) + "\n"), ledger.ClassEncoding},
		"short root":            {resigned(origin + "\n3\nAAAA\n"), ledger.ClassEncoding},
		"two lines":             {resigned(origin + "\n3\n"), ledger.ClassEncoding},
		"other origin":          {resigned("other.example.org\n3\n" + root + "\n"), ledger.ClassCheckpointOrigin},
		"origin with a space":   {resigned(origin + " \n3\n" + root + "\n"), ledger.ClassCheckpointOrigin},
		"root of an empty log":  {resigned(origin + "\n0\n" + root + "\n"), ledger.ClassRoot},
		"no signature":          {good[:strings.Index(good, "—")], ledger.ClassEncoding},
		"no empty line":         {strings.Replace(good, "\n\n", "\n", 1), ledger.ClassEncoding},
		"signed twice":          {good + signature, ledger.ClassEncoding},
		"line after":            {good + "\n", ledger.ClassEncoding},
		"space before the end":  {strings.TrimSuffix(good, "\n") + " \n", ledger.ClassEncoding},
		"no end of line":        {strings.TrimSuffix(good, "\n"), ledger.ClassEncoding},
		"carriage return":       {strings.TrimSuffix(good, "\n") + "\r\n", ledger.ClassEncoding},
		"hyphen for dash":       {strings.Replace(good, "—", "-", 1), ledger.ClassEncoding},
		"cosignature malformed": {good + "— witness.example.org AAA=\n", ledger.ClassEncoding},
		"nothing":               {"", ledger.ClassEncoding},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.OpenCheckpoint(origin, []string{vkey}, []byte(c.text))
			if f := wantFault(t, err, c.class); f.Where != "checkpoint" {
				t.Errorf("blamed %s", f.Where)
			}
		})
	}
	accepted := map[string]string{
		"an empty log":             resigned(origin + "\n0\n" + empty + "\n"),
		"a cosignature of another": good + "— witness.example.org AAAAAAAA\n",
	}
	for name, text := range accepted {
		if _, err := ledger.OpenCheckpoint(origin, []string{vkey}, []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignCheckpointRefuses(t *testing.T) {
	signer, _ := keyPair(t, 7, origin)
	stranger, _ := keyPair(t, 7, "other.example.org")
	for name, c := range map[string]struct {
		cp      ledger.Checkpoint
		signers []note.Signer
		class   string
	}{
		"nobody":      {testCheckpoint(), nil, ledger.ClassCheckpointSignature},
		"other name":  {testCheckpoint(), []note.Signer{stranger}, ledger.ClassCheckpointSignature},
		"bad origin":  {ledger.Checkpoint{Origin: "a b", Size: 1}, []note.Signer{signer}, ledger.ClassCheckpointOrigin},
		"negative":    {ledger.Checkpoint{Origin: origin, Size: -1}, []note.Signer{signer}, ledger.ClassEncoding},
		"wrong empty": {ledger.Checkpoint{Origin: origin}, []note.Signer{signer}, ledger.ClassRoot},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := ledger.SignCheckpoint(c.cp, c.signers...)
			wantFault(t, err, c.class)
			if text != nil {
				t.Errorf("it signed %q all the same", text)
			}
		})
	}
}

func TestGenerateKey(t *testing.T) {
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(make([]byte, 32)), origin)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := ledger.GenerateKey(bytes.NewReader(make([]byte, 32)), origin)
	if err != nil || again != skey {
		t.Fatalf("the same seed gives another key (%v)", err)
	}
	if !strings.HasPrefix(vkey, origin+"+") || !strings.HasPrefix(skey, "PRIVATE+KEY+"+origin+"+") {
		t.Fatalf("vkey %s", vkey)
	}
	for _, bad := range []string{"", "a b", "a+b", "a\nb", "ä", strings.Repeat("a", 256)} {
		_, _, err := ledger.GenerateKey(bytes.NewReader(make([]byte, 32)), bad)
		wantFault(t, err, ledger.ClassAnchor)
	}
	if _, _, err := ledger.GenerateKey(bytes.NewReader(make([]byte, 31)), origin); err == nil {
		t.Error("made a key from 31 bytes")
	}
	if _, _, err := ledger.GenerateKey(nil, origin); err == nil {
		t.Error("made a key from nothing")
	}
}
