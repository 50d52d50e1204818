package alert

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/canon"
)

// PayloadLimit bounds a payload, in bytes.
const PayloadLimit = 4096

// ErrMessage says that a message cannot be told apart from others: its id, type
// or time is missing or malformed.
var ErrMessage = errors.New("cannot send this alarm: want an id of A–Z, a–z, 0–9, underscore, colon and hyphen, a type such as request.made, and a time")

const (
	typeLimit = 64
	nameLimit = 253 // a cell or target; ids are shorter
	wordLimit = 64  // a request, scenario, severity or person
	textLimit = 512
	linkLimit = 512
)

// Message is one alarm. ID, Type and At are due; the rest may be empty.
//
// It has on purpose no field for what people wrote or what a credential is: who
// may read a channel is not the cell's to say.
type Message struct {
	ID       string    // the same at each attempt; receivers know repetitions by it; see MessageID
	At       time.Time // when it happened, not when it is sent
	Type     string    // such as request.made, grant.agreed, lease.closed, finding
	Cell     string    // the ledger's origin
	Request  string
	Scenario string
	Severity string
	Person   string // who did it
	Target   string
	Text     string // one sentence for people; plain text, not markup
	Link     string // page of the cell, without user, query and fragment
}

// MessageID is the id for the alarm of a task: "msg_" and the first 32 digits
// of the SHA-256 of the task's id, so that anybody who has the ledger can find
// the alarm of an entry and the entry of an alarm.
func MessageID(task string) string { return "msg_" + canon.Sum([]byte(task)).String()[:32] }

// isID tells whether a text is the id of an alarm. A full stop delimits what is
// signed, so that no id has one.
func isID(text string) bool {
	return text != "" && len(text) <= 256 && canon.MadeOf(text, canon.Alnum+"_:-")
}

// isType tells whether a text is words with full stops between them.
func isType(text string) bool {
	bad := func(word string) bool { return word == "" || !canon.MadeOf(word, canon.Lower+"_-") }
	return len(text) <= typeLimit && !slices.ContainsFunc(strings.Split(text, "."), bad)
}

// Check fails with ErrMessage.
func (m Message) Check() error {
	if !isID(m.ID) || !isType(m.Type) || canon.At(m.At).IsZero() {
		return ErrMessage
	}
	return nil
}

type payload struct {
	Type      string     `json:"type"`
	Timestamp canon.Time `json:"timestamp"`
	Data      data       `json:"data"`
}

type data struct {
	Cell     string `json:"cell,omitempty"`
	Request  string `json:"request,omitempty"`
	Scenario string `json:"scenario,omitempty"`
	Severity string `json:"severity,omitempty"`
	Person   string `json:"person,omitempty"`
	Target   string `json:"target,omitempty"`
	Text     string `json:"text,omitempty"`
	Link     string `json:"link,omitempty"`
}

// Encode gives the payload: {"type":…,"timestamp":…,"data":{…}} in canonical
// JSON of at most PayloadLimit bytes. The id travels in a header. It fails with
// ErrMessage only; other fields that do not fit are cut, cleaned of characters
// that do not print, or (the link) left out.
func (m Message) Encode() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return canon.Encode(payload{Type: m.Type, Timestamp: canon.At(m.At), Data: m.data()})
}

func (m Message) data() data {
	return data{
		Cell:     fit(m.Cell, nameLimit),
		Request:  fit(m.Request, wordLimit),
		Scenario: fit(m.Scenario, wordLimit),
		Severity: fit(m.Severity, wordLimit),
		Person:   fit(m.Person, wordLimit),
		Target:   fit(m.Target, nameLimit),
		Text:     fit(m.Text, textLimit),
		Link:     plainLink(m.Link),
	}
}

// Decode reads a payload that Verify accepted; id is its webhook-id. It accepts
// exactly what Encode makes.
func Decode(id string, body []byte) (Message, error) {
	var p payload
	if err := canon.Decode(body, PayloadLimit, &p); err != nil {
		return Message{}, fmt.Errorf("cannot read the alarm: %w", err)
	}
	d := p.Data
	m := Message{
		ID: id, At: p.Timestamp.Std(), Type: p.Type,
		Cell: d.Cell, Request: d.Request, Scenario: d.Scenario, Severity: d.Severity,
		Person: d.Person, Target: d.Target, Text: d.Text, Link: d.Link,
	}
	if err := m.Check(); err != nil {
		return Message{}, fmt.Errorf("cannot read the alarm: %w", err)
	}
	if m.data() != d {
		return Message{}, errors.New("cannot read the alarm: a field is too long or holds characters that do not print")
	}
	return m, nil
}

// fit makes text one line of at most limit bytes that shows as what it is, spelled
// as every other surface spells it: see canon.Visible.
func fit(text string, limit int) string {
	clean := canon.Visible(canon.Line(text))
	if len(clean) <= limit {
		return clean
	}
	const more = "…"
	end := limit - len(more)
	for !utf8.RuneStart(clean[end]) {
		end--
	}
	return clean[:end] + more
}

// plainLink is link, or nothing where it has a place for secrets or leads to
// other than a page.
func plainLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || len(link) > linkLimit || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery ||
		u.Fragment != "" || strings.Contains(link, "#") || fit(link, linkLimit) != link {
		return ""
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return ""
	}
	return link
}

// isLoopback tells whether a configured host says that it is this machine.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
