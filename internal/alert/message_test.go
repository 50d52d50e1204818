package alert_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/hostile"
	"pgregory.net/rapid"
)

var night = time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)

func sample() alert.Message {
	return alert.Message{
		ID: alert.MessageID("alarm:8f1d2c3b4a596877:12:pager"), At: night, Type: "request.made",
		Cell: "cell.example.com", Request: "8f1d2c3b4a596877", Scenario: "db-down", Severity: "SEV1",
		Person: "ann", Target: "db-1", Text: "Ann asks for db-down on db-1.",
		Link: "https://cell.example.com/requests/8f1d2c3b4a596877",
	}
}

func TestEncodeIsThePublishedPayload(t *testing.T) {
	got, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"data":{"cell":"cell.example.com","link":"https://cell.example.com/requests/8f1d2c3b4a596877",` +
		`"person":"ann","request":"8f1d2c3b4a596877","scenario":"db-down","severity":"SEV1","target":"db-1",` +
		`"text":"Ann asks for db-down on db-1."},"timestamp":"2026-11-22T03:07:00.000Z","type":"request.made"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	bare, err := alert.Message{ID: "a", At: night, Type: "finding"}.Encode()
	if err != nil || string(bare) != `{"data":{},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}` {
		t.Errorf("bare: %s, %v", bare, err)
	}
}

func TestEncodeRefusesWhatCannotBeToldApart(t *testing.T) {
	for name, change := range map[string]func(*alert.Message){
		"no id":             func(m *alert.Message) { m.ID = "" },
		"full stop in id":   func(m *alert.Message) { m.ID = "msg.1" },
		"line end in id":    func(m *alert.Message) { m.ID = "msg\n" },
		"long id":           func(m *alert.Message) { m.ID = strings.Repeat("a", 257) },
		"no type":           func(m *alert.Message) { m.Type = "" },
		"upper-case type":   func(m *alert.Message) { m.Type = "Request.made" },
		"type ends in stop": func(m *alert.Message) { m.Type = "request." },
		"long type":         func(m *alert.Message) { m.Type = strings.Repeat("a", 65) },
		"no time":           func(m *alert.Message) { m.At = time.Time{} },
	} {
		m := sample()
		change(&m)
		if body, err := m.Encode(); !errors.Is(err, alert.ErrMessage) || body != nil {
			t.Errorf("%s: Encode = %s, %v; want ErrMessage", name, body, err)
		}
	}
}

// An alarm that a requester can spoil by a strange name is an alarm suppressed.
func TestEncodeCleansWhatDoesNotFit(t *testing.T) {
	m := sample()
	m.Text = "one\ntwo\x1b[31m\u202ethree\u2028four\xff" + strings.Repeat("ä", 400)
	m.Person = strings.Repeat("x", 65)
	m.Link = "https://cell.example.com/?token=abc"
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := alert.Decode(m.ID, body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Text, `one two\u{001B}[31m\u{202E}three\u{2028}four\xFFää`) || !strings.HasSuffix(got.Text, "ä…") ||
		len(got.Text) > 512 || !utf8.ValidString(got.Text) {
		t.Errorf("text %q", got.Text)
	}
	if want := strings.Repeat("x", 61) + "…"; got.Person != want {
		t.Errorf("person %q", got.Person)
	}
	if got.Link != "" {
		t.Errorf("link %q was sent", got.Link)
	}
}

// TestT11AlarmsShowWhatEverySurfaceShows sends each hostile text in every field that
// could have one, as a webhook and as mail.
func TestT11AlarmsShowWhatEverySurfaceShows(t *testing.T) {
	for _, text := range hostile.Texts() {
		m := sample()
		m.Text, m.Person, m.Target, m.Scenario = text.Raw, text.Raw, text.Raw, text.Raw
		body, err := m.Encode()
		if err != nil {
			t.Fatalf("%s: %v", text.Name, err)
		}
		got, err := alert.Decode(m.ID, body)
		if err != nil {
			t.Fatalf("%s: %v", text.Name, err)
		}
		want := canon.Line(text.Shown)
		for field, value := range map[string]string{"text": got.Text, "person": got.Person, "target": got.Target, "scenario": got.Scenario} {
			if cut, ok := strings.CutSuffix(value, "…"); value != want && !(ok && strings.HasPrefix(want, cut) && len(cut) >= 58) {
				t.Errorf("%s: %s is %q, want %q", text.Name, field, value, want)
			}
		}
	}
	for _, text := range hostile.Harmless() {
		m := sample()
		m.Text = text
		if body, err := m.Encode(); err != nil || !strings.Contains(string(body), strings.ReplaceAll(text, `"`, `\"`)) {
			t.Errorf("%q became %s (%v)", text, body, err)
		}
	}
}

