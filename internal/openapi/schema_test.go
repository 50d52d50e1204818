package openapi_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/openapi"
)

type word string

type inner struct {
	Same  string `json:"same"`
	Until int    `json:"until,omitzero"`
	Word  word   `json:"word"`
}

type outer struct {
	inner  `json:",embed"`
	Until  int                `json:"until"` // hides that of inner
	Raw    []byte             `json:"raw,omitempty"`
	Pair   [2]string          `json:"pair"`
	Counts map[word]int       `json:"counts,omitempty"`
	Again  *outer             `json:"again,omitzero"`
	Lists  []struct{ A bool } `json:"lists"`
	Never  string             `json:"never,omitempty"`
	Gone   string             `json:"-"`
}

func schemas() *openapi.Schemas {
	return &openapi.Schemas{
		Known:   map[reflect.Type]*openapi.Schema{reflect.TypeFor[word](): openapi.OneOf[word]("a", "b")},
		Members: map[string]*openapi.Schema{"Outer.until": openapi.Between(0, 9), "Outer.never": nil},
	}
}

// TestSchemaIsWhatJSONWrites: members, those that may be missing, and what is
// said beside.
func TestSchemaIsWhatJSONWrites(t *testing.T) {
	s := schemas()
	if got := s.Of(reflect.TypeFor[*outer](), false).Ref; got != "#/components/schemas/Outer" {
		t.Errorf("the schema is %q", got)
	}
	all, err := s.Components()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(all["Outer"], json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{"again":{"$ref":"#/components/schemas/Outer"},` +
		`"counts":{"type":"object","additionalProperties":{"type":"integer"},"propertyNames":{"type":"string","enum":["a","b"]}},` +
		`"lists":{"type":"array","items":{"type":"object","properties":{"A":{"type":"boolean"}},"required":["A"]}},` +
		`"pair":{"type":"array","items":{"type":"string"},"minItems":2,"maxItems":2},` +
		`"raw":{"type":"string","pattern":"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$","contentEncoding":"base64"},"same":{"type":"string"},` +
		`"until":{"type":"integer","minimum":0,"maximum":9},"word":{"type":"string","enum":["a","b"]}},` +
		`"required":["lists","pair","same","until","word"]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	written, err := json.Marshal(outer{})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(written, &members); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all["Outer"].Required, openapi.Sorted(members)); diff != "" {
		t.Errorf("json writes other members of an empty value (-schema +json):\n%s", diff)
	}
}

// TestClosedRefusesMore: what is read knows every member.
func TestClosedRefusesMore(t *testing.T) {
	s := schemas()
	s.Of(reflect.TypeFor[outer](), true)
	all, err := s.Components()
	if err != nil {
		t.Fatal(err)
	}
	if all["Outer"].Additional != false {
		t.Errorf("more is let in: %v", all["Outer"].Additional)
	}
}

// TestFaults: each is found.
func TestFaults(t *testing.T) {
	type other struct{}
	for what, c := range map[string]struct {
		do   func(*openapi.Schemas)
		says string
	}{
		"a member that there is not": {func(*openapi.Schemas) {}, "is described, and there is no such member"},
		"two of one name": {func(s *openapi.Schemas) {
			s.Names = map[reflect.Type]string{reflect.TypeFor[other](): "Outer"}
			s.Of(reflect.TypeFor[outer](), false)
			s.Of(reflect.TypeFor[other](), false)
		}, "Outer is the name of"},
		"sent and answered": {func(s *openapi.Schemas) {
			s.Of(reflect.TypeFor[outer](), false)
			s.Of(reflect.TypeFor[outer](), true)
		}, "both sent and answered"},
		"no schema":          {func(s *openapi.Schemas) { s.Of(reflect.TypeFor[func()](), false) }, "func() has no schema"},
		"put twice":          {func(s *openapi.Schemas) { s.Put("A", &openapi.Schema{}); s.Put("A", &openapi.Schema{}) }, "two components are called A"},
		"a member two times": {func(s *openapi.Schemas) { s.Object("A", false, reflect.TypeFor[inner](), reflect.TypeFor[inner]()) }, "A has two members"},
	} {
		s := schemas()
		c.do(s)
		if _, err := s.Components(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
	}
}
