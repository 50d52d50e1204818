package config

import (
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/cell"
)

// mailFile is where the alarms of a channel of kind smtp go.
type mailFile struct {
	Mark
	Server       word   `yaml:"server,required"`
	TLS          word   `yaml:"tls,required"`
	From         word   `yaml:"from,required"`
	To           []word `yaml:"to,required"`
	Username     word   `yaml:"username"`
	PasswordFile word   `yaml:"password_file"`
}

func (*mailFile) planned() []string {
	return []string{"ca", "client_cert", "headers", "oauth", "proxy"}
}

// Mail is where alarms of one channel go by mail.
type Mail struct {
	Server   string // host:port
	TLS      string // starttls, tls or none
	From     string
	To       []string
	Username string // empty: no sign-in
	Password Secret
}

// The bounds of a channel by mail, as alert has them.
const (
	toMost       = 16
	passwordMost = 1024 // bytes of a user name or password
)

// mailWays are how the connection to a mail server is kept from others.
var mailWays = []string{"starttls", "tls", "none"}

// mailboxShape is an address that needs no quoting, without a name.
var mailboxShape = sync.OnceValue(func() *regexp.Regexp {
	const word = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	const label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
	return regexp.MustCompile(`^` + word + `(\.` + word + `)*@` + label + `(\.` + label + `)*$`)
})

func (s *serverFacts) mail() {
	for _, e := range s.file.Mail {
		if !idOf(s.findings, e.key) {
			continue
		}
		if s.elsewhere(e.key, "webhooks", keysOf(s.file.Webhooks)) {
			continue
		}
		if to, ok := s.mailTo(&e.value); ok {
			if s.out.Mail == nil {
				s.out.Mail = make(map[string]Mail)
			}
			s.out.Mail[e.key.text] = to
		}
	}
}

// mailTo checks one channel, and tells whether all of it was there to be checked.
func (s *serverFacts) mailTo(m *mailFile) (Mail, bool) {
	out := Mail{Server: m.Server.text, TLS: m.TLS.text, From: m.From.text, To: texts(m.To), Username: m.Username.text}
	s.mailServer(m)
	s.mailbox(m.From)
	if m.To != nil && len(m.To) == 0 || len(m.To) > toMost {
		s.errorf(m.key("to"), "name who gets the alarms, or the one address of a list", "to has %d addresses, 1 to %d are possible", len(m.To), toMost)
	}
	for i, w := range m.To {
		s.mailbox(w)
		if w.text != "" && slices.ContainsFunc(m.To[:i], func(other word) bool { return strings.EqualFold(other.text, w.text) }) {
			s.errorf(w.at, "name each address once", "%s stands twice", show(w.text))
		}
	}
	out.Password = s.signIn(m)
	return out, out.Server != "" && out.TLS != "" && out.From != "" && len(out.To) > 0
}

// mailServer demands that the connection is as closed as it can be.
func (s *serverFacts) mailServer(m *mailFile) {
	if m.Server.text == "" {
		return
	}
	checkAddress(s.findings, m.Server)
	switch {
	case m.TLS.text == "":
	case !slices.Contains(mailWays, m.TLS.text):
		s.errorf(m.TLS.at, "write starttls (port 587), tls (port 465), or none for a mail server on this machine", "tls %s is not known", show(m.TLS.text))
	case m.TLS.text == "none":
		if host, _, err := net.SplitHostPort(m.Server.text); err == nil && !loopback(host) {
			s.errorf(m.TLS.at, "write starttls or tls", "alarms to %s would travel in the clear", show(m.Server.text))
		}
	}
}

func (s *serverFacts) mailbox(w word) {
	if w.text == "" {
		return
	}
	local, _, _ := strings.Cut(w.text, "@")
	if len(w.text) > 254 || len(local) > 64 || !mailboxShape().MatchString(w.text) {
		s.errorf(w.at, "write the address alone, such as oncall@example.com, without a name and quotation marks", "%s is not a mail address", show(w.text))
	}
}

