package alert_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/alert/mailtest"
)

const (
	sender   = "halligan@example.com"
	user     = "halligan-user"
	password = "canary-pässword 0123456789"
)

var receivers = []string{"oncall@example.com", "lead@example.com"}

// mailServer starts a server of mail.
func mailServer(t *testing.T, o mailtest.Options) *mailtest.Server {
	t.Helper()
	s, err := mailtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// signedIn is a channel that demands STARTTLS and signs in.
func signedIn(t *testing.T, s *mailtest.Server) *alert.Mail {
	t.Helper()
	return made(t, alert.MailServer{Server: s.Address(), TLS: alert.StartTLS, From: sender, To: receivers, Username: user}, s.Roots())
}

func made(t *testing.T, to alert.MailServer, roots *x509.CertPool) *alert.Mail {
	t.Helper()
	var secret []byte
	if to.Username != "" {
		secret = []byte(password)
	}
	m, err := alert.NewMail("desk", to, secret, roots)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// unmailed sends, and wants it to fail.
func unmailed(t *testing.T, m *alert.Mail) *alert.Undelivered {
	t.Helper()
	receipt, err := m.Send(t.Context(), sample())
	var u *alert.Undelivered
	if !errors.As(err, &u) || receipt != (alert.Receipt{}) {
		t.Fatalf("Send = %+v, %v; want *Undelivered", receipt, err)
	}
	if u.Channel != "desk" || u.Endpoint != m.Endpoint() {
		t.Errorf("names %s at %s", u.Channel, u.Endpoint)
	}
	return u
}

func mailed(t *testing.T, m *alert.Mail) {
	t.Helper()
	before := time.Now()
	receipt, err := m.Send(t.Context(), sample())
	if err != nil || receipt.Status != 250 || receipt.At.Before(before) || receipt.At.After(time.Now()) {
		t.Fatalf("Send = %+v, %v", receipt, err)
	}
}

// said answers a verb with these, one after the other, and then as usual.
func said(verb string, answers ...string) func(mailtest.Command) string {
	var n atomic.Int32
	return func(c mailtest.Command) string {
		if c.Verb != verb {
			return ""
		}
		if i := int(n.Add(1)); i <= len(answers) {
			return answers[i-1]
		}
		return ""
	}
}

func TestMailGoesByEveryWay(t *testing.T) {
	for way, offered := range map[alert.MailTLS]mailtest.TLS{alert.StartTLS: mailtest.StartTLS, alert.WholeTLS: mailtest.Whole, alert.NoTLS: mailtest.None} {
		t.Run(string(way), func(t *testing.T) {
			o, to := mailtest.Options{TLS: offered}, alert.MailServer{TLS: way, From: sender, To: receivers}
			if way != alert.NoTLS {
				o.User, o.Password, to.Username = user, password, user
			}
			s := mailServer(t, o)
			to.Server = s.Address()
			mailed(t, made(t, to, s.Roots()))
			letters := s.Letters()
			if len(letters) != 1 {
				t.Fatalf("%d letters", len(letters))
			}
			want := mailtest.Letter{From: sender, To: receivers, Secure: way != alert.NoTLS, User: o.User, Data: letters[0].Data}
			if diff := cmp.Diff(want, letters[0]); diff != "" {
				t.Error(diff)
			}
			whole, err := sample().Letter(sender, receivers...)
			if err != nil || string(letters[0].Data) != strings.ReplaceAll(string(whole), "\r\n", "\n") {
				t.Errorf("another letter arrived than was written: %v\n%s", err, letters[0].Data)
			}
			for _, c := range s.Heard() {
				if !c.Secure && way == alert.StartTLS && c.Verb != "CONNECT" && c.Verb != "EHLO" && c.Verb != "STARTTLS" {
					t.Errorf("%s in the clear", c.Verb)
				}
			}
		})
	}
}

// TestNoTextEndsAMail (T63): a full stop alone in a line, which ends a mail on the wire,
// and what looks like commands behind it, are text.
func TestNoTextEndsAMail(t *testing.T) {
	s := mailServer(t, mailtest.Options{})
	m := made(t, alert.MailServer{Server: s.Address(), TLS: alert.NoTLS, From: sender, To: receivers}, nil)
	texts := []string{".", "..", "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n", ".\r\nQUIT"}
	for _, text := range texts {
		message := sample()
		message.Text = text
		if _, err := m.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		whole, err := message.Letter(sender, receivers...)
		if err != nil {
			t.Fatal(err)
		}
		letters := s.Letters()
		if last := letters[len(letters)-1]; string(last.Data) != strings.ReplaceAll(string(whole), "\r\n", "\n") || last.From != sender {
			t.Errorf("%q: from %s arrived\n%s", text, last.From, last.Data)
		}
	}
	if n := len(s.Letters()); n != len(texts) {
		t.Errorf("%d letters of %d", n, len(texts))
	}
}

// TestMailIsTriedAgain: 4xx is of the moment, at each step; the next attempt is the
// same mail.
func TestMailIsTriedAgain(t *testing.T) {
	for _, verb := range []string{"CONNECT", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END"} {
		t.Run(verb, func(t *testing.T) {
			answers := []string{"451 later", "451 later"} // RCPT is asked twice
			if verb != "RCPT" {
				answers = answers[1:]
			}
			s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password, Answer: said(verb, answers...)})
			m := signedIn(t, s)
			if u := unmailed(t, m); u.Class != alert.Answered || u.Status != 451 || u.Permanent {
				t.Errorf("after 451: %+v", u)
			}
			mailed(t, m)
			if n := len(s.Letters()); n != 1 {
				t.Errorf("%d letters", n)
			}
		})
	}
}

