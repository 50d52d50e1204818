package ledger_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestBundle(t *testing.T) {
	want := [][]byte{[]byte("a"), bytes.Repeat([]byte("b"), 256), bytes.Repeat([]byte("c"), ledger.MaxEntry)}
	var data []byte
	for _, e := range want {
		var err error
		if data, err = ledger.AppendBundle(data, e); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(data, []byte("\x00\x01a\x01\x00bb")) {
		t.Fatalf("the bundle begins with %q", data[:7])
	}
	got, err := ledger.SplitBundle(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestAppendBundleRefuses(t *testing.T) {
	before := []byte("\x00\x01a")
	for _, entry := range [][]byte{nil, {}, make([]byte, ledger.MaxEntry+1), make([]byte, 1<<16)} {
		got, err := ledger.AppendBundle(before, entry)
		wantFault(t, err, ledger.ClassEntry)
		if !bytes.Equal(got, before) {
			t.Errorf("an entry of %d bytes: the refusal changed the bundle", len(entry))
		}
	}
}

func TestSplitBundleRefuses(t *testing.T) {
	for name, c := range map[string]struct{ data, where string }{
		"empty":         {"", "entry 0 of the bundle"},
		"half a length": {"\x00", "entry 0 of the bundle"},
		"empty entry":   {"\x00\x01a\x00\x00", "entry 1 of the bundle"},
		"cut short":     {"\x00\x01a\x00\x02b", "entry 1 of the bundle"},
		"trailing byte": {"\x00\x01a\x00", "entry 1 of the bundle"},
		"too long":      {"\x80\x01" + string(make([]byte, ledger.MaxEntry+1)), "entry 0 of the bundle"},
		"257 entries":   {string(bytes.Repeat([]byte("\x00\x01a"), 257)), "bundle"},
	} {
		_, err := ledger.SplitBundle([]byte(c.data))
		if f := wantFault(t, err, ledger.ClassEncoding); f.Where != c.where {
			t.Errorf("%s: blamed %s", name, f.Where)
		}
	}
	if got, err := ledger.SplitBundle(bytes.Repeat([]byte("\x00\x01a"), 256)); err != nil || len(got) != 256 {
		t.Errorf("a full bundle: %d entries, %v", len(got), err)
	}
}
