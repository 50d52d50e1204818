package e2e_test

import (
	"context"
	mathrand "math/rand/v2"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// report is one of the town's host, or now and then of one that there is not.
func (s *scribe) report() ([]byte, error) {
	if mathrand.IntN(6) == 0 {
		return s.reportOf("db9")
	}
	return s.reportOf("db1")
}

// reportOf is a report with nothing in it, signed with the key of the town's host.
func (s *scribe) reportOf(host string) ([]byte, error) {
	s.mu.Lock()
	s.number++
	number := s.number
	s.mu.Unlock()
	now := time.Now().UTC().Truncate(time.Millisecond)
	data, err := revocation.Report{Origin: origin, Host: host, Sequence: number, ListedAt: now, List: revocation.ListRef{Number: 0, At: now}}.Bytes()
	if err != nil {
		return nil, err
	}
	key, err := client.OpenSigner(s.wire.town.path("host", "report"), nil)
	if err != nil {
		return nil, err
	}
	blob, err := key.Sign(context.Background(), sshsig.Namespace("report"), data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Report    jsontext.Value `json:"report"`
		Signature []byte         `json:"signature"`
	}{data, blob})
}

// stranger is a key that is nobody's.
func (s *scribe) stranger() (client.Signer, error) {
	file := s.wire.town.path("stranger", "key")
	if err := makeKey(file); err != nil {
		return nil, err
	}
	return client.OpenSigner(file, nil)
}
