package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/disk"
)

// The files of a keys folder. None of their keys ever leaves it.
const (
	File             = "tls.crt" // what is shown: the certificate, then its authority's
	KeyFile          = "tls.key" // whose public half profiles and hosts pin
	AuthorityFile    = "tls_authority.crt"
	AuthorityKeyFile = "tls_authority.key"
)

// How long certificates are valid. A phone refuses one of over 825 days; a short
// one bounds what a copy of an old disk is good for.
const (
	authorityValid = 10 * 365 * 24 * time.Hour
	localValid     = 45 * 24 * time.Hour
	renewBefore    = 30 * 24 * time.Hour // so that two weeks of trouble come before the first finding
	backdated      = time.Hour           // clocks of phones differ
)

// Local is the local authority of a cell and the certificate that it issues, in
// the folder of the server's keys.
type Local struct {
	Folder string
	Host   string // that the server listens on; empty, or any address: none
}

// ErrThere says that a folder has a local authority already.
var ErrThere = errors.New("there is a local authority already")

// There tells whether a folder has an authority. One without its certificate was
// never finished, and has issued nothing.
func (l Local) There() bool {
	_, err := os.Stat(l.path(AuthorityFile))
	return err == nil
}

// Authority reads the authority's certificate.
func (l Local) Authority() (*x509.Certificate, error) { return readCertificate(l.path(AuthorityFile)) }

func (l Local) path(name string) string { return filepath.Join(l.Folder, name) }

// Begin makes an authority, and has it issue the server's certificate: over the
// server's key if there is one, so that pins stay valid, else over a new one. It
// fails with ErrThere rather than make a second authority: devices trust the first.
// Name is the cell's, which the authority holds from then on.
func (l Local) Begin(name string, now time.Time) error {
	if l.There() {
		return ErrThere
	}
	for _, file := range []string{KeyFile, AuthorityKeyFile} {
		if err := l.makeKey(file); err != nil {
			return fmt.Errorf("cannot make the local authority: %w", err)
		}
	}
	made, err := l.makeAuthority(name, now)
	if err == nil {
		err = disk.Create(l.path(AuthorityFile), encode("CERTIFICATE", made), 0o600)
	}
	// What if we crash here: the old certificate is shown, and the server
	// renews it under the new authority within the hour.
	if err != nil {
		return fmt.Errorf("cannot make the local authority: %w", err)
	}
	return l.Issue(now)
}

// makeKey makes a private key, unless an interrupted Begin or the first server
// left one.
func (l Local) makeKey(name string) error {
	if _, err := os.Lstat(l.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return disk.Create(l.path(name), encode("PRIVATE KEY", private), 0o600)
}

// makeAuthority signs an authority over its own key. It is good for this cell's
// name and this machine alone, so that whoever trusts it, and whoever steals it,
// has nothing for any other name.
func (l Local) makeAuthority(cell string, now time.Time) ([]byte, error) {
	key, err := readKey(l.path(AuthorityKeyFile))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: short("Halligan local authority of " + cell)},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(authorityValid),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{cell, "localhost"},
		PermittedIPRanges:           []*net.IPNet{network(net.IPv4(127, 0, 0, 0), 8), network(net.IPv6loopback, 128)},
	}
	if name, address := l.host(); address != nil {
		template.PermittedIPRanges = append(template.PermittedIPRanges, network(address, 8*len(shortest(address))))
	} else if name != "" {
		template.PermittedDNSDomains = append(template.PermittedDNSDomains, name)
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// Issue has the authority sign a new certificate over the server's key, and puts
// it in the place of the one that is shown.
func (l Local) Issue(now time.Time) error {
	authority, err := l.Authority()
	if err != nil {
		return err
	}
	signer, err := readKey(l.path(AuthorityKeyFile))
	if err != nil {
		return err
	}
	key, err := readKey(l.path(KeyFile))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: short(cellOf(authority))},
		NotBefore: now.Add(-backdated), NotAfter: earlier(now.Add(localValid), authority.NotAfter),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	template.DNSNames, template.IPAddresses = l.names(authority)
	made, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("cannot issue the server's certificate: %w", err)
	}
	// Theirs only when it is good for somebody who trusts the authority: never over
	// one that works.
	if err := verified(made, authority, now); err != nil {
		return fmt.Errorf("cannot issue the server's certificate: %w", err)
	}
	return disk.Replace(l.path(File), append(encode("CERTIFICATE", made), encode("CERTIFICATE", authority.Raw)...), 0o600)
}

// names are what a certificate is for: the cell's name, this machine by loopback,
// and the host that is listened on if the authority was made for it. One name more
// than the authority may sign would make the whole certificate worthless.
func (l Local) names(authority *x509.Certificate) (names []string, addresses []net.IP) {
	names, addresses = []string{cellOf(authority)}, []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}
	if names[0] != "localhost" {
		names = append(names, "localhost")
	}
	name, address := l.host()
	permitted := slices.ContainsFunc(authority.PermittedIPRanges, func(n *net.IPNet) bool { return address != nil && n.Contains(address) })
	if permitted && !slices.ContainsFunc(addresses, address.Equal) {
		addresses = append(addresses, address)
	}
	within := func(domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }
	if name != "" && !slices.Contains(names, name) && slices.ContainsFunc(authority.PermittedDNSDomains, within) {
		names = append(names, name)
	}
	return names, addresses
}

// cellOf is the cell's name, as its authority says it.
func cellOf(authority *x509.Certificate) string {
	if len(authority.PermittedDNSDomains) == 0 {
		return "" // not of ours: what it issues is good for nobody, and is refused
	}
	return authority.PermittedDNSDomains[0]
}

// host is the name or address that is listened on, if it is one.
func (l Local) host() (name string, address net.IP) {
	address = net.ParseIP(l.Host)
	switch {
	case l.Host == "" || address != nil && address.IsUnspecified():
		return "", nil
	case address != nil:
		return "", shortest(address)
	}
	return strings.ToLower(l.Host), nil
}

func verified(made []byte, authority *x509.Certificate, now time.Time) error {
	leaf, err := x509.ParseCertificate(made)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: cellOf(authority), CurrentTime: now})
	return err
}

// due tells whether the certificate that is shown is to be issued anew: it is near
// its end, was made before there was an authority or by another, or lacks a name.
func (l Local) due(leaf *x509.Certificate, now time.Time) (bool, error) {
	authority, err := l.Authority()
	if err != nil {
		return false, err
	}
	names, addresses := l.names(authority)
	lacks := slices.ContainsFunc(names, func(name string) bool { return leaf.VerifyHostname(name) != nil }) ||
		slices.ContainsFunc(addresses, func(address net.IP) bool { return leaf.VerifyHostname(address.String()) != nil })
	return lacks || leaf.CheckSignatureFrom(authority) != nil || leaf.NotAfter.Sub(now) < renewBefore && leaf.NotAfter.Before(authority.NotAfter), nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // crypto/rand never fails
	return n.Add(n, big.NewInt(1))
}

// short is a name as long as a subject may be (RFC 5280, ub-common-name). What
// counts stands in the alternative names.
func short(name string) string { return name[:min(len(name), 64)] }

func shortest(address net.IP) net.IP {
	if four := address.To4(); four != nil {
		return four
	}
	return address
}

func network(address net.IP, bits int) *net.IPNet {
	address = shortest(address)
	mask := net.CIDRMask(bits, 8*len(address))
	return &net.IPNet{IP: address.Mask(mask), Mask: mask}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
