package ledger_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestEdgeAgreesWithTlog(t *testing.T) {
	o := new(oracle)
	var edge ledger.Edge
	for n := range int64(601) {
		if got, want := edge.Root(), o.root(t, n); got != want || edge.Size() != n {
			t.Fatalf("size %d: root %s, size %d; want root %s", n, got, edge.Size(), want)
		}
		data, err := json.Marshal(edge)
		if err != nil {
			t.Fatal(err)
		}
		var again ledger.Edge
		if err := json.Unmarshal(data, &again); err != nil || again != edge {
			t.Fatalf("size %d: %s does not come back as it was: %v", n, data, err)
		}
		edge = again // the rest of the run grows on what was read back
		edge.Append(ledger.LeafHash(body(n)))
		o.add(body(n))
	}
}

func TestEdgeClone(t *testing.T) {
	var edge ledger.Edge
	for i := range int64(5) {
		edge.Append(ledger.LeafHash(body(i)))
	}
	clone := edge.Clone()
	if clone != edge {
		t.Fatal("a clone differs")
	}
	clone.Append(ledger.LeafHash(body(5)))
	if edge.Size() != 5 || edge.Root() == clone.Root() {
		t.Fatal("appending to the clone changed the edge")
	}
}

func TestEdgeAppendDoesNotAllocate(t *testing.T) {
	var edge ledger.Edge
	leaf := ledger.LeafHash([]byte("entry"))
	if n := testing.AllocsPerRun(1000, func() { edge.Append(leaf) }); n != 0 {
		t.Fatalf("%v allocations an append", n)
	}
}

func TestEdgeJSONIsStrict(t *testing.T) {
	h := strings.Repeat("ab", 32)
	good := `{"hashes":["` + h + `","` + h + `"],"size":5}`
	var edge ledger.Edge
	if err := edge.UnmarshalJSON([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"too few hashes":  `{"hashes":["` + h + `"],"size":5}`,
		"too many hashes": `{"hashes":["` + h + `","` + h + `"],"size":4}`,
		"negative":        `{"hashes":[],"size":-1}`,
		"too large":       `{"hashes":[],"size":281474976710656}`,
		"fraction":        `{"hashes":[],"size":0.0}`,
		"exponent":        `{"hashes":[],"size":0e0}`,
		"white space":     `{"hashes":[], "size":0}`,
		"unsorted":        `{"size":0,"hashes":[]}`,
		"unknown member":  `{"hashes":[],"size":0,"x":1}`,
		"missing member":  `{"size":0}`,
		"null":            `{"hashes":null,"size":0}`,
		"repeated":        `{"hashes":[],"size":0,"size":0}`,
		"upper case":      strings.ToUpper(good),
		"not JSON":        `{`,
	} {
		before := edge
		if err := edge.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s: accepted %s", name, bad)
		}
		if edge != before {
			t.Errorf("%s: the refused text changed the edge", name)
		}
	}
}
