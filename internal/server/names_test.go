package server_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/config"
)

// TestT70ListeningEverywhere: a server that listens on every address knows its
// names all the same: a name that somebody else made point here gets nothing, and
// what server.yaml says reaches whoever checks it.
func TestT70ListeningEverywhere(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "127.0.0.1:0"} {
		r := runWith(t, func(s *config.Server) {
			s.Listen, s.Names = listen, []string{"door.example.com"}
			s.Proxies = config.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, Header: config.HeaderXForwardedFor}
		})
		_, port, err := net.SplitHostPort(r.at)
		must(t, err)
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		defer transport.CloseIdleConnections()
		for host, want := range map[string]int{
			celltest.Origin: 200, "door.example.com": 200, "DOOR.example.com:443": 200, "localhost:" + port: 200, "127.0.0.1:" + port: 200,
			"evil.example.org": 421, "door.example.com.evil.example.org": 421, "127.0.0.2": 421, "0.0.0.0": 421, "[::]": 421,
		} {
			req, err := http.NewRequest(http.MethodGet, "https://127.0.0.1:"+port+"/revocations", nil)
			must(t, err)
			req.Host = host
			resp, err := (&http.Client{Transport: transport}).Do(req)
			must(t, err)
			must(t, resp.Body.Close())
			if resp.StatusCode != want {
				t.Errorf("listening on %s, called %s: status %d, want %d", listen, host, resp.StatusCode, want)
			}
		}
	}
}
