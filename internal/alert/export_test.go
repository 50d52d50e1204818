package alert

import (
	"net/http"
	"net/netip"
)

// AnswerLimit is for tests of what is read.
const AnswerLimit = answerLimit

// Allowed is the guard's judgement.
func Allowed(address netip.Addr, loopback bool) bool { return allowed(address, loopback) }

// SetRoundTripper puts a fake in the place of the network.
func (w *Webhook) SetRoundTripper(r http.RoundTripper) { w.client.Transport = r }