// TestMailIsRefusedForGood: 5xx, once the server itself says it.
func TestMailIsRefusedForGood(t *testing.T) {
	for _, verb := range []string{"AUTH", "MAIL", "RCPT", "DATA", "END"} {
		t.Run(verb, func(t *testing.T) {
			s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password, Answer: said(verb, "550 never", "550 never")})
			if u := unmailed(t, signedIn(t, s)); u.Class != alert.Answered || u.Status != 550 || !u.Permanent {
				t.Errorf("after 550: %+v", u)
			}
			if n := len(s.Letters()); n != 0 {
				t.Errorf("%d letters", n)
			}
		})
	}
	s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS})
	if u := unmailed(t, signedIn(t, s)); u.Class != alert.Unsigned || !u.Permanent {
		t.Errorf("a server without AUTH: %+v", u)
	}
}

// TestMailIsNotGivenUpForAStranger (T67): whoever stands in between can say what
// they like before TLS. It costs an attempt, and never the alarm.
func TestMailIsNotGivenUpForAStranger(t *testing.T) {
	for verb, answer := range map[string]string{"CONNECT": "554 no mail here", "EHLO": "550 go away", "STARTTLS": "554 no"} {
		s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password, Answer: said(verb, answer, answer)})
		if u := unmailed(t, signedIn(t, s)); u.Permanent {
			t.Errorf("%s %s in the clear: given up for good: %+v", verb, answer, u)
		}
	}
}

// TestStrippedStartTLSIsRefused: a man in the middle who takes STARTTLS out of the
// offer, or says yes and goes on in the clear, hears neither password nor alarm.
func TestStrippedStartTLSIsRefused(t *testing.T) {
	refused := func(name string, s *mailtest.Server, m *alert.Mail) {
		t.Helper()
		if u := unmailed(t, m); u.Class != alert.Untrusted || u.Permanent {
			t.Errorf("%s: %+v", name, u)
		}
		for _, c := range s.Heard() {
			if c.Verb != "CONNECT" && c.Verb != "EHLO" && c.Verb != "HELO" && c.Verb != "QUIT" && c.Verb != "STARTTLS" {
				t.Errorf("%s: the server heard %q", name, c.Line)
			}
		}
	}
	s := mailServer(t, mailtest.Options{TLS: mailtest.None})
	refused("not offered", s, signedIn(t, s))
	s = mailServer(t, mailtest.Options{TLS: mailtest.None, Answer: func(c mailtest.Command) string {
		switch c.Verb {
		case "EHLO":
			return "250-mail.test\r\n250-AUTH PLAIN\r\n250 STARTTLS"
		case "STARTTLS":
			return "220 go ahead\r\n250 but in the clear"
		}
		return ""
	}})
	if u := unmailed(t, signedIn(t, s)); u.Permanent {
		t.Errorf("a yes without TLS: %+v", u)
	}
	for _, c := range s.Heard() {
		if strings.HasPrefix(c.Verb, "AUTH") || c.Verb == "MAIL" {
			t.Errorf("a yes without TLS: the server heard %q", c.Line)
		}
	}
	s = mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password})
	to := alert.MailServer{Server: s.Address(), TLS: alert.StartTLS, From: sender, To: receivers, Username: user}
	refused("an unknown authority", s, made(t, to, nil))
	to.Server = "localhost:" + s.Port()
	refused("another's name", s, made(t, to, s.Roots()))
	s = mailServer(t, mailtest.Options{TLS: mailtest.Whole})
	to.Server, to.TLS = s.Address(), alert.WholeTLS
	refused("an unknown authority, tls", s, made(t, to, nil))
}

