package meaning_test

import (
	"encoding/json"
	"testing"

	"github.com/halligan-dev/halligan/internal/meaning"
)

// TestPatternsMatchAsDocumented tries each operator that rules use on an event that it
// matches and on one that it does not.
func TestPatternsMatchAsDocumented(t *testing.T) {
	for _, row := range []struct {
		pattern, event string
		want           bool
	}{
		{`{"a":["x"]}`, `{"a":"x"}`, true},
		{`{"a":["x"]}`, `{"a":"y"}`, false},
		{`{"a":["x"]}`, `{}`, false},
		{`{"a":["x","y"]}`, `{"a":"y"}`, true},
		{`{"a":["x"],"b":["y"]}`, `{"a":"x"}`, false},
		{`{"a":["x"]}`, `{"a":["w","x"]}`, true},
		{`{"a":{"b":["x"]}}`, `{"a":{"b":"x"}}`, true},
		{`{"a":{"b":["x"]}}`, `{"a":[{"b":"y"},{"b":"x"}]}`, true},
		{`{"a":{"b":["x"]}}`, `{"a":null}`, false},
		{`{"a":[null]}`, `{"a":null}`, true},
		{`{"a":[true]}`, `{"a":true}`, true},
		{`{"a":["true"]}`, `{"a":true}`, false},
		{`{"a":[{"prefix":"us-"}]}`, `{"a":"us-east-1"}`, true},
		{`{"a":[{"prefix":"us-"}]}`, `{"a":"eu-us-"}`, false},
		{`{"a":[{"suffix":".png"}]}`, `{"a":"x.png"}`, true},
		{`{"a":[{"equals-ignore-case":"ALICE"}]}`, `{"a":"alice"}`, true},
		{`{"a":[{"wildcard":"*:role/x*"}]}`, `{"a":"on arn:aws:iam::1:role/xy"}`, true},
		{`{"a":[{"wildcard":"*:role/x"}]}`, `{"a":"on arn:aws:iam::1:role/xy"}`, false},
		{`{"a":[{"wildcard":"ab*ba"}]}`, `{"a":"aba"}`, false},
		{`{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, true},
		{`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"y"}`, false},
		{`{"a":[{"anything-but":{"prefix":"us-"}}]}`, `{"a":"eu-1"}`, true},
		{`{"a":[{"anything-but":"x"}]}`, `{}`, false},
		{`{"a":[{"exists":true}]}`, `{"a":"x"}`, true},
		{`{"a":[{"exists":false}]}`, `{"a":"x"}`, false},
		{`{"a":{"b":[{"exists":false}]}}`, `{}`, true},
		{`{"a":[{"cidr":"192.0.2.0/24"}]}`, `{"a":"192.0.2.9"}`, true},
		{`{"a":[{"cidr":"192.0.2.0/24"}]}`, `{"a":"signin.amazonaws.com"}`, false},
		{`{"$or":[{"a":["x"]},{"b":["y"]}]}`, `{"b":"y"}`, true},
		{`{"$or":[{"a":["x"]},{"b":["y"]}],"c":["z"]}`, `{"b":"y"}`, false},
	} {
		p, err := meaning.ReadPattern([]byte(row.pattern))
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		var event map[string]any
		if err := json.Unmarshal([]byte(row.event), &event); err != nil {
			t.Fatal(err)
		}
		if got := p.Matches(event); got != row.want {
			t.Errorf("%s on %s: %v", row.pattern, row.event, got)
		}
	}
}

// TestPatternsThatAreNotUnderstoodAreRefused: a rule that this reader does not understand
// must not count as one that matches nothing.
func TestPatternsThatAreNotUnderstoodAreRefused(t *testing.T) {
	for _, pattern := range []string{
		``, `[]`, `{}`, `{"a":"x"}`, `{"a":[]}`, `{"a":[{"numeric":[">",1]}]}`, `{"a":[{"prefix":1}]}`, `{"a":[{"prefix":"x","suffix":"y"}]}`,
		`{"a":[{"exists":"true"}]}`, `{"a":[{"anything-but":[{"prefix":"x"}]}]}`, `{"$or":[{"a":"x"}]}`,
	} {
		if _, err := meaning.ReadPattern([]byte(pattern)); err == nil {
			t.Errorf("%s was read", pattern)
		}
	}
}

func FuzzReadPattern(f *testing.F) {
	f.Add([]byte(`{"$or":[{"a":[{"prefix":"x"}]},{"b":{"c":[{"anything-but":{"suffix":"y"}}]}}]}`), []byte(`{"a":"xy","b":{"c":["y",1,null]}}`))
	f.Fuzz(func(t *testing.T, pattern, event []byte) {
		p, err := meaning.ReadPattern(pattern)
		var e map[string]any
		if err != nil || json.Unmarshal(event, &e) != nil {
			return
		}
		p.Matches(e)
	})
}
