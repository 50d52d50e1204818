package cli

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// tlsCommand is about the certificate that the server shows to browsers. It is
// called as the key of server.yaml and the files are; nothing in it trusts anything
// for anybody.
type tlsCommand struct {
	Show      tlsShowCommand      `cmd:"" help:"Say which certificate the server of a folder shows, and until when."`
	Trust     tlsTrustCommand     `cmd:"" help:"Print the server's local authority, and how to have a phone or browser trust it, and how to undo that."`
	Authority tlsAuthorityCommand `cmd:"" help:"Make the local authority of a cell that was begun without one."`
}

type tlsShowCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
}

// Help is the long help of `tls show`.
func (tlsShowCommand) Help() string {
	return `On the server's machine. The key is what profiles and hosts pin: they look at nothing else of a certificate. A certificate of the local authority is valid for 45 days; the running server renews it over the same key when 30 are left.

Examples:

    halligan tls show /srv/halligan`
}

// shownCertificate is what tls show and tls authority tell.
type shownCertificate struct {
	Names     []string   `json:"names"`
	Until     canon.Time `json:"until"`
	Days      int        `json:"days"`
	Issuer    string     `json:"issuer"` // local, given, self
	ServerKey string     `json:"server_key"`
	SHA256    string     `json:"authority_sha256,omitempty"`
}

// Run tells.
func (t tlsShowCommand) Run(c *call) error {
	settings, _, err := config.LoadServer(filepath.Join(t.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	return c.showCertificate(settings)
}

func (c *call) showCertificate(settings config.Server) error {
	s, err := server.CertificateOf(settings)
	if err != nil {
		return because(exitUsage, err, "")
	}
	until := canon.At(s.Until)
	out := shownCertificate{Names: s.Names, Until: until, Days: int(s.Until.Sub(c.now()).Hours() / 24), Issuer: s.Issuer, ServerKey: s.ServerKey, SHA256: s.Authority}
	return c.answer(out, func() {
		c.say("certificate for %s", both(s.Names))
		c.say("until %s, in %s", clock(until, canon.Time{}), count(out.Days, "day"))
		c.say("key, as profiles and hosts pin it: %s", s.ServerKey)
		switch s.Issuer {
		case server.IssuerLocal:
			c.say("local authority, SHA-256: %s", s.Authority)
			c.say("The running server renews the certificate over the same key. halligan tls trust says how browsers come to trust it.")
		case server.IssuerGiven:
			c.say("It was given, by tls: of server.yaml. Put a newer one over the same key in its place, and it is shown within seconds.")
		default:
			c.say("It signed itself: browsers refuse it, and passkeys with it. halligan tls authority makes a local authority; pins stay valid.")
		}
	})
}

// cellOf is the settings of a folder, and the name of its cell.
func cellOf(folder string) (config.Server, string, error) {
	settings, _, err := config.LoadServer(filepath.Join(folder, config.ServerFile))
	if err != nil {
		return settings, "", broken(err)
	}
	if anchor, err := anchorOf(folder); err == nil {
		return settings, anchor.Origin, nil // whatever its files say while somebody edits them
	}
	bundle, _, err := compile(folder)
	return settings, bundle.Genesis.Origin, err
}

type tlsAuthorityCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
}

// Help is the long help of `tls authority`.
func (tlsAuthorityCommand) Help() string {
	return `On the server's machine, as whoever runs the server, while it runs or not. Writes the authority's key and certificate beside the other keys, and has it issue the server's certificate over the key that is there: profiles, hosts and what they pin stay as they are, and a running server shows it within seconds. halligan init does this for new cells. The authority can sign for the cell's name and this machine alone.

Examples:

    halligan tls authority /srv/halligan`
}

// Run makes it.
func (t tlsAuthorityCommand) Run(c *call) error {
	settings, name, err := cellOf(t.Folder)
	if err != nil {
		return err
	}
	if settings.TLS.Cert != "" {
		return failf(exitUsage, "the server shows the certificate that tls: of server.yaml names, and needs no authority of its own").or("take tls: out of server.yaml first, if you mean it; profiles pin the key of that certificate")
	}
	if err := server.MakeAuthority(settings, name, c.now()); errors.Is(err, server.ErrAuthorityThere) {
		return failf(exitUsage, "%s has a local authority already", t.Folder).or("halligan tls trust %s prints it", shellQuoted(t.Folder))
	} else if err != nil {
		return because(exitInternal, err, "").or("run it as whoever runs the server, on its machine")
	}
	return c.showCertificate(settings)
}

type tlsTrustCommand struct {
	Folder string `arg:"" optional:"" help:"Where the cell lives, on the server's machine. Default: ask the server of the profile, whose pinned key vouches for the answer."`
	profileFlags
}

// Help is the long help of `tls trust`.
func (tlsTrustCommand) Help() string {
	return `Changes nothing: it prints the authority's certificate on stdout, and its SHA-256 and the steps beside it. Whoever trusts it trusts this server's folder of keys for the cell's name, and for nothing else. Compare the SHA-256 on the device with what is printed here before you say yes there. What is read by the profile comes over the key that the profile pins. No key is needed.

Examples:

    halligan tls trust > authority.crt
    halligan tls trust /srv/halligan > authority.crt`
}

// Run prints.
func (t tlsTrustCommand) Run(c *call) error {
	authority, err := t.authority(c)
	if err != nil {
		return err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}))
	out := struct {
		Certificate string     `json:"certificate"`
		SHA256      string     `json:"sha256"`
		Subject     string     `json:"subject"`
		For         []string   `json:"for"`
		Until       canon.Time `json:"until"`
		Trust       []device   `json:"trust"`
	}{text, server.Fingerprint(authority), authority.Subject.CommonName, authority.PermittedDNSDomains, canon.At(authority.NotAfter), trustSteps}
	return c.answer(out, func() {
		c.say("%s", text[:len(text)-1])
		c.tell("%s, for %s, until %s", line(out.Subject), both(out.For), authority.NotAfter.UTC().Format(time.DateOnly))
		c.tell("SHA-256  %s", out.SHA256)
		c.tell("Keep what is on stdout as authority.crt, compare the SHA-256 on the device, then:")
		for _, s := range trustSteps {
			c.tell("  %s\n    trust:  %s\n    remove: %s", s.On, s.Trust, s.Remove)
		}
	})
}

func (t tlsTrustCommand) authority(c *call) (*x509.Certificate, error) {
	const mend = "on the server: halligan tls authority makes one for a cell that was begun without; a certificate from elsewhere (tls: of server.yaml) needs none"
	if t.Folder != "" {
		settings, _, err := config.LoadServer(filepath.Join(t.Folder, config.ServerFile))
		if err != nil {
			return nil, broken(err)
		}
		authority, err := server.AuthorityOf(settings)
		if err != nil {
			return nil, because(exitUsage, err, "%s has no local authority", t.Folder).or(mend)
		}
		return authority, nil
	}
	m, err := c.reader(t.profileFlags)
	if err != nil {
		return nil, err
	}
	authority, err := m.way.client.Authority(c.ctx)
	if errors.Is(err, client.ErrNoAuthority) {
		return nil, because(exitUsage, err, "").or(mend)
	}
	return authority, err
}