// TestInjectedAnswersAreNotHeard: what was put behind the answer to STARTTLS, before
// TLS, is not taken for the server's.
func TestInjectedAnswersAreNotHeard(t *testing.T) {
	s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password, Answer: said("STARTTLS", "220 go ahead\r\n550 go away")})
	if _, err := signedIn(t, s).Send(t.Context(), sample()); err != nil {
		// It came in a piece of its own, and TLS did not begin.
		if u := (*alert.Undelivered)(nil); !errors.As(err, &u) || u.Permanent || u.Status != 0 {
			t.Errorf("Send = %v", err)
		}
	} else if letters := s.Letters(); len(letters) != 1 || !letters[0].Secure {
		t.Errorf("%d letters", len(letters))
	}
}

// TestOneAddressKeepsTheMailFromNoOther: who has it is not sent it again, and the
// alarm is delivered when all have it.
func TestOneAddressKeepsTheMailFromNoOther(t *testing.T) {
	full, gone := "452 full", ""
	s := mailServer(t, mailtest.Options{Answer: func(c mailtest.Command) string {
		switch {
		case c.Verb == "RCPT" && strings.Contains(c.Line, "lead@"):
			return full
		case c.Verb == "RCPT" && strings.Contains(c.Line, "third@"):
			return gone
		}
		return ""
	}})
	m := made(t, alert.MailServer{Server: s.Address(), TLS: alert.NoTLS, From: sender, To: append(receivers, "third@example.com")}, nil)
	for range 3 {
		if u := unmailed(t, m); u.Status != 452 || u.Permanent {
			t.Errorf("while one is full: %+v", u)
		}
	}
	full, gone = "", "550 gone"
	if u := unmailed(t, made(t, alert.MailServer{Server: s.Address(), TLS: alert.NoTLS, From: sender, To: []string{"lead@example.com", "third@example.com"}}, nil)); u.Status != 550 || !u.Permanent {
		t.Errorf("where one is gone: %+v", u)
	}
	gone = ""
	mailed(t, m)
	var got []string
	for _, letter := range s.Letters() {
		got = append(got, strings.Join(letter.To, " "))
	}
	if want := []string{"oncall@example.com third@example.com", "lead@example.com", "lead@example.com"}; !cmp.Equal(want, got) {
		t.Errorf("letters to %q, want %q", got, want)
	}
}

func TestMailServersThatMisbehave(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(mailtest.Command) string
		class  alert.Class
	}{
		"ends":             {said("DATA", mailtest.Drop), alert.Broken},
		"ends at the end":  {said("END", mailtest.Drop), alert.Broken},
		"speaks otherwise": {said("CONNECT", "HTTP/1.1 400 Bad Request"), alert.Broken},
		"says too much":    {said("EHLO", strings.Repeat("250-x"+strings.Repeat("y", 1000)+"\r\n", 1000)+"250 x"), alert.Broken},
		"a long line":      {said("MAIL", "250 "+strings.Repeat("y", 1<<20)), alert.Broken},
		"an odd number":    {said("MAIL", "299 ok"), alert.Broken},
	} {
		s := mailServer(t, mailtest.Options{Answer: c.answer})
		m := made(t, alert.MailServer{Server: s.Address(), TLS: alert.NoTLS, From: sender, To: receivers}, nil)
		if u := unmailed(t, m); u.Class != c.class || u.Permanent {
			t.Errorf("%s: %+v", name, u)
		}
	}
	gone := mailServer(t, mailtest.Options{})
	address := gone.Address()
	m := made(t, alert.MailServer{Server: address, TLS: alert.NoTLS, From: sender, To: receivers}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Send(ctx, sample())
	if u := (*alert.Undelivered)(nil); !errors.As(err, &u) || u.Class != alert.Interrupted || u.Permanent {
		t.Errorf("a caller who left: %v", err)
	}
	if _, err := m.Send(t.Context(), alert.Message{}); err == nil || !err.(*alert.Undelivered).Permanent {
		t.Errorf("an empty message: %v", err)
	}
}

