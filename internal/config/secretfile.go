package config

import (
	"crypto/tls"
	"net/url"
	"os"
)

// secretMost is the length in bytes of the longest file that holds a secret.
const secretMost = 64 << 10

const fileMend = "name a file that the server can read; a path is seen from the folder of " + ServerFile

// readSecretFile reads a file that nobody but its owner may read. It does not
// follow a link in the last place, and refuses what is no regular file.
func (s *serverFacts) readSecretFile(w word) ([]byte, bool) {
	name := s.path(w, "")
	info, err := os.Lstat(name)
	if err != nil {
		s.errorf(w.at, fileMend, "cannot open %s: %v", show(w.text), reason(err))
		return nil, false
	}
	if !info.Mode().IsRegular() {
		s.errorf(w.at, "name the file itself, not a link to it", "%s is not a regular file", show(w.text))
		return nil, false
	}
	if info.Mode().Perm()&0o077 != 0 {
		s.errorf(w.at, "chmod 600 "+w.text+", and replace the secret if others could have read it", "%s can be read or written by others (mode %04o)", show(w.text), info.Mode().Perm())
		return nil, false
	}
	if info.Size() > secretMost {
		s.errorf(w.at, fileMend, "%s has %d bytes, at most %d", show(w.text), info.Size(), secretMost)
		return nil, false
	}
	data, err := os.ReadFile(name)
	if err != nil {
		s.errorf(w.at, fileMend, "cannot read %s: %v", show(w.text), reason(err))
		return nil, false
	}
	return data, true
}

func (s *serverFacts) tls() {
	t := s.file.TLS
	if t.Cert.text == "" || t.Key.text == "" {
		return
	}
	s.out.TLS = TLS{Cert: s.path(t.Cert, ""), Key: s.path(t.Key, "")}
	key, ok := s.readSecretFile(t.Key)
	if !ok {
		return
	}
	cert, err := os.ReadFile(s.out.TLS.Cert)
	if err != nil {
		s.errorf(t.Cert.at, fileMend, "cannot open %s: %v", show(t.Cert.text), reason(err))
		return
	}
	// The error could quote the key.
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		s.errorf(t.Cert.at, "name a PEM file with the certificate and its chain, and one with its key", "%s and %s are not a certificate and its key", show(t.Cert.text), show(t.Key.text))
	}
}

func (s *serverFacts) webhooks() {
	s.out.Webhooks = make(map[string]Webhook)
	for _, e := range s.file.Webhooks {
		if !idOf(s.findings, e.key) || e.value.URL.text == "" || e.value.SecretFile.text == "" {
			continue
		}
		s.checkURL(e.value.URL)
		data, ok := s.readSecretFile(e.value.SecretFile)
		if !ok {
			continue
		}
		secret, ok := decodeSecret(string(data))
		if !ok {
			s.errorf(e.value.SecretFile.at, `make one: printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64)"`, "%s does not hold whsec_ and 24 to 64 bytes in base64", show(e.value.SecretFile.text))
			continue
		}
		s.out.Webhooks[e.key.text] = Webhook{URL: e.value.URL.text, Secret: secret}
	}
}

// checkURL demands https, and lets alarms stay on this machine without it.
func (s *serverFacts) checkURL(w word) {
	const mend = "write https://, a host name and a path"
	u, err := url.Parse(w.text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		s.errorf(w.at, mend, "%s is not a URL", show(w.text))
	case u.User != nil:
		s.errorf(w.at, "put what the receiver must know into secret_file", "the URL holds a user name or password")
	case u.Fragment != "":
		s.errorf(w.at, mend, "the URL holds a fragment, which is never sent")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		s.errorf(w.at, mend, "alarms to %s would travel in the clear", show(w.text))
	}
}
