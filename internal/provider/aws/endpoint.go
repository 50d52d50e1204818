package aws

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Endpoints are other addresses than AWS's public ones, by what they are of: sts,
// iam, ssm, sso, signin, events, sns, organizations, probe. In a URL {region} stands for the region, and for probe
// {service} for the service. Those of VPC endpoints look so; tests use loopback.
type Endpoints map[string]string

var endpointKinds = []string{"events", "iam", "organizations", "probe", "signin", "sns", "sso", "ssm", "sts"}

// CheckEndpoints refuses addresses that tokens must not go to: not https, unless
// they are of this machine.
func CheckEndpoints(e Endpoints) error {
	for kind, text := range e {
		if !slices.Contains(endpointKinds, kind) {
			return fmt.Errorf("aws endpoint %q is none of %s", kind, strings.Join(endpointKinds, ", "))
		}
		u, err := url.Parse(strings.NewReplacer("{region}", "region", "{service}", "service").Replace(text))
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			return fmt.Errorf("aws endpoint %s: want https://HOST, or http:// and an address of this machine; {region} may stand in it", kind)
		}
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// place is where a service is reached, and how its calls are signed.
type place struct{ url, region string }

// suffixes are the names below which the services of a partition answer, and the
// region that its IAM is signed for.
var suffixes = map[string]struct{ dns, iam, iamHost, console string }{
	"aws":        {"amazonaws.com", "us-east-1", "iam.amazonaws.com", "console.aws.amazon.com"},
	"aws-cn":     {"amazonaws.com.cn", "cn-north-1", "iam.cn-north-1.amazonaws.com.cn", "console.amazonaws.cn"},
	"aws-us-gov": {"amazonaws.com", "us-gov-west-1", "iam.us-gov.amazonaws.com", "console.amazonaws-us-gov.com"},
}

// at gives the place of a service that is called by its endpoint's kind.
func (a *AWS) at(kind string, r role, region string) place {
	return a.of(kind, kind, r, region)
}

// of gives the place of a service, whose address may be replaced under a kind.
func (a *AWS) of(kind, service string, r role, region string) place {
	known := suffixes[r.partition]
	p := place{region: region, url: "https://" + service + "." + region + "." + known.dns}
	switch service {
	case "iam":
		p = place{"https://" + known.iamHost, known.iam}
	case "organizations":
		p = place{"https://organizations." + known.iam + "." + known.dns, known.iam}
	case "signin":
		p.url = "https://" + region + ".signin.aws.amazon.com"
		if r.partition != "aws" {
			p.url = "https://" + strings.Replace(known.console, "console.", "signin.", 1)
		}
	}
	if other := a.Endpoints[kind]; other != "" {
		p.url = strings.TrimSuffix(strings.NewReplacer("{region}", p.region, "{service}", service).Replace(other), "/")
	}
	return p
}

// limited cuts off answers that are longer than any of AWS's.
type limited struct {
	next http.RoundTripper
	most int64 // bytes
}

// RoundTrip does what http.RoundTripper says.
func (l limited) RoundTrip(ask *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(ask)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > l.most {
		answer.Body.Close()
		return nil, errors.New("the answer is too long")
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, l.most), answer.Body}
	return answer, nil
}
