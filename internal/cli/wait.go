package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// pollSeconds is how long one question waits at the server for news.
const pollSeconds = 25

// wait follows a request until it is granted or over, one line for each thing
// that changes, and gives it as it is then. It begins with the request as it is
// known, unless that is nil.
func (m *member) wait(id canon.Digest, known *view.Request) (view.Request, error) {
	var w waiter
	for since := int64(-1); ; since = w.last {
		r, err := m.followFrom(known, id, since)
		if known = nil; err != nil {
			return r, err
		}
		for _, news := range w.news(r) {
			m.c.toPeople(news + "\n")
		}
		switch {
		case r.State == access.Granted:
			return r, nil
		case over(r.State):
			return r, failf(exitNoGrant, "the request came to nothing: %s", r.Known).or("halligan status %s", r.Short)
		}
	}
}

func (m *member) followFrom(known *view.Request, id canon.Digest, since int64) (view.Request, error) {
	if known != nil {
		return *known, nil
	}
	return m.follow(id, since)
}

// follow reads a request once it has an entry after since, or after a while. A
// server that does not wait is not asked over and over.
func (m *member) follow(id canon.Digest, since int64) (view.Request, error) {
	path := "requests/" + id.String()
	if since < 0 {
		return readAs[view.Request](m, path)
	}
	asked := m.c.now()
	r, err := readAs[view.Request](m, path+fmt.Sprintf("?wait=%d&since=%d", pollSeconds, since))
	if err == nil && r.Last <= since && m.c.now().Sub(asked) < time.Second {
		select {
		case <-m.c.ctx.Done():
			return r, m.c.ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return r, err
}

// useSheet says how a grant is used, and what ends it. Where a login leads is
// taken from what the founders signed, not from the server.
func (m *member) useSheet(r view.Request) (string, error) {
	known, err := m.founding()
	if err != nil {
		return "", err
	}
	of, _ := known.view.Scenario(m.self, r.Scenario)
	return useSheet(r, of.Opens), nil
}

func useSheet(r view.Request, opens []view.Opening) string {
	s := new(sheet)
	s.say("Granted until %s. Use it:", clock(r.Grant.Until, r.Grant.From))
	named, logins := "", false
	for _, o := range opens {
		if !contains(r.Grant.Targets, o.Target) {
			continue
		}
		if o.Program != "" {
			s.say("  %s needs nothing fetched: the program %s opens it, and closes it when the grant ends", o.Target, o.Program)
			continue
		}
		if o.Document != "" {
			s.say("  %s needs nothing fetched: an execution of %s opens it in account %s, and is cancelled when the grant ends", o.Target, o.Document, o.Account)
			continue
		}
		if len(r.Grant.Targets) > 1 {
			named = " " + o.Target
		}
		if o.Envelope != "" {
			s.say("  halligan envelope open %s%s", r.Short, named)
			s.say("      gives the secret, once custodians have run: halligan share %s%s", r.Short, named)
			continue
		}
		if o.Task != "" {
			s.say("  halligan exec %s%s -- aws …", r.Short, named)
			s.say("      runs a command as the root user of account %s, for the task %s; the session is over in a quarter of an hour", o.Account, o.Task)
			continue
		}
		if o.Set != "" {
			s.say("  sign in at %s as yourself, and choose account %s and %s: it is assigned to you while the grant lives", o.Portal, o.Account, o.Set)
			continue
		}
		if o.Account != "" {
			s.say("  halligan exec %s%s -- aws …", r.Short, named)
			s.say("      runs a command in account %s, as %s, with keys that renew themselves; without one it is your shell", o.Account, o.Role)
			continue
		}
		logins = true
		s.say("  halligan exec %s%s", r.Short, named)
		s.say("      logs in to %s; or with a command of yours: -- %s", o.Target, strings.Join(sshCommand(o), " "))
	}
	if logins {
		s.say("  halligan credential %s%s", r.Short, named)
		s.say("      puts a certificate into ssh-agent instead")
	}
	s.say("When you are done: halligan release %s", r.Short)
	return s.String()
}

// waiter remembers what of a request was told already.
type waiter struct {
	last      int64
	told      int
	decisions int
	missing   string
	known     string
	began     bool
	alone     string
}

// news is what changed since the last look.
func (w *waiter) news(r view.Request) []string {
	var lines []string
	at := r.At
	for ; w.told < len(r.Told); w.told++ {
		if t := r.Told[w.told]; t.Delivered {
			lines = append(lines, fmt.Sprintf("%s  %s was told (%s).", clock(t.At, at), t.Channel, strings.ReplaceAll(t.Event, "-", " ")))
		} else {
			lines = append(lines, fmt.Sprintf("%s  %s could not be told (%s); it is tried again.", clock(t.At, at), t.Channel, strings.ReplaceAll(t.Event, "-", " ")))
		}
	}
	for ; w.decisions < len(r.Decisions); w.decisions++ {
		d := r.Decisions[w.decisions]
		lines = append(lines, fmt.Sprintf("%s  %s", clock(d.At, at), sentence(d.Text)))
	}
	if missing := strings.Join(r.Missing, "; "); missing != w.missing {
		if w.missing = missing; missing != "" {
			lines = append(lines, sentence(missing))
		}
	}
	if !w.began && r.State == access.Pending {
		lines = append(lines, fmt.Sprintf("It lapses at %s unless its quorum is filled before. Leave with Ctrl-C: the request stays.", clock(r.Lapses, at)))
	}
	if alone := soloNews(r); alone != w.alone {
		if w.alone = alone; alone != "" {
			lines = append(lines, alone)
		}
	}
	if w.began = true; r.State != access.Pending && r.Known != w.known {
		lines = append(lines, "Now: "+sentence(r.Known))
	}
	w.known, w.last = r.Known, r.Last
	return lines
}

// soloNews is what a waiting requester hears of going in alone, once it is offered.
func soloNews(r view.Request) string {
	switch v := r.Solo; {
	case v == nil || !v.Offered || r.State != access.Pending:
		return ""
	case v.Blocked == "" && v.Taken.IsZero():
		return v.Text + " In another terminal: halligan solo " + r.Short
	default:
		return v.Text
	}
}

func contains(list []string, word string) bool {
	for _, each := range list {
		if each == word {
			return true
		}
	}
	return false
}
