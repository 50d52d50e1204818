package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// MailDeadline bounds one attempt by mail, from the name look-up to the answer to
// the mail. It is longer than Deadline: a mail server looks into a mail before it
// takes it, and what it took after we had left would be sent once more.
const MailDeadline = 30 * time.Second

const (
	saidLimit     = 256 << 10 // bytes that are read in one attempt, TLS included
	partlyMost    = 1024      // alarms that some have and others not yet
	mailboxLimit  = 254
	localLimit    = 64
	passwordLimit = 1024
)

// ToMost is the most addresses that one channel has.
const ToMost = 16

// MailTLS says how the connection to a mail server is kept from others.
type MailTLS string

// The ways. There is none that makes do with less than it says.
const (
	StartTLS MailTLS = "starttls" // STARTTLS is demanded: a server that does not offer it gets nothing
	WholeTLS MailTLS = "tls"      // TLS from the first byte
	NoTLS    MailTLS = "none"     // to this machine alone
)

// MailServer is where the mail of a channel goes.
type MailServer struct {
	Server   string // host:port
	TLS      MailTLS
	From     string   // an address without a name
	To       []string // 1 to ToMost addresses without names
	Username string   // empty: no sign-in
}

// Mail is one channel: a mail server and the addresses that it is asked to carry
// alarms to. It is safe for concurrent use, and prints without addresses and
// password.
type Mail struct {
	channel  string
	endpoint string // scheme, host and port
	host     string // that the certificate must name
	way      MailTLS
	deadline time.Duration
	dial     func(ctx context.Context) (net.Conn, error)
	secure   func() *tls.Config
	auth     func() smtp.Auth // nil: no sign-in
	address  func() (from string, to []string)

	mu     sync.Mutex
	partly map[string][]string // id of an alarm → who has it while others have not
}

// What keeps a mail from being handed over before anybody answered.
var (
	errStripped = errors.New("the mail server does not offer STARTTLS")
	errNoSignIn = errors.New("the mail server offers no sign-in with a password")
	errSaidMuch = errors.New("the mail server said too much")
)

// NewMail makes the channel of that id. The password is that of Username; roots are
// the authorities that the server's certificate may be of, nil for the system's.
// No error quotes the password or an address of a person.
func NewMail(channel string, s MailServer, password []byte, roots *x509.CertPool) (*Mail, error) {
	if err := canon.CheckID(channel); err != nil {
		return nil, fmt.Errorf("cannot make a channel: %w", err)
	}
	fail := func(what string) (*Mail, error) { return nil, fmt.Errorf("channel %s: cannot use %s", channel, what) }
	host, port, err := net.SplitHostPort(s.Server)
	host = strings.TrimSuffix(host, ".")
	ways := map[MailTLS]string{StartTLS: "smtp", WholeTLS: "smtps", NoTLS: "smtp"}
	switch {
	case err != nil || host == "" || port == "":
		return fail("this mail server: want host:port")
	case ways[s.TLS] == "":
		return fail("this way to the mail server: want starttls, tls or none")
	case s.TLS == NoTLS && !isLoopback(host):
		return fail("a mail server in the clear but for this machine itself: want starttls or tls")
	case !isMailbox(s.From):
		return fail("this sender: want an address such as halligan@example.com")
	case len(s.To) == 0 || len(s.To) > ToMost || slices.ContainsFunc(s.To, func(to string) bool { return !isMailbox(to) }):
		return fail(fmt.Sprintf("these receivers: want 1 to %d addresses such as oncall@example.com", ToMost))
	case (s.Username == "") != (len(password) == 0):
		return fail("a user name without a password, or a password without a user name")
	case s.Username != "" && s.TLS == NoTLS:
		return fail("a password in the clear: want starttls or tls")
	case !isWord(s.Username) || !isWord(string(password)):
		return fail("this user name or password: want at most 1024 bytes without control characters")
	}
	m := &Mail{
		channel: channel, endpoint: ways[s.TLS] + "://" + net.JoinHostPort(host, port), host: host, way: s.TLS, deadline: MailDeadline,
		partly: map[string][]string{},
	}
	dialer, to := guarded(isLoopback(host)), slices.Clone(s.To)
	m.dial = func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", s.Server) }
	m.secure = func() *tls.Config { return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12} }
	m.address = func() (string, []string) { return s.From, to }
	if s.Username != "" {
		secret := string(password)
		m.auth = func() smtp.Auth { return smtp.PlainAuth("", s.Username, secret, host) }
	}
	return m, nil
}

