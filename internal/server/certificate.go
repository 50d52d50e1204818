package server

import (
	"crypto/x509"
	"time"

	"github.com/halligan-dev/halligan/internal/certificate"
	"github.com/halligan-dev/halligan/internal/config"
)

// ErrAuthorityThere is certificate.ErrThere.
var ErrAuthorityThere = certificate.ErrThere

// Who issued a certificate.
const (
	IssuerLocal = "local" // the cell's own authority
	IssuerGiven = "given" // somebody else: server.yaml names the files
	IssuerSelf  = "self"  // nobody: cells that were begun before there were local authorities
)

// Certificate is what the server of a folder shows, as its files are now.
type Certificate struct {
	Names     []string
	Until     time.Time
	Issuer    string
	ServerKey string
	Authority string // SHA-256 of the local authority's certificate; empty: none
}

// CertificateOf reads what a server shows.
func CertificateOf(settings config.Server) (Certificate, error) {
	files := CertificateFiles(settings)
	chain, err := certificate.ReadChain(files.Cert)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{Names: chain[0].DNSNames, Until: chain[0].NotAfter, Issuer: IssuerGiven, ServerKey: certificate.Pin(chain[0])}
	for _, address := range chain[0].IPAddresses {
		c.Names = append(c.Names, address.String())
	}
	if files.Local == nil {
		return c, nil
	}
	c.Issuer = IssuerSelf
	if authority, err := AuthorityOf(settings); err == nil && chain[0].CheckSignatureFrom(authority) == nil {
		c.Issuer, c.Authority = IssuerLocal, certificate.Fingerprint(authority)
	}
	return c, nil
}

// AuthorityOf reads the certificate of a cell's local authority.
func AuthorityOf(settings config.Server) (*x509.Certificate, error) {
	return localOf(settings).Authority()
}

// Fingerprint is a certificate's SHA-256 as phones and browsers show it.
func Fingerprint(c *x509.Certificate) string { return certificate.Fingerprint(c) }
