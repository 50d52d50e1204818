package server_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/server"
)

// still is a broker whose time a test moves.
type still struct{ at time.Time }

func (s *still) Now() canon.Time { return canon.At(s.at) }
func (s *still) Effect(context.Context, cell.Effect, cell.Observed) (broker.Answer, error) {
	return broker.Answer{}, errors.New("no task waits")
}

// TestReportsOfLongAgoShowNobody: reports stand in entries, so that everybody of
// the cell can send one again. That must not make a dead host look alive.
func TestReportsOfLongAgoShowNobody(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now, genesis := &still{begun}, celltest.Genesis()
	hosts := server.HostsOf(&genesis, now)
	first, other := report(t, "db-1", "report db-1", begun, 1), report(t, "db-1", "report db-1", begun, 2)
	send := func(h interface {
		Report(context.Context, api.Report) error
	}, r signed) error {
		return h.Report(context.Background(), api.Report{Bytes: r.data, Signature: r.signature})
	}
	must(t, send(hosts, first))
	now.at = begun.Add(time.Minute)
	must(t, send(hosts, first))
	if at := hosts.Heard()["db-1"]; at != canon.At(begun) {
		t.Errorf("the same report again: heard at %s", at)
	}
	must(t, send(hosts, other))
	if at := hosts.Heard()["db-1"]; at != canon.At(now.at) {
		t.Errorf("a new report: heard at %s", at)
	}
	now.at = begun.Add(time.Hour)
	restarted := server.HostsOf(&genesis, now)
	must(t, send(restarted, other))
	if at, heard := restarted.Heard()["db-1"]; heard {
		t.Errorf("a report of an hour ago, after a restart: heard at %s", at)
	}
	var refusal *cell.Refusal
	if err := send(restarted, report(t, "db-2", "report db-1", now.at, 3)); !errors.As(err, &refusal) {
		t.Errorf("a host speaks for another: %v", err)
	}
	if len(restarted.Heard()) != 0 {
		t.Errorf("heard %v", restarted.Heard())
	}
}

type signed struct{ data, signature []byte }

// report is one of a host over a list of an instant, signed with the key of a name.
func report(t *testing.T, host, key string, at time.Time, sequence int64) signed {
	t.Helper()
	data, err := revocation.Report{
		Origin: celltest.Origin, Host: host, List: revocation.ListRef{At: at}, ListedAt: at, Sequence: sequence,
	}.Bytes()
	must(t, err)
	signer, err := ssh.NewSignerFromKey(celltest.Key(key))
	must(t, err)
	blob, err := sshsig.Sign(signer, sshsig.Namespace("report"), data)
	must(t, err)
	return signed{data, blob}
}