// isWord tells whether a user name or password can travel in one command.
func isWord(text string) bool { return len(text) <= passwordLimit && fit(text, passwordLimit) == text }

// isMailbox tells whether a text is an address that needs no quoting: what stands
// in a header or command and looks like one address is one.
func isMailbox(text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	return ok && len(text) <= mailboxLimit && len(local) <= localLimit && isDomain(domain) &&
		isDotted(local, canon.Alnum+"!#$%&'*+-/=?^_`{|}~")
}

// isDomain tells whether a text is a name of hosts.
func isDomain(text string) bool {
	return len(text) <= nameLimit && isDotted(text, canon.Alnum+"-") && !strings.HasPrefix(text, "-") && !strings.HasSuffix(text, "-")
}

func isDotted(text, of string) bool {
	bad := func(word string) bool { return word == "" || !canon.MadeOf(word, of) }
	return !slices.ContainsFunc(strings.Split(text, "."), bad)
}

// Channel is the id of the channel.
func (m *Mail) Channel() string { return m.channel }

// Endpoint is scheme, host and port: what may be shown of the channel.
func (m *Mail) Endpoint() string { return m.endpoint }

// Send makes one attempt within MailDeadline. It is a receipt that the server took
// the mail for every address; everything else is an *Undelivered. An address that
// the server refuses keeps the mail from no other; who has it already is not sent
// it again while this channel lives. A failed attempt may yet have arrived: the
// alarm is sent again as the same mail.
func (m *Mail) Send(ctx context.Context, a Message) (Receipt, error) {
	from, to := m.address()
	letter, err := a.letter(from, to)
	if err != nil {
		return Receipt{}, &Undelivered{Channel: m.channel, Endpoint: m.endpoint, Class: Malformed, Permanent: true}
	}
	attempt, cancel := context.WithTimeout(ctx, m.deadline)
	defer cancel()
	e := &exchange{mail: m, from: from, to: m.lacking(a.ID, to)}
	err = e.run(attempt, letter)
	at := time.Now()
	if err == nil {
		m.settle(a.ID, nil)
		return Receipt{Status: statusTaken, At: at}, nil
	}
	u := e.judge(ctx, attempt, err) // err quotes the server: it ends here
	if u.Permanent {
		m.settle(a.ID, nil)
	} else if len(e.taken) > 0 {
		m.settle(a.ID, e.taken)
	}
	return Receipt{}, u
}

// lacking are those who do not have an alarm yet.
func (m *Mail) lacking(id string, to []string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(to), func(one string) bool { return slices.Contains(m.partly[id], one) })
}

// settle notes who took an alarm that others have yet to take; nobody: it is over.
// What is forgotten costs a repeat under the same Message-ID, and nothing else.
func (m *Mail) settle(id string, taken []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if taken == nil {
		delete(m.partly, id)
		return
	}
	if _, known := m.partly[id]; !known && len(m.partly) >= partlyMost {
		clear(m.partly)
	}
	m.partly[id] = append(m.partly[id], taken...)
}

// String names the channel without its secrets.
func (m *Mail) String() string { return fmt.Sprintf("mail %s (%s)", m.channel, m.endpoint) }

// Format prints String whatever the verb.
func (m *Mail) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, m.String()) }

// LogValue is String.
func (m *Mail) LogValue() slog.Value { return slog.StringValue(m.String()) }
