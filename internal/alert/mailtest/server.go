package mailtest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
)

// TLS is what a server offers.
type TLS int

// The ways.
const (
	None     TLS = iota
	StartTLS     // offered after EHLO
	Whole        // from the first byte
)

// What an Answer may give beside a line.
const (
	Drop = "drop" // ends the connection
	Hang = "hang" // says nothing until the server is closed
)

// Command is a line of a client. The connection itself is one with the verb
// CONNECT, and the end of DATA one with the verb END.
type Command struct {
	Verb, Line string
	Secure     bool // it came by TLS
}

// Options are how a server behaves.
type Options struct {
	TLS            TLS
	User, Password string               // who must sign in before MAIL; nobody if empty
	Answer         func(Command) string // instead of the usual; "" for the usual
}

// Letter is what was taken.
type Letter struct {
	From   string
	To     []string
	Data   []byte // as it was before dots were doubled
	Secure bool
	User   string // who had signed in
}

// Server is a mail server. It is safe for concurrent use.
type Server struct {
	options  Options
	listener net.Listener
	identity *identity
	over     chan struct{}
	parts    sync.WaitGroup

	mu      sync.Mutex
	open    map[net.Conn]bool
	letters []Letter
	heard   []Command
}

// Start begins to listen on 127.0.0.1.
func Start(o Options) (*Server, error) {
	identity, err := newIdentity()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, listener: listener, identity: identity, over: make(chan struct{}), open: map[net.Conn]bool{}}
	s.parts.Add(1)
	go func() {
		defer s.parts.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.parts.Add(1)
			go func() {
				defer s.parts.Done()
				s.serve(conn)
			}()
		}
	}()
	return s, nil
}

// Address is where it listens, as host:port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Port is the port alone.
func (s *Server) Port() string {
	_, port, _ := net.SplitHostPort(s.Address())
	return port
}

// Roots is the authority of its certificate, which names 127.0.0.1 and nothing else.
func (s *Server) Roots() *x509.CertPool { return s.identity.roots() }

// Authority is the same in PEM.
func (s *Server) Authority() []byte { return s.identity.authority }

// Letters are what was taken so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Heard is every command so far.
func (s *Server) Heard() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// Close ends every connection and waits for their end.
func (s *Server) Close() error {
	err := s.listener.Close()
	close(s.over)
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.parts.Wait()
	return err
}

// session is one connection.
type session struct {
	server *Server
	conn   net.Conn
	lines  *textproto.Reader
	letter Letter
}

func (s *Server) serve(conn net.Conn) {
	s.mu.Lock()
	s.open[conn] = true
	s.mu.Unlock()
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	}()
	t := &session{server: s}
	t.over(conn)
	if s.options.TLS == Whole && t.secure() != nil {
		return
	}
	if t.answer(Command{Verb: "CONNECT"}, "220 mail.test ready") != nil {
		return
	}
	for {
		line, err := t.lines.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(line, " ")
		if err := t.command(Command{Verb: strings.ToUpper(verb), Line: line}); err != nil {
			return
		}
	}
}

// over reads and writes on another connection from now on.
func (t *session) over(conn net.Conn) {
	t.conn, t.lines = conn, textproto.NewReader(bufio.NewReader(conn))
}

func (t *session) secure() error {
	secured := tls.Server(t.conn, t.server.identity.config())
	if err := secured.Handshake(); err != nil {
		return err
	}
	t.over(secured)
	t.letter.Secure = true
	return nil
}

var errOver = errors.New("the session is over")

// answer says what the test wants, or the usual. It fails when the session is over.
func (t *session) answer(c Command, usual string) error { return t.after(func() {}, c, usual) }

// after is answer that does something first, unless it refuses.
func (t *session) after(first func(), c Command, usual string) error {
	c.Secure = t.letter.Secure
	s := t.server
	s.mu.Lock()
	s.heard = append(s.heard, c)
	s.mu.Unlock()
	said := usual
	if s.options.Answer != nil {
		if other := s.options.Answer(c); other != "" {
			said = other
		}
	}
	switch said {
	case Drop:
		return errOver
	case Hang:
		<-s.over
		return errOver
	}
	refused := said != usual && said[0] != usual[0]
	if !refused {
		first()
	}
	if _, err := io.WriteString(t.conn, said+"\r\n"); err != nil {
		return err
	}
	if refused {
		return errRefused
	}
	return nil
}

var errRefused = errors.New("the test refused the command")

func (t *session) command(c Command) error {
	err := t.obey(c)
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

func (t *session) obey(c Command) error {
	o := t.server.options
	switch c.Verb {
	case "EHLO":
		return t.answer(c, t.hello())
	case "STARTTLS":
		if o.TLS != StartTLS {
			return t.answer(c, "502 no TLS here")
		}
		if err := t.answer(c, "220 go ahead"); err != nil {
			return err
		}
		return t.secure()
	case "AUTH":
		return t.signIn(c)
	case "MAIL":
		if o.User != "" && t.letter.User == "" {
			return t.answer(c, "530 sign in first")
		}
		t.letter.From, t.letter.To = angled(c.Line), nil
		return t.answer(c, "250 ok")
	case "RCPT":
		if err := t.answer(c, "250 ok"); err != nil {
			return err
		}
		t.letter.To = append(t.letter.To, angled(c.Line))
		return nil
	case "DATA":
		return t.data(c)
	case "QUIT":
		_ = t.answer(c, "221 bye")
		return errOver
	}
	return t.answer(c, "502 not known")
}

func (t *session) hello() string {
	extensions := []string{"mail.test", "8BITMIME", "SMTPUTF8"}
	if t.server.options.TLS == StartTLS && !t.letter.Secure {
		extensions = append(extensions, "STARTTLS")
	}
	if t.server.options.User != "" && t.letter.Secure {
		extensions = append(extensions, "AUTH LOGIN PLAIN")
	}
	last := len(extensions) - 1
	return "250-" + strings.Join(extensions[:last], "\r\n250-") + "\r\n250 " + extensions[last]
}

// signIn takes AUTH PLAIN with its answer in the same line (RFC 4616).
func (t *session) signIn(c Command) error {
	o := t.server.options
	words := strings.Fields(c.Line)
	token, err := base64.StdEncoding.DecodeString(words[len(words)-1])
	if err != nil || len(words) != 3 || string(token) != fmt.Sprintf("\x00%s\x00%s", o.User, o.Password) {
		return t.answer(c, "535 not you: "+string(token[max(0, len(token)-len(o.Password)):]))
	}
	t.letter.User = o.User
	return t.answer(c, "235 welcome")
}

func (t *session) data(c Command) error {
	if len(t.letter.To) == 0 {
		return t.answer(c, "503 to nobody")
	}
	if err := t.answer(c, "354 go on"); err != nil {
		return err
	}
	data, err := t.lines.ReadDotBytes()
	if err != nil {
		return err
	}
	letter := t.letter
	letter.Data = data
	return t.after(func() { // whoever hears that it was taken finds it
		t.server.mu.Lock()
		defer t.server.mu.Unlock()
		t.server.letters = append(t.server.letters, letter)
	}, Command{Verb: "END"}, "250 taken")
}

// angled is what stands between angle brackets.
func angled(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}