// TestHungMailServer: the deadline is one for the whole exchange, also where each
// byte comes in time.
func TestHungMailServer(t *testing.T) {
	for name, speak := range map[string]func(net.Conn){
		"silent": func(net.Conn) {},
		"slow": func(conn net.Conn) {
			for {
				time.Sleep(time.Second)
				if _, err := conn.Write([]byte("2")); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := made(t, alert.MailServer{Server: "127.0.0.1:25", TLS: alert.NoTLS, From: sender, To: receivers}, nil)
				m.SetDial(func(context.Context) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go func() {
						defer theirs.Close()
						go speak(theirs)
						_, _ = io.Copy(io.Discard, theirs)
					}()
					return ours, nil
				})
				began := time.Now()
				u := unmailed(t, m)
				if took := time.Since(began); u.Class != alert.TimedOut || u.Permanent || took != alert.MailDeadline {
					t.Errorf("%+v after %s", u, took)
				}
				time.Sleep(time.Minute) // so that the server sees the end; no time passes
			})
		})
	}
}

// TestMailIsGuarded: a name server cannot send alarms to this machine, nor to
// addresses that lead elsewhere.
func TestMailIsGuarded(t *testing.T) {
	for _, server := range []string{"169.254.169.254:25", "0.0.0.0:25", "[fd00:ec2::254]:25"} {
		m := made(t, alert.MailServer{Server: server, TLS: alert.StartTLS, From: sender, To: receivers}, nil)
		if u := unmailed(t, m); u.Class != alert.Forbidden {
			t.Errorf("%s: %+v", server, u)
		}
	}
}

func TestNewMailRefuses(t *testing.T) {
	good := alert.MailServer{Server: "mail.example.com:587", TLS: alert.StartTLS, From: sender, To: receivers, Username: user}
	for name, change := range map[string]func(*alert.MailServer, *string){
		"no port":             func(s *alert.MailServer, _ *string) { s.Server = "mail.example.com" },
		"no way":              func(s *alert.MailServer, _ *string) { s.TLS = "" },
		"an unknown way":      func(s *alert.MailServer, _ *string) { s.TLS = "opportunistic" },
		"in the clear":        func(s *alert.MailServer, p *string) { s.TLS, s.Username, *p = alert.NoTLS, "", "" },
		"password in clear":   func(s *alert.MailServer, _ *string) { s.TLS, s.Server = alert.NoTLS, "127.0.0.1:25" },
		"a name in from":      func(s *alert.MailServer, _ *string) { s.From = "Halligan <halligan@example.com>" },
		"nobody":              func(s *alert.MailServer, _ *string) { s.To = nil },
		"a crowd":             func(s *alert.MailServer, _ *string) { s.To = make([]string, 17) },
		"a header in to":      func(s *alert.MailServer, _ *string) { s.To = []string{"a@example.com\r\nBcc: b@example.com"} },
		"a command in to":     func(s *alert.MailServer, _ *string) { s.To = []string{"a@example.com> NOTIFY=NEVER"} },
		"two in one":          func(s *alert.MailServer, _ *string) { s.To = []string{"a@example.com,b@example.com"} },
		"not ASCII":           func(s *alert.MailServer, _ *string) { s.To = []string{"ä@example.com"} },
		"an address":          func(s *alert.MailServer, _ *string) { s.To = []string{"a@[127.0.0.1]"} },
		"no password":         func(_ *alert.MailServer, p *string) { *p = "" },
		"no user":             func(s *alert.MailServer, _ *string) { s.Username = "" },
		"lines in password":   func(_ *alert.MailServer, p *string) { *p = "a\r\nb" },
		"a zero in user":      func(s *alert.MailServer, _ *string) { s.Username = "a\x00b" },
		"an endless password": func(_ *alert.MailServer, p *string) { *p = strings.Repeat("p", 1025) },
	} {
		s, secret := good, password
		change(&s, &secret)
		m, err := alert.NewMail("desk", s, []byte(secret), nil)
		if err == nil || m != nil {
			t.Errorf("%s: taken", name)
		} else if text := err.Error(); strings.Contains(text, password) || strings.Contains(text, "b@example.com") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, err := alert.NewMail("de sk", good, []byte(password), nil); err == nil {
		t.Error("an odd channel is taken")
	}
	if _, err := alert.NewMail("desk", good, []byte(password), nil); err != nil {
		t.Errorf("what these were made of is refused: %v", err)
	}
}

func TestLetter(t *testing.T) {
	got, err := sample().Letter(sender, receivers...)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`From: Halligan <halligan@example.com>
To: oncall@example.com,
 lead@example.com
Subject: SEV1 request.made: db-down at cell.example.com
Date: Sun, 22 Nov 2026 03:07:00 +0000
Message-ID: <`+sample().ID+`@cell.example.com>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Ann asks for db-down on db-1.

what      request.made
when      2026-11-22 03:07:00 UTC
cell      cell.example.com
request   8f1d2c3b4a596877
scenario  db-down
severity  SEV1
person    ann
target    db-1
page      https://cell.example.com/requests/8f1d2c3b4a596877
alarm     `+sample().ID+`

A mail is not signed: anybody can write one like this. What is so stands in
the ledger. Ask with halligan status before you act on it.
`, "\n", "\r\n")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := (alert.Message{}).Letter(sender, receivers...); !errors.Is(err, alert.ErrMessage) {
		t.Errorf("an empty message: %v", err)
	}
}