// signIn reads the password, which never travels in the clear.
func (s *serverFacts) signIn(m *mailFile) Secret {
	switch {
	case !m.Username.given() && !m.PasswordFile.given():
		return Secret{}
	case !m.PasswordFile.given():
		s.errorf(m.Username.at, "add password_file: a file of mode 0600 with the password in one line", "username has no password_file")
		return Secret{}
	case !m.Username.given():
		s.errorf(m.PasswordFile.at, "add username: whom the password is of", "password_file has no username")
		return Secret{}
	case m.TLS.text == "none":
		s.errorf(m.Username.at, "write tls: starttls, or leave username and password_file out: a mail server on this machine takes mail without them", "the password would travel in the clear")
	case !oneLine(m.Username.text):
		s.errorf(m.Username.at, "write it in one line", "username holds control characters, or is too long")
	}
	if m.PasswordFile.text == "" {
		return Secret{}
	}
	data, ok := s.readSecretFile(m.PasswordFile)
	if !ok {
		return Secret{}
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if password == "" || !oneLine(password) {
		s.errorf(m.PasswordFile.at, "write the password into it, in one line and nothing else", "%s does not hold one line of text", show(m.PasswordFile.text))
		return Secret{}
	}
	return Secret{[]byte(password)}
}

// oneLine tells whether a user name or password can travel in one command.
func oneLine(text string) bool {
	return len(text) <= passwordMost && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
	})
}

// channelKinds are the kinds of channels that this version knows.
var channelKinds = []string{cell.ChannelWebhook, cell.ChannelMail, cell.ChannelSNS}

// elsewhere tells whether a channel stands under another kind too.
func (s *serverFacts) elsewhere(key word, section string, keys []word) bool {
	twice := slices.ContainsFunc(keys, func(other word) bool { return other.text == key.text })
	if twice {
		s.errorf(key.at, "a channel is of one kind: take one of the two out", "channel %s stands under %s too", show(key.text), section)
	}
	return twice
}

// checkChannels compares webhooks, mail and topics with the channels of the cell.
func (s *serverFacts) checkChannels(f *findings, channels []channelFile) {
	for _, section := range []struct {
		name, kind, what string
		keys             []word
	}{
		{"webhooks", cell.ChannelWebhook, "webhook", keysOf(s.file.Webhooks)},
		{"mail", cell.ChannelMail, "mail server", keysOf(s.file.Mail)},
		{"sns", cell.ChannelSNS, "topic", keysOf(s.file.SNS)},
	} {
		for _, key := range section.keys {
			i := slices.IndexFunc(channels, func(c channelFile) bool { return c.ID.text == key.text })
			switch {
			case i < 0:
				f.errorf(key.at, nearest(key.text, idsOf(channels), "channels: "), "channel %s does not exist", showID(key.text))
			case channels[i].Kind.text != section.kind && slices.Contains(channelKinds, channels[i].Kind.text):
				f.errorf(key.at, "write it where channels of its kind stand: webhook under webhooks, smtp under mail, sns under sns",
					"channel %s is of kind %s in %s, and stands under %s", show(key.text), channels[i].Kind.text, CellFile, section.name)
			}
		}
		for _, c := range channels {
			if c.Kind.text == section.kind && !slices.ContainsFunc(section.keys, func(key word) bool { return key.text == c.ID.text }) {
				f.warnf(s.file.at, "add it under "+section.name, "channel %s has no %s here: its alarms go nowhere", show(c.ID.text), section.what)
			}
		}
	}
}

func keysOf[T any](t table[T]) []word {
	var keys []word
	for _, e := range t {
		keys = append(keys, e.key)
	}
	return keys
}

func idsOf(channels []channelFile) []string {
	var ids []string
	for _, c := range channels {
		ids = append(ids, c.ID.text)
	}
	return ids
}
