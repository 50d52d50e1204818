package alert

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// letter is a message as mail (RFC 5322, MIME): the same bytes at each attempt,
// so that a repeat is known by its Message-ID and differs in nothing.
//
// Nothing that a message holds can begin a header or end the mail: its fields are
// lines (see fit), what is not ASCII is encoded, and the addresses were checked
// by NewMail. It fails with ErrMessage.
func (m Message) letter(from string, to []string) ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	d := m.data()
	var out bytes.Buffer
	for _, header := range [][2]string{
		{"From", "Halligan <" + from + ">"},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", subject(m.Type, d)},
		{"Date", m.At.UTC().Format(time.RFC1123Z)}, // when it happened: Received tells when it was sent
		{"Message-ID", "<" + letterID(m.ID, d.Cell, from) + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no out-of-office answers
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", header[0], header[1])
	}
	out.WriteString("\r\n")
	body := quotedprintable.NewWriter(&out)
	if _, err := body.Write([]byte(m.plain(d))); err != nil {
		return nil, err
	}
	return out.Bytes(), body.Close()
}

// letterID is the Message-ID. The colon of an id may not stand in one, and no id
// has the equals sign that stands for it. The cell's name keeps the alarms of two
// cells apart, of which a mailbox would else drop one as a repeat.
func letterID(id, cell, from string) string {
	if !isDomain(cell) {
		cell = from[strings.LastIndexByte(from, '@')+1:]
	}
	return strings.ReplaceAll(id, ":", "=") + "@" + cell
}

// subject is what a phone shows: how bad, what, where.
func subject(kind string, d data) string {
	text := kind
	if d.Severity != "" {
		text = d.Severity + " " + text
	}
	if d.Scenario != "" {
		text += ": " + d.Scenario
	}
	if d.Cell != "" {
		text += " at " + d.Cell
	}
	// What looks like an encoded word would be read as one.
	encoded := mime.QEncoding.Encode("utf-8", strings.ReplaceAll(text, "=?", "= ?"))
	return strings.ReplaceAll(encoded, "?= =?", "?=\r\n =?") // one word a line: a line is short
}

// plain is the text: the sentence of the webhook, and its fields.
func (m Message) plain(d data) string {
	var out strings.Builder
	if d.Text != "" {
		out.WriteString(d.Text + "\r\n\r\n")
	}
	for _, line := range [][2]string{
		{"what", m.Type}, {"when", m.At.UTC().Format(time.DateTime) + " UTC"}, {"cell", d.Cell}, {"request", d.Request},
		{"scenario", d.Scenario}, {"severity", d.Severity}, {"person", d.Person}, {"target", d.Target}, {"page", d.Link},
		{"alarm", m.ID},
	} {
		if line[1] != "" {
			fmt.Fprintf(&out, "%-9s %s\r\n", line[0], line[1])
		}
	}
	out.WriteString("\r\nA mail is not signed: anybody can write one like this. What is so stands in\r\n" +
		"the ledger. Ask with halligan status before you act on it.\r\n")
	return out.String()
}