// FuzzLetter (T63): whatever stands in an alarm, there is one header block with the
// headers of ours, and the text is the text.
func FuzzLetter(f *testing.F) {
	f.Add("msg:1", "cell.example.com", "db-down", "SEV1", "Ann asks.")
	f.Add("a", "x\r\nBcc: eve@example.com", "=?utf-8?q?Bcc?=", "\r\n\r\n.\r\nMAIL FROM:<eve@example.com>", ".\r\n..\r\nQUIT\r\n")
	f.Add("a:b", strings.Repeat("ü", 300), strings.Repeat("€", 70), "\u202e\u2028\x00", strings.Repeat("日", 600))
	f.Fuzz(func(t *testing.T, id, cell, scenario, severity, text string) {
		m := alert.Message{ID: id, At: night, Type: "finding", Cell: cell, Scenario: scenario, Severity: severity, Text: text}
		data, err := m.Letter(sender, receivers...)
		if err != nil {
			if m.Check() == nil {
				t.Fatal(err)
			}
			return
		}
		if rest := bytes.ReplaceAll(data, []byte("\r\n"), nil); bytes.ContainsAny(rest, "\r\n") {
			t.Fatalf("a line ends otherwise: %q", data)
		}
		for line := range bytes.SplitSeq(data, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' }) {
				t.Fatalf("line %q", line)
			}
		}
		letter, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if len(letter.Header) != 9 {
			t.Fatalf("headers %v", letter.Header)
		}
		for name, values := range letter.Header {
			if len(values) != 1 {
				t.Fatalf("%s stands %d times", name, len(values))
			}
		}
		if to, err := letter.Header.AddressList("To"); err != nil || len(to) != len(receivers) {
			t.Fatalf("to %v, %v", to, err)
		}
	})
}

// TestMailSecretsOccurNowhere (T61): neither the password nor whom mail goes to is in
// anything that can be printed, whatever the server says.
func TestMailSecretsOccurNowhere(t *testing.T) {
	clean := func(name, text string) {
		t.Helper()
		for _, secret := range append([]string{password, "0123456789", "canary-p", user, sender}, receivers...) {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q holds %q", name, text, secret)
			}
		}
		if text == "" {
			t.Errorf("%s: printed nothing", name)
		}
	}
	s := mailServer(t, mailtest.Options{TLS: mailtest.StartTLS, User: user, Password: password, Answer: func(c mailtest.Command) string {
		switch c.Verb {
		case "AUTH", "MAIL", "RCPT":
			return fmt.Sprintf("550 %s %s %s", c.Line, password, receivers[0])
		}
		return ""
	}})
	m := signedIn(t, s)
	printed(clean, "mail", m)
	printed(clean, "field", struct{ hidden *alert.Mail }{m})
	_, err := m.Send(t.Context(), sample())
	printed(clean, "refused", inHand{Message: sample(), Err: err})
	if got := fmt.Sprintf("%v %#v", m, m); got != "mail desk ("+m.Endpoint()+") mail desk ("+m.Endpoint()+")" {
		t.Errorf("a channel prints as %s", got)
	}
}
