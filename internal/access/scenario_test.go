package access_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

func at(t *testing.T, text string) canon.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return canon.At(parsed)
}

func TestHours(t *testing.T) {
	office := access.Hours{Days: []string{"mon", "tue"}, From: "09:00", To: "17:00"}
	night := access.Hours{Days: []string{"fri", "sat"}, From: "22:00", To: "06:00"}
	daily := access.Hours{From: "23:30", To: "00:30"}
	allDay := access.Hours{From: "00:00", To: "00:00"}
	for _, c := range []struct {
		hours access.Hours
		at    string // 2026-11-20 is a Friday
		want  bool
	}{
		{office, "2026-11-23T09:00:00Z", true},
		{office, "2026-11-23T08:59:59Z", false},
		{office, "2026-11-23T16:59:59Z", true},
		{office, "2026-11-23T17:00:00Z", false},
		{office, "2026-11-25T12:00:00Z", false}, // Wednesday
		{office, "2026-11-24T01:00:00+05:00", false},
		{office, "2026-11-25T01:30:00+14:00", true}, // 11:30 UTC on Tuesday
		{night, "2026-11-20T22:00:00Z", true},
		{night, "2026-11-20T21:59:59Z", false},
		{night, "2026-11-21T05:59:59Z", true},  // Saturday morning belongs to Friday
		{night, "2026-11-21T06:00:00Z", false}, // over
		{night, "2026-11-21T23:00:00Z", true},  // Saturday night
		{night, "2026-11-22T05:00:00Z", true},  // Sunday morning belongs to Saturday
		{night, "2026-11-22T23:00:00Z", false}, // Sunday night
		{night, "2026-11-20T03:00:00Z", false}, // Friday morning belongs to Thursday
		{daily, "2026-11-20T23:45:00Z", true},
		{daily, "2026-11-21T00:29:59Z", true},
		{daily, "2026-11-21T00:30:00Z", false},
		{allDay, "2026-11-21T12:00:00Z", true},
		{access.Hours{From: "25:00", To: "26:00"}, "2026-11-21T12:00:00Z", false},
		{access.Hours{From: "", To: "23:59"}, "2026-11-21T12:00:00Z", false},
		{access.Hours{Days: []string{"Mon"}, From: "00:00", To: "23:59"}, "2026-11-23T12:00:00Z", false},
	} {
		if got := (access.Controls{Hours: []access.Hours{c.hours}}).OpenAt(at(t, c.at)); got != c.want {
			t.Errorf("%+v at %s: %v, want %v", c.hours, c.at, got, c.want)
		}
	}
	if !(access.Controls{}).OpenAt(at(t, "2026-11-21T12:00:00Z")) {
		t.Error("without hours asking is always allowed")
	}
	if !(access.Controls{Hours: []access.Hours{office, night}}).OpenAt(at(t, "2026-11-20T23:00:00Z")) {
		t.Error("any of several windows is enough")
	}
}

func TestHoursValid(t *testing.T) {
	for _, good := range []access.Hours{{From: "00:00", To: "23:59"}, {Days: []string{"sun"}, From: "22:00", To: "06:00"}} {
		if !good.Valid() {
			t.Errorf("%+v is not valid", good)
		}
	}
	for _, bad := range []access.Hours{
		{}, {From: "09:00"}, {From: "09:00", To: "09:00"}, {From: "9", To: "17:00"}, {From: "24:00", To: "01:00"},
		{From: "09:00:00", To: "17:00"}, {Days: []string{"Mon"}, From: "09:00", To: "17:00"}, {Days: []string{""}, From: "09:00", To: "17:00"},
		{Days: []string{"monday"}, From: "09:00", To: "17:00"},
	} {
		if bad.Valid() {
			t.Errorf("%+v is valid", bad)
		}
	}
}

func TestFromAllowed(t *testing.T) {
	c := access.Controls{Source: []string{"10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"}}
	for address, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "::ffff:a01:203": true, "2001:db8::1": true, "192.0.2.7": true,
		"11.0.0.1": false, "::ffff:11.0.0.1": false, "::10.1.2.3": false, "2001:db9::1": false, "192.0.2.8": false,
		"": false, "unknown": false, "10.1.2.3:22": false, "10.1.2": false, " 10.1.2.3": false, "10.1.2.3/32": false,
		"[2001:db8::1]": false, "10.01.2.3": false,
	} {
		if got := c.FromAllowed(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
	if !(access.Controls{}).FromAllowed("") {
		t.Error("without networks any address is allowed")
	}
	if (access.Controls{Source: []string{"everything"}}).FromAllowed("10.1.2.3") {
		t.Error("a network that cannot be read allows nobody")
	}
}

func TestShortestWindow(t *testing.T) {
	s := access.Scenario{Severities: map[access.Severity]access.Terms{"SEV1": {Longest: 3600}, "SEV2": {Longest: 7200}}}
	if got := s.ShortestWindow(); got != 900 {
		t.Errorf("%s, want 15m: never over that", got)
	}
	s.Severities["SEV3"] = access.Terms{Longest: 300}
	if got := s.ShortestWindow(); got != 300 {
		t.Errorf("%s, want the least of the severities", got)
	}
}

func TestTargets(t *testing.T) {
	s := access.Scenario{Opens: []access.Open{{SSH: &access.SSH{Name: "b"}}, {SSH: &access.SSH{Name: "a"}}}}
	if names := s.Targets(); len(names) != 2 || names[0] != "a" {
		t.Errorf("targets %v", names)
	}
	if target, ok := s.Target("b"); !ok || target.Name != "b" {
		t.Error("b is a target")
	}
	for _, name := range []string{"", "c", "B", "a "} {
		if _, ok := s.Target(name); ok {
			t.Errorf("%q is no target", name)
		}
	}
}
