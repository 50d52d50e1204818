package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/verify"
)

// loginTakes is what one login at a host of the storm takes.
const loginTakes = 5 * time.Millisecond

// hostsPull is how often each of them pulls the list and reports.
const hostsPull = 2 * time.Second

// double is a provider of hosts that are slow and always there. It counts how many
// of its calls are under way.
type double struct {
	now func() time.Time

	mu        sync.Mutex
	busy, top int
}

func (d *double) call() (over func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy++
	d.top = max(d.top, d.busy)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.busy--
	}
}

// Open does what provider.Provider says.
func (d *double) Open(ctx context.Context, _ provider.Lease) error {
	defer d.call()()
	return waits(ctx, loginTakes)
}

// Close has nothing to do, as with hosts that pull a list.
func (d *double) Close(context.Context, provider.Lease) error { return nil }

// Probe logs in as each twin, and as the control before and after. Twins are
// refused once their end is past.
func (d *double) Probe(ctx context.Context, leases []provider.Lease) []access.Round {
	defer d.call()()
	rounds := make([]access.Round, len(leases))
	for i, lease := range leases {
		rounds[i] = access.Round{Twin: access.Accepted, Control: access.Accepted}
		if !canon.At(d.now()).Before(lease.Until) {
			rounds[i].Twin = access.Refused
		}
	}
	if waits(ctx, time.Duration(len(leases)+2)*loginTakes) != nil {
		for i := range rounds {
			rounds[i] = access.Round{Twin: access.Unreachable, Control: access.Unreachable}
		}
	}
	return rounds
}

func waits(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stormChild serves a cell whose clock is ahead, with the double in place of SSH,
// and says at its end how many calls were under way at a time.
func stormChild(folder, profile, ahead string) error {
	by, err := time.ParseDuration(ahead)
	if err != nil {
		return err
	}
	wall := func() time.Time { return time.Now().Add(by) }
	d := &double{now: wall}
	err = serveCell(folder, profile, func(o *server.Options) { o.Wall, o.Hosts = wall, d })
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Println("calls", d.top)
	return nil
}

// pull is the host program of every host until the context ends: it pulls the
// list, sees no session, and says so. What fails is tried again with the next.
func (c *cellClient) pull(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for i := range stormHosts {
		all.Go(func() {
			if waits(ctx, hostsPull*time.Duration(i)/stormHosts) != nil {
				return
			}
			for sequence := time.Now().UnixMilli(); ; sequence++ {
				_ = c.report(stormHost(i), sequence)
				if waits(ctx, hostsPull) != nil {
					return
				}
			}
		})
	}
}

// report is one round of a host.
func (c *cellClient) report(host string, sequence int64) error {
	answer, err := c.http.Get(c.url + "/revocations")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	r := revocation.Report{Origin: c.cell.bundle.Genesis.Origin, Host: host, Sequence: sequence}
	lines := bufio.NewReader(answer.Body)
	for i := range 3 { // origin, number, time; the list is long, and was checked by nobody here
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch line = strings.TrimSuffix(line, "\n"); i {
		case 1:
			_, err = fmt.Sscan(line, &r.List.Number)
		case 2:
			r.List.At, err = time.Parse("2006-01-02T15:04:05.000Z", line)
		}
		if err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		return err
	}
	r.ListedAt = c.cell.now().UTC().Truncate(time.Millisecond)
	data, err := r.Bytes()
	if err != nil {
		return err
	}
	body := append([]byte(`{"report":`), data...)
	body = append(body, `,"signature":"`...)
	body = base64.StdEncoding.AppendEncode(body, sign(c.cell.keys["report-"+host], verify.ReportKind, data))
	_, err = post(c.http, ask{c.url + "/api/v1/hosts/report", nil, http.StatusNoContent, append(body, `"}`...)})
	return err
}

// leases are the numbers of leases by state that the metrics tell.
func (c *cellClient) leases() (map[string]int, error) {
	answer, err := http.Get("http://" + c.cell.metrics + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found := map[string]int{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), `halligan_leases{state="`)
		state, value, cut := strings.Cut(text, `"} `)
		if !ok || !cut {
			continue
		}
		var n float64
		if _, err := fmt.Sscan(value, &n); err != nil {
			return nil, err
		}
		found[state] = int(n)
	}
	if len(found) == 0 {
		return nil, errors.New("the metrics tell nothing of leases")
	}
	return found, nil
}
