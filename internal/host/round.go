package host

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// reportEvery is the longest time without a report while servers take them.
const reportEvery = 30 * time.Second

// settling is how long after a new list every round is reported: that the door
// is shut is often proved a little later, and only a listing after that counts.
const settling = 10 * time.Minute

// Outcome is what one round saw and did.
type Outcome struct {
	List     revocation.List      // in force
	Sessions []revocation.Session // found after List was in force
	Ended    []revocation.Session
	Problems []string
	Reported bool // a server took a report of this round
	// Blind: the sessions, or the list in force, could not be read. The report
	// then says that there is more than it lists, so that it proves no end.
	Blind bool
}

// Run works in rounds until ctx is done. Trouble is logged and reported, never
// a reason to stop.
func (h *Host) Run(ctx context.Context) error {
	logged := ""
	for ctx.Err() == nil {
		out := h.round(ctx, false)
		if all := strings.Join(out.Problems, "\n"); all != logged {
			for _, p := range out.Problems {
				h.opts.Log.Warn(p)
			}
			logged = all
		}
		if wait(ctx, jitter(tick)) != nil {
			break
		}
	}
	return nil
}

// Once works one round, asks and reports whatever was sent before.
func (h *Host) Once(ctx context.Context) Outcome { return h.round(ctx, true) }

// round is the whole work, in the order that makes a report mean something:
//
//  1. sshd has a list that it can read;
//  2. the newest list is in force (new logins are refused from here on);
//  3. every session on it is ended;
//  4. what is left is listed: after 2, so that absence proves something;
//  5. the report says list and listing together.
//
// Without a server 1, 3 and 4 go on with the list that is there.
func (h *Host) round(ctx context.Context, now bool) Outcome {
	var out Outcome
	fail := func(err error) { out.Problems = append(out.Problems, err.Error()) }
	list, err := h.keep.ensure()
	if err != nil {
		fail(err)
		out.Blind, list = true, revocation.Empty(h.config.Origin)
	} else if now || h.pulls.ready(h.opts.Now()) {
		list, err = h.pull(ctx, list)
		h.pulls.did(err, h.opts.Now())
		h.pulled = err
	}
	if h.pulled != nil {
		fail(h.pulled) // it stays a problem until an attempt succeeds
	}
	out.List = list
	if list.Number != h.number {
		h.number, h.changed = list.Number, h.opts.Now()
	}
	ended, problems := h.end(ctx, list)
	h.ended = append(h.ended, ended...)
	out.Ended, out.Problems = ended, append(out.Problems, problems...)
	listedAt := h.opts.Now()
	logins, err := h.look()
	if err != nil {
		fail(err)
		out.Blind = true
	}
	for _, l := range logins {
		out.Sessions = append(out.Sessions, l.sessions()...)
	}
	for _, s := range ended {
		h.opts.Log.Info("session ended", "key_id", s.KeyID, "serial", s.Serial, "user", s.User, "pid", s.PID)
	}
	if now || h.reports.ready(listedAt) && h.due(out, listedAt) {
		err := h.report(ctx, out, listedAt)
		h.reports.did(err, h.opts.Now())
		if err != nil {
			fail(err)
			return out
		}
		out.Reported = true
	}
	return out
}

// pull fetches the list, checks it and puts it in force. Whatever fails leaves
// prev in force, which is returned with the error.
func (h *Host) pull(ctx context.Context, prev revocation.List) (revocation.List, error) {
	f, err := h.client.fetch(ctx)
	if errors.Is(err, errUnchanged) {
		return prev, nil
	}
	if err != nil {
		return prev, err
	}
	next, err := revocation.OpenList(h.config.Origin, h.config.ListKey, f.data)
	if err == nil {
		err = h.keep.install(prev, next)
	}
	if err != nil {
		return prev, fmt.Errorf("cannot take the list of %s: %w", f.server, err)
	}
	h.client.taken(f)
	if next.Number != prev.Number {
		h.opts.Log.Info("revocation list in force", "number", next.Number, "at", next.At, "key_ids", len(next.KeyIDs))
	}
	return next, nil
}

// due reports whether this round is worth a report: something on the list has a
// session or just lost it, the list is new, the problems changed, or it is time.
func (h *Host) due(out Outcome, now time.Time) bool {
	for _, s := range out.Sessions {
		if out.List.Has(s.KeyID) {
			return true
		}
	}
	return len(h.ended) > 0 || len(out.List.KeyIDs) > 0 && now.Sub(h.changed) < settling ||
		h.sent.list.Number != out.List.Number ||
		h.sent.problems != strings.Join(out.Problems, "\n") ||
		now.Sub(h.sent.at) >= reportEvery || now.Before(h.sent.at)
}

// report signs and sends what the round saw.
func (h *Host) report(ctx context.Context, out Outcome, listedAt time.Time) error {
	s, err := h.keep.load()
	if err != nil {
		return err
	}
	s.Sequence = s.next(listedAt)
	if err := h.keep.save(s); err != nil { // before sending: never the same number twice
		return err
	}
	r := revocation.Report{
		Origin: h.config.Origin, Host: h.config.Host,
		List:     revocation.ListRef{Number: out.List.Number, At: out.List.At},
		ListedAt: listedAt.UTC().Truncate(time.Millisecond), Sequence: s.Sequence,
		Sessions: out.Sessions, Ended: h.ended, Problems: out.Problems,
	}
	if out.Blind {
		r.More = 1
	}
	r = r.Fit(out.List)
	body, err := sign(h, r)
	if err != nil {
		return err
	}
	if err := h.client.post(ctx, body); err != nil {
		return err
	}
	h.ended = h.ended[len(r.Ended):]
	h.sent = sent{at: listedAt, list: r.List, problems: strings.Join(out.Problems, "\n")}
	return nil
}

// ReportKind is the statement kind under whose namespace reports are signed.
const ReportKind = "report"

// envelope is the body that carries a report: its canonical bytes as they were
// signed, and the SSHSIG over them in base64.
type envelope struct {
	Report    jsontext.Value `json:"report"`
	Signature string         `json:"signature"`
}

func sign(h *Host, r revocation.Report) ([]byte, error) {
	data, err := r.Bytes()
	if err != nil {
		return nil, err
	}
	sig, err := sshsig.Sign(h.signer, sshsig.Namespace(ReportKind), data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{data, base64.StdEncoding.EncodeToString(sig)})
}
