package client

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

const (
	profileVersion = "v1"
	profileLimit   = 64 << 10
)

// Profile is what a person's machine pins of a cell. Nothing in it is secret.
type Profile struct {
	URL       string // https://host:port
	ServerKey string // hexadecimal SHA-256 of the server's public key (SPKI)
	Anchor    ledger.Anchor
	Person    string // roster id
	Key       string // what OpenSigner is given; empty: whatever key of theirs ssh-agent holds
}

// profileFile is a profile on disk.
type profileFile struct {
	Profile   string         `json:"profile"`
	URL       string         `json:"url"`
	ServerKey string         `json:"server_key"`
	Anchor    jsontext.Value `json:"anchor"`
	Person    string         `json:"person"`
	Key       string         `json:"key,omitempty"`
}

// LoadProfile reads a profile, strictly.
func LoadProfile(path string) (Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Profile{}, fmt.Errorf("cannot read the profile: %w", err)
	}
	p, err := DecodeProfile(data)
	if err != nil {
		return Profile{}, fmt.Errorf("cannot use the profile %s: %w", path, err)
	}
	return p, nil
}

// DecodeProfile reads the bytes of a profile: members that are unknown, missing
// or doubled are errors. People may edit it, so white space does not matter.
func DecodeProfile(data []byte) (Profile, error) {
	if len(data) > profileLimit {
		return Profile{}, fmt.Errorf("%w: %d bytes, at most %d", canon.ErrTooLong, len(data), profileLimit)
	}
	var f profileFile
	if err := json.Unmarshal(data, &f, json.RejectUnknownMembers(true)); err != nil {
		return Profile{}, err
	}
	if f.Profile != profileVersion {
		return Profile{}, fmt.Errorf("profile: version %q is not supported by this version", f.Profile)
	}
	if len(f.Anchor) == 0 {
		return Profile{}, errors.New("anchor: must be there")
	}
	if err := f.Anchor.Canonicalize(); err != nil {
		return Profile{}, fmt.Errorf("anchor: %w", err)
	}
	anchor, err := ledger.DecodeAnchor(f.Anchor)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{URL: f.URL, ServerKey: f.ServerKey, Anchor: anchor, Person: f.Person, Key: f.Key}
	return p, p.check()
}

// ServerKey is what a profile pins of a server's certificate: the SHA-256 of
// its public key (SPKI), hexadecimal. It stays when the certificate is renewed
// over the same key.
func ServerKey(certificate *x509.Certificate) string {
	return canon.Sum(certificate.RawSubjectPublicKeyInfo).String()
}

// Save writes a profile, whole or not at all.
func (p Profile) Save(path string) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("cannot write the profile: %w", err)
	}
	anchor, err := p.Anchor.Encode()
	if err != nil {
		return fmt.Errorf("cannot write the profile: %w", err)
	}
	data := canon.MustEncode(profileFile{profileVersion, p.URL, p.ServerKey, anchor, p.Person, p.Key})
	if err := writeFile(path, data, 0o644); err != nil {
		return fmt.Errorf("cannot write the profile: %w", err)
	}
	return nil
}

func (p Profile) check() error {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("url: %q is not an address such as https://halligan.example.com:7878", p.URL)
	}
	if _, err := canon.ParseDigest(p.ServerKey); err != nil {
		return errors.New("server_key: must be the 64 hexadecimal digits that halligan init seal wrote")
	}
	if err := canon.CheckID(p.Person); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	return nil
}

// writeFile writes a file whole or not at all.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
