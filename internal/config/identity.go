package config

import (
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/roster"
)

// identityFile is who a person is to an identity provider.
type identityFile struct {
	Mark
	Issuer  word `yaml:"issuer,required"`
	Subject word `yaml:"subject,required" mend:"write the sub claim that the provider gives this person: whoever signs in without being known is told it"`
}

// providerFile is where people may sign in to read.
type providerFile struct {
	Mark
	Issuer           word   `yaml:"issuer,required"`
	ClientID         word   `yaml:"client_id,required"`
	ClientSecretFile word   `yaml:"client_secret_file"`
	Name             word   `yaml:"name"`
	Hosts            []word `yaml:"hosts"`
	CA               word   `yaml:"ca"`
	Pages            word   `yaml:"pages"`
}

func (*providerFile) planned() []string {
	return []string{"scopes", "groups_claim", "acr_values", "proxy"}
}

// Provider is the identity provider that people may sign in at, to read.
type Provider struct {
	Issuer   string
	ClientID string
	Secret   Secret
	Name     string         // as people call it
	Hosts    []string       // host or host:port, beside the issuer's, that keys and tokens may come from
	Roots    *x509.CertPool // nil: those of the system
	Pages    string         // where browsers reach the pages, such as https://halligan.example.com:7878; empty: by the cell's name and the port of Listen
}

const (
	providerMend = "write it as the provider's own discovery document has it, such as https://login.example.com"
	hostsMost    = 8
)

// identitiesOf reads who a person is to identity providers, and claims each for them.
func identitiesOf(f *findings, p personFile, claimed map[roster.Identity]string) (all []roster.Identity) {
	if n := len(p.OIDC); n > roster.IdentitiesMost {
		f.errorf(p.ID.at, "take out those that are not used", "person %s has %d identities, at most %d", p.ID.text, n, roster.IdentitiesMost)
	}
	for _, file := range p.OIDC {
		identity := roster.Identity{Issuer: file.Issuer.text, Subject: file.Subject.text}
		if identity.Issuer == "" || identity.Subject == "" {
			continue
		}
		if roster.CheckIssuer(identity.Issuer) != nil {
			f.errorf(file.Issuer.at, providerMend, "%s is not an issuer", show(identity.Issuer))
			continue
		}
		if err := identity.Check(); err != nil {
			f.errorf(file.Subject.at, "write the sub claim as it is, which is rarely a mail address", "%v", err)
			continue
		}
		if other, taken := claimed[identity]; taken {
			f.errorf(file.Subject.at, "one identity is one human's: take one of them out", "subject %s of %s is also person %s", show(identity.Subject), show(identity.Issuer), other)
			continue
		}
		claimed[identity] = p.ID.text
		all = append(all, identity)
	}
	slices.SortFunc(all, func(a, b roster.Identity) int {
		return strings.Compare(a.Issuer+"\n"+a.Subject, b.Issuer+"\n"+b.Subject)
	})
	return all
}

// provider reads where people sign in to read.
func (s *serverFacts) provider() {
	p := s.file.OIDC
	if p.Issuer.text == "" || p.ClientID.text == "" {
		return
	}
	out := Provider{Issuer: p.Issuer.text, ClientID: p.ClientID.text, Name: p.Name.text}
	if out.Name == "" {
		out.Name = "your identity provider"
	}
	if roster.CheckIssuer(out.Issuer) != nil {
		s.errorf(p.Issuer.at, providerMend, "%s is not an issuer", show(out.Issuer))
	}
	for _, w := range []word{p.ClientID, p.Name} {
		if !oneLine(w.text) || len(w.text) > 255 {
			s.errorf(w.at, "write it in one line, of at most 255 bytes", "holds control characters, or is too long")
		}
	}
	if len(p.Hosts) > hostsMost {
		s.errorf(p.key("hosts"), "name those that the discovery document does", "hosts: at most %d, has %d", hostsMost, len(p.Hosts))
	}
	for _, w := range p.Hosts {
		if host, port, err := net.SplitHostPort(w.text); plainHost(w.text) || err == nil && plainHost(host) && strings.Trim(port, "0123456789") == "" && port != "" {
			out.Hosts = append(out.Hosts, strings.ToLower(w.text))
			continue
		}
		s.errorf(w.at, "write a host name, or host:port, such as keys.example.com", "%s is not a host", show(w.text))
	}
	if p.ClientSecretFile.text != "" {
		out.Secret = s.authorization(p.ClientSecretFile)
	}
	if p.CA.text != "" {
		out.Roots = s.roots(p.CA)
	}
	if out.Pages = strings.TrimSuffix(p.Pages.text, "/"); out.Pages != "" {
		if u, err := url.Parse(out.Pages); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			s.errorf(p.Pages.at, "write what stands before the first path in the browser, such as https://halligan.example.com", "%s is not where pages are", show(out.Pages))
		}
	}
	s.out.OIDC = &out
}

// plainHost tells whether a text is the name of a host, without a port.
func plainHost(text string) bool {
	return text != "" && len(text) <= 253 && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// roots reads the authorities whose certificates a provider of one's own shows.
func (s *serverFacts) roots(w word) *x509.CertPool {
	data, err := os.ReadFile(s.path(w, ""))
	if err != nil {
		s.errorf(w.at, fileMend, "cannot open %s: %v", show(w.text), reason(err))
		return nil
	}
	pool := x509.NewCertPool()
	if len(data) > secretMost || !pool.AppendCertsFromPEM(data) {
		s.errorf(w.at, "name a PEM file with the certificates of the provider's authority", "%s holds no certificate, or is too large", show(w.text))
		return nil
	}
	return pool
}

// checkProvider compares the provider with the identities of people.
func (s *serverFacts) checkProvider(f *findings, people []personFile) {
	issuer, someone := s.file.OIDC.Issuer.text, false
	for _, p := range people {
		for _, identity := range p.OIDC {
			someone = someone || identity.Issuer.text == issuer
			if given := identity.Issuer.text; given != "" && given != issuer {
				f.warnf(identity.Issuer.at, "name it under oidc in "+ServerFile+", spelled the same to the byte", "nobody can sign in at %s: the server asks %s", show(given), orNobody(issuer))
			}
		}
	}
	if issuer != "" && !someone {
		f.warnf(s.file.OIDC.Issuer.at, "give people an oidc with this issuer and their subject in "+CellFile, "nobody in the cell has an identity at %s: whoever signs in there is refused", show(issuer))
	}
}

func orNobody(issuer string) string {
	if issuer == "" {
		return "nobody"
	}
	return show(issuer)
}
