package statement_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

// alter rewrites the object that holds the member at the dotted path. The result
// is canonical, unless do's text is not.
func alter(t *testing.T, data []byte, path string, do func(members map[string]jsontext.Value, name string)) []byte {
	t.Helper()
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		members[name] = alter(t, members[name], rest, do)
	} else {
		do(members, name)
	}
	out, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// set puts raw JSON in place of a member; the empty text removes it.
func set(t *testing.T, data []byte, path, value string) []byte {
	t.Helper()
	return alter(t, data, path, func(members map[string]jsontext.Value, name string) {
		if delete(members, name); value != "" {
			members[name] = jsontext.Value(value)
		}
	})
}

// rename spells a member's name with its first letter as a capital.
func rename(t *testing.T, data []byte, path string) []byte {
	t.Helper()
	return alter(t, data, path, func(members map[string]jsontext.Value, name string) {
		members[strings.ToUpper(name[:1])+name[1:]] = members[name]
		delete(members, name)
	})
}

// twice repeats a member, with its own value.
func twice(t *testing.T, data []byte, path string) []byte {
	t.Helper()
	const mark = "\"MARK\":0"
	marked := alter(t, data, path, func(members map[string]jsontext.Value, name string) {
		members["MARK"] = jsontext.Value("0")
	})
	name := path[strings.LastIndex(path, ".")+1:]
	var member string
	alter(t, data, path, func(members map[string]jsontext.Value, name string) {
		member = `"` + name + `":` + string(members[name])
	})
	out := strings.Replace(string(marked), mark, member, 1)
	if strings.Count(out, `"`+name+`":`) <= strings.Count(string(data), `"`+name+`":`) {
		t.Fatalf("cannot repeat %s in %s", path, data)
	}
	return []byte(out)
}

// paths lists the dotted path of every member.
func paths(t *testing.T, data []byte) []string {
	t.Helper()
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	var found []string
	for name, value := range members {
		found = append(found, name)
		if value.Kind() == '{' {
			for _, below := range paths(t, value) {
				found = append(found, name+"."+below)
			}
		}
	}
	return found
}

// TestAlterIsFaithful keeps the tests that alter from refusing for another
// reason than the alteration.
func TestAlterIsFaithful(t *testing.T) {
	for kind, body := range bodies() {
		data := encode(t, sample(body))
		for _, path := range paths(t, data) {
			same := alter(t, data, path, func(map[string]jsontext.Value, string) {})
			if string(same) != string(data) || !canon.Canonical(set(t, data, path, "0")) {
				t.Errorf("%s: %s: %s became %s", kind, path, data, same)
			}
		}
	}
}
