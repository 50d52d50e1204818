package alert_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/alert"
)

func unverified() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

func TestAddressesAreJudged(t *testing.T) {
	const never, public, own = 0, 1, 2 // for whom an address is allowed
	for text, want := range map[string]int{
		"192.0.2.1":              public,
		"10.1.2.3":               public, // pager gateways live on private networks
		"172.16.0.1":             public,
		"192.168.1.1":            public,
		"100.64.0.1":             public,
		"2001:db8::1":            public,
		"fd12:3456::1":           public,
		"::ffff:192.0.2.1":       public,
		"64:ff9b::192.0.2.1":     public,
		"127.0.0.1":              own,
		"127.255.255.254":        own,
		"::1":                    own,
		"::ffff:127.0.0.1":       own,
		"0.0.0.0":                never,
		"0.1.2.3":                never,
		"::":                     never,
		"169.254.169.254":        never,
		"169.254.170.2":          never,
		"::ffff:169.254.169.254": never,
		"::169.254.169.254":      never,
		"64:ff9b::169.254.0.1":   never,
		"64:ff9b::127.0.0.1":     never,
		"64:ff9b:1::1":           never,
		"2002:a9fe:a9fe::1":      never,
		"fd00:ec2::254":          never,
		"fd20:ce::254":           never,
		"100.100.100.200":        never,
		"168.63.129.16":          never,
		"192.0.0.192":            never,
		"fe80::1":                never,
		"fe80::1%eth0":           never,
		"::1%lo":                 never,
		"fec0::1":                never,
		"224.0.0.1":              never,
		"ff02::1":                never,
		"255.255.255.255":        never,
		"240.0.0.1":              never,
	} {
		address := netip.MustParseAddr(text)
		if got := alert.Allowed(address, false); got != (want == public) {
			t.Errorf("%s for an address elsewhere: %t", text, got)
		}
		if got := alert.Allowed(address, true); got != (want == own) {
			t.Errorf("%s for an address on this machine: %t", text, got)
		}
	}
	if alert.Allowed(netip.Addr{}, false) || alert.Allowed(netip.Addr{}, true) {
		t.Error("no address is allowed")
	}
}

// T70: what a name is resolved to counts, at the moment of dialling.
func TestANameThatLeadsToThisMachineIsNotDialled(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	// The name is written so that configuration does not take it for this machine.
	if u := undelivered(t, t.Context(), channel(t, "https://LOCALHOST"+port, server.Client())); u.Class != alert.Forbidden {
		t.Error(u)
	}
}

func TestMetadataServicesAreNotDialled(t *testing.T) {
	for _, address := range []string{
		"https://169.254.169.254/latest/meta-data", "https://[::ffff:169.254.169.254]", "https://[fd00:ec2::254]",
		"https://0.0.0.0", "https://[::]", "https://[fe80::1%25lo]",
	} {
		if u := undelivered(t, t.Context(), channel(t, address, nil)); u.Class != alert.Forbidden || u.Permanent {
			t.Errorf("%s: %v", address, u)
		}
	}
}
