package client

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
)

// Session is what an account gave for one request: temporary keys, or a link that
// signs in to its console. It is a secret.
type Session struct {
	Version         int    `json:"Version"` // 1, as programs read it that ask a credential_process
	AccessKeyID     string `json:"AccessKeyId,omitempty"`
	SecretAccessKey string `json:"SecretAccessKey,omitempty"`
	SessionToken    string `json:"SessionToken,omitempty"`
	SignInURL       string `json:"SignInURL,omitempty"` // then there are no keys
	Opens           string `json:"Opens,omitempty"`     // by when the link must be used, RFC 3339
	Expiration      string `json:"Expiration"`          // RFC 3339
}

// String hides the session.
func (Session) String() string { return "[secret]" }

// GoString hides the session.
func (Session) GoString() string { return "[secret]" }

// Wipe forgets it, as far as strings can be forgotten.
func (s *Session) Wipe() { *s = Session{} }

// ErrSealed says that what the server sent as sealed cannot be opened by the keys
// of the request, or is nothing that an account gives.
var ErrSealed = errors.New("cannot use the credential: the keys of this request do not open it, or it is no session")

// Open reads a sealed session with the keys of the request.
func (c *Credential) Open(holder *Holder) (Session, error) {
	if c.Kind != KindAWS {
		return Session{}, ErrSealed
	}
	plain, err := seal.FromServer(c.Sealed, holder.X25519[:])
	if err != nil {
		return Session{}, ErrSealed
	}
	defer clear(plain)
	return decodeSession(plain)
}

// decodeSession reads what was sealed: canonical, and either keys or a link.
func decodeSession(plain []byte) (Session, error) {
	var s Session
	if err := canon.Decode(plain, seal.SecretMost, &s); err != nil {
		return Session{}, ErrSealed
	}
	keys := s.AccessKeyID != "" && s.SecretAccessKey != "" && s.SessionToken != ""
	none := s.AccessKeyID == "" && s.SecretAccessKey == "" && s.SessionToken == ""
	link, err := url.Parse(s.SignInURL)
	isLink := err == nil && (link.Scheme == "https" || link.Scheme == "http" && onLoopback(link.Hostname())) && link.Host != "" && link.User == nil
	switch {
	case s.Version != 1, s.ends().IsZero(),
		s.SignInURL == "" && !keys,
		s.SignInURL != "" && (!none || !isLink),
		strings.ContainsFunc(s.AccessKeyID+s.SecretAccessKey+s.SessionToken+s.SignInURL, notPrinted):
		return Session{}, ErrSealed
	}
	return s, nil
}

// notPrinted are bytes that no key, token or link has: a line end among them would
// make one variable of an environment two.
func notPrinted(r rune) bool { return r <= ' ' || r > '~' }

// onLoopback tells whether a host is an address of this machine.
func onLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func (s Session) ends() canon.Time {
	at, err := time.Parse(time.RFC3339, s.Expiration)
	if err != nil {
		return canon.Time{}
	}
	return canon.At(at)
}

// Ends is when nothing works with it any more: its own end, or that which the
// request's entry set, whichever is sooner.
func (c *Credential) Ends(s Session) canon.Time {
	return canon.Earlier(s.ends(), c.Before)
}
