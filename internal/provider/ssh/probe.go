package ssh

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Signer signs certificates: the SSH CA. It may be called concurrently.
type Signer interface {
	Sign(unsigned []byte) ([]byte, error)
	PublicKey() []byte // wire form
}

// Harmless is the command that twins and controls are forced to run.
const Harmless = "true"

// loginLongest bounds one login, in time.
const loginLongest = 10 * time.Second

// SSH is the provider. Its fields are set once.
type SSH struct {
	Signer Signer
	Rand   io.Reader
	Now    func() canon.Time
	Dial   func(ctx context.Context, network, address string) (net.Conn, error) // nil: a net.Dialer
}

// Open has nothing to do: a host that knows the CA is open to whoever holds a
// certificate.
func (s *SSH) Open(context.Context, provider.Lease) error { return nil }

// Close has nothing to do: the list of revoked key ids is made from the ledger,
// and hosts pull it.
func (s *SSH) Close(context.Context, provider.Lease) error { return nil }

// control is the certificate that shows that the host still lets our authority in.
func (s *SSH) control(lease provider.Lease) access.Certificate {
	return access.Certificate{
		KeyID: "halligan-control:" + lease.Host.ID, Principals: lease.Principals,
		After: s.Now().Add(-30 * time.Second), Before: s.Now().Add(time.Minute),
	}
}

// twin is the certificate of a lease, narrowed to nothing: the same key id,
// principals and end. After the end it is refused for being over, as every
// credential of the lease is. Its serial follows from the key id, so that detection
// knows it.
func (s *SSH) twin(lease provider.Lease) access.Certificate {
	return access.Certificate{
		KeyID: lease.KeyID, Principals: lease.Principals,
		After: canon.Earlier(s.Now(), lease.Until).Add(-30 * time.Second), Before: lease.Until,
	}
}

// login offers certificates in order, each with a key of its own, and tells which
// one the host took: none of them is Refused. For a host that does not answer none
// is made.
func (s *SSH) login(ctx context.Context, lease provider.Lease, offered ...access.Certificate) (taken int, answer access.Answer) {
	ctx, cancel := context.WithTimeout(ctx, loginLongest)
	defer cancel()
	conn, err := s.dial(ctx, lease.Host.Address)
	if err != nil {
		return 0, access.Unreachable
	}
	defer conn.Close()
	keys := &ring{}
	for _, c := range offered {
		signer, err := s.issue(c)
		if err != nil {
			return 0, access.Unreachable
		}
		keys.add(signer)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return 0, access.Unreachable
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	answer = handshake(conn, lease, keys.signers)
	return keys.used, answer
}

// ring is the keys of one login. A key that the host would take is asked to sign,
// and no other is: the last one that signed is the one that it took.
type ring struct {
	signers []ssh.Signer
	used    int
}

func (r *ring) add(of ssh.Signer) {
	r.signers = append(r.signers, &key{Signer: of, ring: r, at: len(r.signers)})
}

type key struct {
	ssh.Signer
	ring *ring
	at   int
}

// Sign does what ssh.Signer says.
func (k *key) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	k.ring.used = k.at
	return k.Signer.Sign(rand, data)
}

func (s *SSH) dial(ctx context.Context, address string) (net.Conn, error) {
	if s.Dial != nil {
		return s.Dial(ctx, "tcp", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// issue makes a key for this login alone and a certificate over it.
func (s *SSH) issue(c access.Certificate) (ssh.Signer, error) {
	public, private, err := ed25519.GenerateKey(s.Rand)
	if err != nil {
		return nil, err
	}
	c.Serial, c.Nonce = access.TwinSerial(c.KeyID), canon.Sum(public)
	c.Key, c.Command, c.Authority = canon.Key32(public), Harmless, s.Signer.PublicKey()
	made, err := s.Signer.Sign(c.Unsigned())
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePublicKey(made)
	if err != nil {
		return nil, err
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok {
		return nil, errors.New("the CA made no certificate")
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	return ssh.NewCertSigner(certificate, signer)
}

// handshake logs in and runs the harmless command. Only a login that succeeds
// is accepted, and only the host's own refusal of the key, after its host key
// was found right, is refused.
func handshake(conn net.Conn, lease provider.Lease, signers []ssh.Signer) access.Answer {
	reached := false
	config := &ssh.ClientConfig{
		User: lease.User,
		Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			reached = true // the host key was right and the host asks who we are
			return signers, nil
		})},
		HostKeyCallback:   hostKey(lease.Host),
		HostKeyAlgorithms: algorithms(lease.Host),
		ClientVersion:     "SSH-2.0-halligan-probe",
		Timeout:           loginLongest,
	}
	sound := &watched{Conn: conn}
	inner, channels, requests, err := ssh.NewClientConn(sound, lease.Host.Address, config)
	if err != nil {
		if reached && !sound.broke.Load() {
			return access.Refused
		}
		return access.Unreachable
	}
	client := ssh.NewClient(inner, channels, requests)
	defer client.Close()
	return access.Accepted
}

// watched remembers whether the connection failed before we closed it, so that a
// login that came to nothing on a sound connection is known to be the host's
// refusal.
type watched struct {
	net.Conn
	closed, broke atomic.Bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.note(err)
	return n, err
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.note(err)
	return n, err
}

func (w *watched) note(err error) {
	if err != nil && !w.closed.Load() {
		w.broke.Store(true)
	}
}

// Close is called by the protocol as soon as it gives up.
func (w *watched) Close() error {
	w.closed.Store(true)
	return w.Conn.Close()
}

func hostKey(host provider.Host) ssh.HostKeyCallback {
	return func(_ string, _ net.Addr, offered ssh.PublicKey) error {
		for _, key := range parse(host) {
			if slices.Equal(key.Marshal(), offered.Marshal()) {
				return nil
			}
		}
		return fmt.Errorf("host %s shows a key that is not one of its keys", host.ID)
	}
}

func algorithms(host provider.Host) []string {
	var names []string
	for _, key := range parse(host) {
		if key.Type() == ssh.KeyAlgoRSA {
			names = append(names, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		names = append(names, key.Type())
	}
	return names
}

func parse(host provider.Host) []ssh.PublicKey {
	var keys []ssh.PublicKey
	for _, line := range host.Keys {
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}
