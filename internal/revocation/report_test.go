package revocation_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/revocation"
)

func report() revocation.Report {
	return revocation.Report{
		Origin: origin, Host: "db.prod.internal",
		List:     revocation.ListRef{Number: 41, At: noon},
		ListedAt: noon.Add(time.Second), Sequence: 7, More: 0,
		Sessions: []revocation.Session{{KeyID: "halligan:00112233445566ff:db", Serial: math.MaxUint64, User: "root", PID: 4711, Started: noon}},
	}
}

func TestReportBytes(t *testing.T) {
	got, err := report().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ended":[],"host":"db.prod.internal","list":{"at":"2026-03-04T12:00:00.123Z","number":41},` +
		`"listed_at":"2026-03-04T12:00:01.123Z","more":0,"origin":"halligan.example.com","problems":[],"sequence":7,` +
		`"sessions":[{"key_id":"halligan:00112233445566ff:db","pid":4711,"serial":"18446744073709551615","started":"2026-03-04T12:00:00.123Z","user":"root"}]}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	back, err := revocation.DecodeReport(got)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(report(), back); d != "" {
		t.Error(d)
	}
}

func TestDecodeReportStrict(t *testing.T) {
	good, err := report().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) string {
		s := strings.Replace(string(good), old, new, 1)
		if s == string(good) {
			t.Fatalf("%q is not in the report", old)
		}
		return s
	}
	for name, bad := range map[string]string{
		"white space":    swap(`,"host"`, `, "host"`),
		"order":          swap(`"more":0,"origin":"halligan.example.com"`, `"origin":"halligan.example.com","more":0`),
		"unknown member": swap(`"more":0`, `"more":0,"most":1`),
		"missing member": swap(`"more":0,`, ``),
		"twice":          swap(`"more":0`, `"more":0,"more":0`),
		"case":           swap(`"more"`, `"More"`),
		"null":           swap(`"problems":[]`, `"problems":null`),
		"float":          swap(`"sequence":7`, `"sequence":7.0`),
		"exponent":       swap(`"sequence":7`, `"sequence":7e0`),
		"serial number":  swap(`"serial":"18446744073709551615"`, `"serial":18446744073709551615`),
		"serial zeros":   swap(`"serial":"18446744073709551615"`, `"serial":"007"`),
		"time":           swap(`01.123Z`, `01.12Z`),
		"zone":           swap(`01.123Z`, `01.123+00:00`),
		"escape":         swap(`"root"`, `"\u0072oot"`),
		"control":        swap(`"root"`, `"\u001b[2J"`),
		"key id":         swap(`:db"`, `:d b"`),
		"pid":            swap(`"pid":4711`, `"pid":0`),
		"negative more":  swap(`"more":0`, `"more":-1`),
		"after":          string(good) + " ",
		"empty":          "",
		"list":           "[]",
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := revocation.DecodeReport([]byte(bad)); !errors.Is(err, revocation.ErrReport) {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

// TestFit: whatever a host has to say, the fitted report has an encoding, and
// sessions that should have ended are kept before others.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		revoked := list("halligan:bad:" + strings.Repeat("z", 180))
		r := report()
		r.Sessions = nil
		n := rapid.IntRange(0, 400).Draw(t, "sessions")
		bad := rapid.IntRange(0, 150).Draw(t, "revoked")
		user := rapid.StringN(0, 90, -1).Draw(t, "user")
		for i := range n + bad {
			s := revocation.Session{KeyID: fmt.Sprintf("halligan:%016x:%s", i, strings.Repeat("y", i%170)), Serial: math.MaxUint64, User: user, PID: math.MaxInt32, Started: noon}
			if i >= n {
				s.KeyID = revoked.KeyIDs[0]
			}
			r.Sessions = append(r.Sessions, s)
		}
		r.Ended = append(r.Ended, r.Sessions...)
		r.Problems = rapid.SliceOfN(rapid.String(), 0, 30).Draw(t, "problems")
		fitted := r.Fit(revoked)
		data, err := fitted.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if len(fitted.Sessions)+fitted.More != n+bad {
			t.Fatalf("%d kept and %d more of %d", len(fitted.Sessions), fitted.More, n+bad)
		}
		for i, s := range fitted.Sessions {
			if (s.KeyID == revoked.KeyIDs[0]) != (i < bad) {
				t.Fatalf("session %d of %d is in the wrong place", i, len(fitted.Sessions))
			}
		}
		back, err := revocation.DecodeReport(data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(fitted, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzDecodeReport(f *testing.F) {
	good, err := report().Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	r := report()
	r.Sessions, r.Problems, r.More = nil, []string{"cannot \"reach\" the server"}, 3
	if good, err = r.Bytes(); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := revocation.DecodeReport(data)
		if err != nil {
			if !errors.Is(err, revocation.ErrReport) {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		again, err := r.Bytes()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("not its one encoding (%v)", err)
		}
	})
}
