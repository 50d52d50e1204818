package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// How often the files are looked at, and how often it is asked whether a local
// certificate is due.
const (
	lookEvery  = 5 * time.Second
	renewEvery = time.Hour
)

// Files are where a certificate and its key lie. Local is set when the server has
// them issued by its own authority; nil, they were given.
type Files struct {
	Cert, Key string
	Local     *Local
}

// Shown is the certificate that a server shows now. Its methods may be called
// concurrently.
type Shown struct {
	files Files
	log   *slog.Logger
	now   func() time.Time
	state atomic.Pointer[shown]

	// Of Run alone.
	taken    [2]stamp // of the files that are shown
	refused  [2]stamp // of those that were said to be bad
	seen     [2]stamp // at the last look
	unissued string   // why the authority could not renew; said once
}

// shown is what connections get, and why newer files are not.
type shown struct {
	pair    *tls.Certificate
	trouble string
}

// stamp tells one state of a file from another.
type stamp struct {
	when time.Time
	size int64
	file uint64
}

// Open reads the certificate. A local one that is due is renewed first.
func Open(files Files, log *slog.Logger, now func() time.Time) (*Shown, error) {
	s := &Shown{files: files, log: log, now: now}
	s.seen = s.stamps()
	pair, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("cannot use the server's certificate: %w", err)
	}
	s.taken = s.seen
	s.state.Store(&shown{pair: pair})
	s.renew()
	s.reload(s.stamps())
	return s, nil
}

// TLS is how the server speaks: TLS 1.3 alone, with the library's own ciphers and
// tickets, HTTP/2 first.
func (s *Shown) TLS() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.state.Load().pair, nil },
		MinVersion:     tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"},
	}
}

// Ends is when the certificate that is shown is over.
func (s *Shown) Ends() time.Time { return s.state.Load().pair.Leaf.NotAfter }

// Trouble is why a newer certificate is not shown; empty when there is none.
func (s *Shown) Trouble() string { return s.state.Load().trouble }

// Given tells whether somebody else issued the certificate: no authority of ours,
// and not the server's own signature.
func (s *Shown) Given() bool { return s.files.Local == nil }

// Run looks at the files until the context ends: a local certificate is renewed
// well before its end, and files that changed are shown from then on.
func (s *Shown) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	due := time.NewTicker(renewEvery)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			s.renew()
		case <-tick.C:
			s.reload(s.stamps())
		}
	}
}

// renew has the local authority issue the certificate anew when that is due. A
// failure leaves what is shown, and is tried again.
func (s *Shown) renew() {
	if s.files.Local == nil || !s.files.Local.There() {
		return
	}
	now := s.now()
	due, err := s.files.Local.due(s.state.Load().pair.Leaf, now)
	if err == nil && due {
		if err = s.files.Local.Issue(now); err == nil {
			s.log.Info("the server's certificate was renewed over the same key")
		}
	}
	if err != nil {
		if s.unissued != err.Error() {
			s.log.Error("the local authority cannot renew the server's certificate", "error", err)
		}
		s.unissued = err.Error()
		s.tell("the local authority cannot renew it: the server's log says why")
		return
	}
	if s.unissued != "" {
		s.unissued = ""
		s.tell("")
	}
}

func (s *Shown) tell(trouble string) {
	s.state.Store(&shown{pair: s.state.Load().pair, trouble: trouble})
}

// reload shows the files as they are now. Files that changed since the last look
// may be half of a pair: they are called bad only when they stay as they are.
func (s *Shown) reload(at [2]stamp) {
	settled := at == s.seen
	s.seen = at
	if at == s.taken || at == s.refused {
		return
	}
	pair, err := s.read()
	switch {
	case err == nil:
		s.taken, s.refused = at, [2]stamp{}
		s.state.Store(&shown{pair: pair})
		s.log.Info("another certificate is shown from now on", "until", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case settled:
		s.refused = at
		s.log.Error("the new certificate is refused, and the old one goes on being shown", "error", err)
		s.tell("the new files are refused: " + err.Error())
	}
}

var (
	errOver  = errors.New("the new certificate is over, or not valid yet; the clock or the file is wrong")
	errOther = errors.New("it is over another key, which no profile and no host pins: renew it over the same key, or start the server anew to give everybody another pin")
)

// read reads the files. What would lock out whoever comes now is an error: a
// certificate that is over, and another key than the one that is pinned.
func (s *Shown) read() (*tls.Certificate, error) {
	cert, err := readFile(s.files.Cert)
	if err != nil {
		return nil, err
	}
	key, err := readPrivate(s.files.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s are not a certificate and its key", s.files.Cert, s.files.Key) // the error could quote the key
	}
	if before := s.state.Load(); before != nil {
		now := s.now()
		switch {
		case Pin(pair.Leaf) != Pin(before.pair.Leaf):
			return nil, errOther
		case now.After(pair.Leaf.NotAfter) || now.Before(pair.Leaf.NotBefore):
			return nil, errOver
		}
	}
	return &pair, nil
}

func (s *Shown) stamps() (at [2]stamp) {
	for i, path := range []string{s.files.Cert, s.files.Key} {
		if info, err := os.Stat(path); err == nil {
			at[i] = stamp{when: info.ModTime(), size: info.Size(), file: number(info)}
		}
	}
	return at
}
