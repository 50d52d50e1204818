package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// ErrNoAuthority says that the server shows no certificate of a local authority:
// it is self-signed, or was given from elsewhere.
var ErrNoAuthority = errors.New("the server shows no certificate of a local authority")

// Authority is the certificate of the server's local authority, as the pinned key
// vouches for it: whoever has that key sent it in the handshake that it signed.
// Its errors: ErrNoAuthority, ErrServerKey, ErrUnreachable.
func (c *Client) Authority(ctx context.Context) (*x509.Certificate, error) {
	u, err := url.Parse(c.profile.URL)
	if err != nil {
		return nil, fmt.Errorf("cannot use the profile: %w", err)
	}
	pin, err := hex.DecodeString(c.profile.ServerKey)
	if err != nil {
		return nil, fmt.Errorf("cannot use the profile: %w", err)
	}
	at := u.Host
	if u.Port() == "" {
		at = net.JoinHostPort(u.Hostname(), "443")
	}
	ctx, cancel := context.WithTimeout(ctx, dialLongest)
	defer cancel()
	secure := pinned(pin)
	secure.ServerName = u.Hostname()
	conn, err := (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", at)
	if errors.Is(err, ErrServerKey) {
		return nil, ErrServerKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	_ = conn.Close() // what was to be learned is known
	if len(shown) < 2 {
		return nil, ErrNoAuthority
	}
	authority := shown[len(shown)-1]
	// An authority of elsewhere is no news to a browser, and is not ours to vouch for.
	if !authority.IsCA || authority.CheckSignatureFrom(authority) != nil || shown[0].CheckSignatureFrom(authority) != nil {
		return nil, ErrNoAuthority
	}
	return authority, nil
}