func TestLinksWithRoomForSecretsAreLeftOut(t *testing.T) {
	for link, sent := range map[string]bool{
		"https://cell.example.com/requests/1":           true,
		"https://cell.example.com:8443":                 true,
		"http://127.0.0.1:8080/requests/1":              true,
		"http://[::1]:8080/":                            true,
		"http://localhost/":                             true,
		"http://cell.example.com/":                      false,
		"https://ann:pw@cell.example.com/":              false,
		"https://cell.example.com/?t=1":                 false,
		"https://cell.example.com/?":                    false,
		"https://cell.example.com/#t":                   false,
		"https://cell.example.com/#":                    false,
		"javascript:alert(1)":                           false,
		"//cell.example.com/":                           false,
		"/requests/1":                                   false,
		"https://cell.example.com/\u202e":               false,
		"https://cell.example.com/\x00":                 false,
		"https://e.example/" + strings.Repeat("a", 512): false,
	} {
		m := sample()
		m.Link = link
		body, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(body), `"link"`); got != sent {
			t.Errorf("%q: sent %t, want %t", link, got, sent)
		}
	}
}

func TestEveryMessageFitsAndComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 700).Draw(t, name)) }
		m := alert.Message{
			ID: rapid.StringMatching(`[A-Za-z0-9_:-]{1,64}`).Draw(t, "id"), Type: "finding",
			At:   time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "at")).UTC(),
			Cell: text("cell"), Request: text("request"), Scenario: text("scenario"), Severity: text("severity"),
			Person: text("person"), Target: text("target"), Text: rapid.String().Draw(t, "text"), Link: text("link"),
		}
		body, err := m.Encode()
		if err != nil || len(body) > alert.PayloadLimit {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		once, err := alert.Decode(m.ID, body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		again, err := once.Encode()
		if err != nil || string(again) != string(body) {
			t.Fatalf("encoded again: %s, %v", again, err)
		}
	})
}

func TestTheLongestMessageFits(t *testing.T) {
	long := strings.Repeat(`"`, 5000)
	m := alert.Message{ID: strings.Repeat("a", 256), At: night, Type: strings.Repeat("a", 64), Cell: long, Request: long,
		Scenario: long, Severity: long, Person: long, Target: long, Text: long,
		Link: "https://e.example/" + strings.Repeat(`'`, 400)}
	body, err := m.Encode()
	if err != nil || len(body) > alert.PayloadLimit {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestDecodeTakesOnlyWhatEncodeMakes(t *testing.T) {
	m := sample()
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := alert.Decode(m.ID, body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Error(diff)
	}
	for name, bad := range map[string]string{
		"empty":          ``,
		"white space":    `{"data":{}, "timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`,
		"unknown member": `{"data":{"reason":"x"},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`,
		"no type":        `{"data":{},"timestamp":"2026-11-22T03:07:00.000Z","type":""}`,
		"no data":        `{"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`,
		"unclean text":   `{"data":{"text":"a\nb"},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`,
		"secret link":    `{"data":{"link":"https://e.example/?a"},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`,
		"long":           strings.Repeat(" ", alert.PayloadLimit+1),
	} {
		if got, err := alert.Decode("a", []byte(bad)); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	if _, err := alert.Decode("a.b", body); !errors.Is(err, alert.ErrMessage) {
		t.Errorf("bad id: %v", err)
	}
}

func TestMessageIDNamesTheTask(t *testing.T) {
	// printf %s alarm:cell:1:pager | sha256sum
	if got := alert.MessageID("alarm:cell:1:pager"); got != "msg_38e708fe67440f6f0fe3c33c41483414" {
		t.Errorf("got %s", got)
	}
	if alert.MessageID("alarm:cell:1:pager") == alert.MessageID("alarm:cell:1:chat") {
		t.Error("two tasks share an id")
	}
}

func FuzzDecode(f *testing.F) {
	body, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"data":{},"timestamp":"2026-11-22T03:07:00.000Z","type":"finding"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := alert.Decode("a", body)
		if err != nil {
			return
		}
		if again, err := m.Encode(); err != nil || string(again) != string(body) {
			t.Errorf("%q was read and encodes as %q, %v", body, again, err)
		}
	})
}
