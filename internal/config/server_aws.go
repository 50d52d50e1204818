package config

import (
	"net/url"
	"strings"
)

// awsServerFile is what a server needs to know of AWS beside the cell.
type awsServerFile struct {
	Mark
	Endpoints table[word] `yaml:"endpoints"`
}

func (*awsServerFile) instead() map[string]string {
	const cell = "write it under aws of " + CellFile + ": it is signed"
	return map[string]string{"issuers": cell, "keys": cell, "accounts": cell, "organization": cell, "identity_center": cell}
}

func (*awsServerFile) planned() []string { return []string{"kms", "second", "access_key_id"} }

// endpointKinds are the services whose address may be another than AWS's own, as
// provider/aws has them.
var endpointKinds = []string{"events", "iam", "organizations", "probe", "signin", "sns", "sso", "ssm", "sts"}

// endpoints reads other addresses of AWS's services. Tokens travel to them.
func (s *serverFacts) endpoints() {
	for _, e := range s.file.AWS.Endpoints {
		known := false
		for _, kind := range endpointKinds {
			known = known || kind == e.key.text
		}
		if !known {
			s.errorf(e.key.at, nearest(e.key.text, endpointKinds, "known here: "), "%s is no service that has an endpoint here", show(e.key.text))
			continue
		}
		if !s.endpoint(e.value) {
			continue
		}
		if s.out.Endpoints == nil {
			s.out.Endpoints = map[string]string{}
		}
		s.out.Endpoints[e.key.text] = e.value.text
	}
}

func (s *serverFacts) endpoint(w word) bool {
	const mend = "write https:// and the host of your VPC endpoint; {region} may stand in it, and of probe {service}"
	if w.text == "" {
		return false
	}
	u, err := url.Parse(strings.NewReplacer("{region}", "region", "{service}", "service").Replace(w.text))
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		s.errorf(w.at, mend, "%s is not the address of an endpoint", show(w.text))
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		s.errorf(w.at, mend, "what goes to %s opens accounts, and would travel in the clear", show(w.text))
	default:
		return true
	}
	return false
}
