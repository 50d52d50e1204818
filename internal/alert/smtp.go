package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// What a mail server answers (RFC 5321, 4.2.3).
const (
	statusTaken   = 250
	statusClosing = 421
)

// exchange is one conversation with a mail server about one mail.
type exchange struct {
	mail *Mail
	from string
	to   []string // who is to get it

	ours    bool     // what is said now is said by the server itself, or on this machine
	taken   []string // who got it
	refused *textproto.Error
}

// run hands the mail over. No error of it is for others' eyes: it may quote what
// the server wrote, which may quote addresses and the password.
func (e *exchange) run(ctx context.Context, letter []byte) error {
	raw, err := e.mail.dial(ctx)
	if err != nil {
		return err
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	client, err := e.greet(ctx, &brief{Conn: raw, left: saidLimit})
	if err != nil {
		return err
	}
	if e.mail.auth != nil {
		if _, ways := client.Extension("AUTH"); !slices.Contains(strings.Fields(strings.ToUpper(ways)), "PLAIN") {
			return errNoSignIn
		}
		if err := client.Auth(e.mail.auth()); err != nil {
			return err
		}
	}
	if err := e.hand(client, letter); err != nil {
		return err
	}
	// Taking leave is polite; the answer to it does not matter.
	_ = raw.SetDeadline(time.Now().Add(drainFor))
	_ = client.Quit()
	return nil
}

// greet says hello, behind TLS unless the channel is of this machine. Nothing that
// is said before TLS is believed but that there is to be TLS: whoever stands in
// between could say it.
func (e *exchange) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	hello := literal(conn.LocalAddr())
	if e.mail.way == WholeTLS {
		secured := tls.Client(conn, e.mail.secure())
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secured
	}
	e.ours = e.mail.way != StartTLS
	client, err := smtp.NewClient(conn, e.mail.host)
	if err != nil {
		return nil, err
	}
	if err := client.Hello(hello); err != nil {
		return nil, err
	}
	if e.mail.way != StartTLS {
		return client, nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return nil, errStripped
	}
	// What came with the answer, before TLS, is thrown away with its reader.
	if err := client.StartTLS(e.mail.secure()); err != nil {
		return nil, err
	}
	e.ours = true
	return client, nil
}

// hand gives the mail for everybody whom the server takes it for.
func (e *exchange) hand(client *smtp.Client, letter []byte) error {
	if err := client.Mail(e.from); err != nil {
		return err
	}
	var accepted []string
	for _, to := range e.to {
		err := client.Rcpt(to)
		var said *textproto.Error
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case errors.As(err, &said) && said.Code != statusClosing:
			e.refuse(said)
		default:
			return err
		}
	}
	if len(accepted) > 0 {
		body, err := client.Data()
		if err != nil {
			return err
		}
		if _, err := body.Write(letter); err != nil {
			return err
		}
		if err := body.Close(); err != nil {
			return err
		}
		e.taken = accepted
	}
	if e.refused != nil {
		return e.refused
	}
	return nil
}

// refuse keeps the refusal that may be over soon, if there is one: while it stands
// the alarm is tried again.
func (e *exchange) refuse(said *textproto.Error) {
	if e.refused == nil || e.refused.Code/100 == 5 && said.Code/100 == 4 {
		e.refused = said
	}
}

// judge tells what became of an attempt. Only the server itself can give an alarm
// up for good, by 5xx: before TLS anybody in between could.
func (e *exchange) judge(caller, attempt context.Context, err error) *Undelivered {
	u := &Undelivered{Channel: e.mail.channel, Endpoint: e.mail.endpoint}
	var said *textproto.Error
	switch {
	case errors.As(err, &said) && (said.Code/100 == 4 || said.Code/100 == 5):
		u.Class, u.Status, u.Permanent = Answered, said.Code, e.ours && said.Code/100 == 5
	case errors.Is(err, errStripped):
		u.Class = Untrusted
	case errors.Is(err, errNoSignIn):
		u.Class, u.Permanent = Unsigned, true
	default:
		u.Class = classify(caller, attempt, err)
	}
	return u
}

// literal is how a machine without a name calls itself (RFC 5321, 4.1.3).
func literal(local net.Addr) string {
	at, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return "localhost"
	}
	address := at.Addr().Unmap().WithZone("")
	if address.Is6() {
		return "[IPv6:" + address.String() + "]"
	}
	return "[" + address.String() + "]"
}

// brief is a connection that lets the other side say only so much.
type brief struct {
	net.Conn
	left int
}

// Read fails with errSaidMuch when the measure is full.
func (b *brief) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errSaidMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
