package ledger_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// excerpt is partial evidence over some entries of a log of 600.
func excerpt(tb testing.TB, indices ...int64) (ledger.Partial, ledger.Anchor) {
	tb.Helper()
	src, anchor, cp := exported(tb, 600)
	log, err := ledger.OpenLog(src, anchor)
	if err != nil {
		tb.Fatal(err)
	}
	p := ledger.Partial{
		Signed:      log.Signed(),
		Attachments: map[ledger.Hash][]byte{ledger.AttachmentHash(testAttachment): testAttachment},
		Notes:       []ledger.Note{testNote, {Text: "second"}, {Text: ""}},
	}
	for _, i := range indices {
		proof, err := ledger.InclusionProof(cp.Size, i, log.Tiles())
		if err != nil {
			tb.Fatal(err)
		}
		p.Entries = append(p.Entries, ledger.ProvedEntry{Index: i, Body: body(i), Proof: proof})
	}
	return p, anchor
}

func encoded(tb testing.TB, a ledger.Anchor, p ledger.Partial) []byte {
	tb.Helper()
	data, err := ledger.EncodePartial(a, p)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestPartial(t *testing.T) {
	p, anchor := excerpt(t, 0, 17, 255, 256, 599)
	data := encoded(t, anchor, p)
	got, err := ledger.OpenPartial(anchor, data)
	if err != nil {
		t.Fatal(err)
	}
	opts := cmp.Options{
		cmpopts.IgnoreUnexported(ledger.Partial{}),
		cmpopts.SortSlices(func(a, b ledger.Note) bool { return a.Text < b.Text }),
	}
	if diff := cmp.Diff(p, *got, opts); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if cp := got.Checkpoint(); cp.Size != 600 || cp.Origin != origin {
		t.Fatalf("the checkpoint is %+v", cp)
	}
	if again := encoded(t, anchor, *got); !bytes.Equal(again, data) {
		t.Fatal("encoding again gives other bytes")
	}
	for _, want := range []string{
		`{"attachments":{"`, `"body":{"n":17,"pad":"`, `"evidence":"v1"`, `"index":599,"proof":["`,
		`"salt":"` + base64.StdEncoding.EncodeToString(testNote.Salt[:]) + `","text":"call the Zürich desk"}`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

func TestPartialOfNothing(t *testing.T) {
	p, anchor := excerpt(t)
	p.Attachments, p.Notes = nil, nil
	data := encoded(t, anchor, p)
	if !strings.HasSuffix(string(data), `"entries":[],"evidence":"v1","notes":[]}`) {
		t.Fatalf("encoded as %s", data)
	}
}

func TestPartialRefusesEveryFlippedByte(t *testing.T) {
	p, anchor := excerpt(t, 17, 599)
	data := encoded(t, anchor, p)
	for at := range data {
		for _, flip := range []byte{1, 2, 4, 0x20, 0x80} {
			bad := bytes.Clone(data)
			bad[at] ^= flip
			_, err := ledger.OpenPartial(anchor, bad)
			var f *ledger.Fault
			if !errors.As(err, &f) {
				t.Fatalf("with byte %d (%q) changed to %q: %v", at, data[at], bad[at], err)
			}
		}
	}
}

func TestPartialNamesWhatIsWrong(t *testing.T) {
	p, anchor := excerpt(t, 17, 599)
	good := string(encoded(t, anchor, p))
	replace := func(old, new string) string {
		t.Helper()
		bad := strings.Replace(good, old, new, 1)
		if bad == good {
			t.Fatalf("%q is not in the evidence", old)
		}
		return bad
	}
	attachment, note := ledger.AttachmentHash(testAttachment).String(), testNote.Hash().String()
	proof := p.Entries[0].Proof[0].String()
	salt := base64.StdEncoding.EncodeToString(testNote.Salt[:])
	zero := strings.Repeat("0", 64)
	for name, c := range map[string]struct{ text, class, where string }{
		"body":             {replace(`{"n":17,`, `{"n":18,`), ledger.ClassProof, "proof of entry 17"},
		"index":            {replace(`"index":17,`, `"index":18,`), ledger.ClassProof, "proof of entry 18"},
		"index beyond":     {replace(`"index":599,`, `"index":600,`), ledger.ClassProof, "proof of entry 600"},
		"index negative":   {replace(`"index":17,`, `"index":-1,`), ledger.ClassEncoding, "entry -1"},
		"proof":            {replace(proof, zero), ledger.ClassProof, "proof of entry 17"},
		"proof shortened":  {replace(`"`+proof+`",`, ``), ledger.ClassProof, "proof of entry 17"},
		"attachment":       {replace(attachment, zero), ledger.ClassAttachment, "attachment " + zero},
		"note":             {replace("Zürich", "Zurich"), ledger.ClassNote, "note " + note},
		"salt":             {replace(salt, strings.Repeat("A", 43)+"="), ledger.ClassNote, "note " + note},
		"short salt":       {replace(salt, "AAAA"), ledger.ClassNote, "note " + note},
		"version":          {replace(`"evidence":"v1"`, `"evidence":"v2"`), ledger.ClassEncoding, "evidence"},
		"origin":           {replace(`"checkpoint":"cell`, `"checkpoint":"sell`), ledger.ClassCheckpointOrigin, "checkpoint"},
		"size":             {replace(`\n600\n`, `\n601\n`), ledger.ClassCheckpointSignature, "checkpoint"},
		"unknown member":   {replace(`{`, `{"a":1,`), ledger.ClassEncoding, "evidence"},
		"missing member":   {replace(`"evidence":"v1",`, ``), ledger.ClassEncoding, "evidence"},
		"white space":      {replace(`,`, `, `), ledger.ClassEncoding, "evidence"},
		"body spaced":      {replace(`{"n":17,`, `{"n":17, `), ledger.ClassEncoding, "evidence"},
		"body unsorted":    {replace(`{"n":17,`, `{"z":17,`), ledger.ClassEncoding, "evidence"},
		"upper-case hash":  {replace(proof, strings.ToUpper(proof)), ledger.ClassEncoding, "evidence"},
		"base64 unpadded":  {replace(salt, strings.TrimRight(salt, "=")), ledger.ClassEncoding, "evidence"},
		"something behind": {good + " ", ledger.ClassEncoding, "evidence"},
		"nothing":          {"", ledger.ClassEncoding, "evidence"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.OpenPartial(anchor, []byte(c.text))
			if f := wantFault(t, err, c.class); f.Where != c.where {
				t.Errorf("blamed %q, want %q (%v)", f.Where, c.where, err)
			}
		})
	}
}

func TestEncodePartialRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ledger.Partial)
		class  string
	}{
		"unsorted entries":   {func(p *ledger.Partial) { p.Entries[0], p.Entries[1] = p.Entries[1], p.Entries[0] }, ledger.ClassEncoding},
		"an entry twice":     {func(p *ledger.Partial) { p.Entries[1] = p.Entries[0] }, ledger.ClassEncoding},
		"no body":            {func(p *ledger.Partial) { p.Entries[0].Body = nil }, ledger.ClassEncoding},
		"spaces in a body":   {func(p *ledger.Partial) { p.Entries[0].Body = []byte(`{ }`) }, ledger.ClassEncoding},
		"number in a body":   {func(p *ledger.Partial) { p.Entries[0].Body = []byte(`1.0`) }, ledger.ClassEncoding},
		"two bodies":         {func(p *ledger.Partial) { p.Entries[0].Body = []byte(`1 2`) }, ledger.ClassEncoding},
		"another body":       {func(p *ledger.Partial) { p.Entries[0].Body = []byte(`1`) }, ledger.ClassProof},
		"long body":          {func(p *ledger.Partial) { p.Entries[0].Body = bytes.Repeat([]byte("1"), 5) }, ledger.ClassProof},
		"too long body":      {func(p *ledger.Partial) { p.Entries[0].Body = longBody() }, ledger.ClassEntry},
		"attachment renamed": {func(p *ledger.Partial) { p.Attachments[ledger.Hash{}] = []byte("x") }, ledger.ClassAttachment},
		"a note twice":       {func(p *ledger.Partial) { p.Notes = append(p.Notes, p.Notes[0]) }, ledger.ClassEncoding},
		"note not UTF-8":     {func(p *ledger.Partial) { p.Notes[0].Text = "\xff" }, ledger.ClassEncoding},
		"note too long":      {func(p *ledger.Partial) { p.Notes[0].Text = string(bytes.Repeat([]byte("x"), ledger.MaxNote+1)) }, ledger.ClassNote},
		"no checkpoint":      {func(p *ledger.Partial) { p.Signed = nil }, ledger.ClassEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			p, anchor := excerpt(t, 17, 599)
			c.change(&p)
			data, err := ledger.EncodePartial(anchor, p)
			wantFault(t, err, c.class)
			if data != nil {
				t.Error("it returned evidence all the same")
			}
		})
	}
}

func longBody() []byte {
	return []byte(`"` + strings.Repeat("x", ledger.MaxEntry) + `"`)
}

func TestNoteHash(t *testing.T) {
	// SHA-256 of 32 zero bytes, and of 32 zero bytes followed by "hi".
	for text, want := range map[string]string{
		"":   "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925",
		"hi": "b53af05d0e20794af8fde57f73761b11966ac37268b2c89f70125cb1dc7852a9",
	} {
		if got := ledger.NoteHash([ledger.SaltSize]byte{}, text).String(); got != want {
			t.Errorf("NoteHash of %q = %s, want %s", text, got, want)
		}
	}
}
