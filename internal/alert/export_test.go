package alert

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// AnswerLimit is for tests of what is read.
const AnswerLimit = answerLimit

// Allowed is the guard's judgement.
func Allowed(address netip.Addr, loopback bool) bool { return allowed(address, loopback) }

// SetRoundTripper puts a fake in the place of the network.
func (w *Webhook) SetRoundTripper(r http.RoundTripper) { w.client.Transport = r }

// SetDial puts a fake in the place of the network.
func (m *Mail) SetDial(dial func(ctx context.Context) (net.Conn, error)) { m.dial = dial }

// Letter is the mail of a message.
func (m Message) Letter(from string, to ...string) ([]byte, error) { return m.letter(from, to) }

// SetDeadline makes attempts shorter.
func (s *SNS) SetDeadline(d time.Duration) { s.deadline = d }
