package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// lender is a target at AWS, which lends sessions.
type lender struct {
	Name    string
	Account string   // id in the cell
	Regions []string // to begin in; none: those of the account
	Console bool     // lends links that sign in, too
	Root    bool     // it lends a root user's sessions, which nothing takes back: renewed only if somebody says so
}

// loan is what an AWS account gave for one target, opened on this machine with the
// keys of the request: temporary keys, or a link that signs in. It is a secret.
type loan struct {
	target  lender
	region  string // where to begin; empty: nobody says
	session client.Session
	ends    canon.Time // nothing works with it from then on
	serial  string
	after   canon.Time
	sealed  *client.Credential // as it came

	unwitnessed bool
}

// loanAnswer is a loan as JSON; it holds the secret.
type loanAnswer struct {
	Target      string          `json:"target"`
	Serial      string          `json:"serial"`
	After       canon.Time      `json:"after"`
	Before      canon.Time      `json:"before"`
	Region      string          `json:"region,omitempty"`
	Session     *client.Session `json:"session,omitempty"`
	URL         string          `json:"url,omitempty"`
	File        string          `json:"file,omitempty"`
	Unwitnessed bool            `json:"unwitnessed,omitzero"`
}

func (l *loan) answer() loanAnswer {
	return loanAnswer{Target: l.target.Name, Serial: l.serial, After: l.after, Before: l.ends, Region: l.region, Unwitnessed: l.unwitnessed}
}

// process is the loan as programs read it that ask a credential_process. Its end is
// the sooner of the account's and the grant's, so that they ask again in time.
func (l *loan) process() client.Session {
	s := l.session
	s.Expiration = l.ends.Std().Format(time.RFC3339)
	return s
}

// left is how much of it is left.
func (l *loan) left(now time.Time) time.Duration { return l.ends.Std().Sub(now) }

// opening is what the scenario of a request opens under a target's name.
func (m *member) opening(h *holder, target string) (access.Open, error) {
	known, err := m.founding()
	if err != nil {
		return access.Open{}, err
	}
	scenario, err := m.agreed(known, h)
	if err != nil {
		return access.Open{}, err
	}
	open, ok := scenario.Opening(target)
	if !ok {
		return open, failf(exitNotFound, "%s opens no target %q", scenario.ID, target).or("it opens %s", both(scenario.Targets()))
	}
	switch {
	case open.Envelope != nil:
		return open, failf(exitRefused, "there is nothing to fetch for %s: it is an envelope, of which custodians give shares", target).
			or("halligan envelope open %s %s", h.id.Short(), shellQuoted(target))
	case open.Exec != nil:
		return open, failf(exitRefused, "there is nothing to fetch for %s: it is opened by the program %s while the grant lives", target, open.Exec.Program).
			or("halligan status %s says whether it is open", h.id.Short())
	}
	if document := open.Automation; document != nil {
		return open, failf(exitRefused, "there is nothing to fetch for %s: an execution of the document %s opens it while the grant lives", target, document.Document).
			or("halligan status %s says whether it is open", h.id.Short())
	}
	if set, center := open.IdentityCenter, known.genesis.AWS.Center; set != nil && center != nil {
		return open, failf(exitRefused, "there is nothing to fetch for %s: permission set %s is assigned to your own user of IAM Identity Center while the grant lives", target, set.Set).
			or("sign in at %s as yourself, and choose account %s and %s", center.Portal, set.Account, set.Set)
	}
	return open, nil
}

// borrow asks for a session at an account, or for a link that signs in to its
// console, and opens what came with the keys of the request.
func (m *member) borrow(h *holder, target lender, console bool) (*loan, error) {
	body := &statement.Fetch{Of: h.id, Target: target.Name, Console: console}
	a, err := m.send(order{body: body, signer: h.signer, waits: "the account to answer"})
	if err != nil {
		return nil, err
	}
	if a.Credential == nil {
		return nil, failf(exitInternal, "the server took the fetch as entry %d and sent no session", a.Entry).or("fetch anew")
	}
	l, err := m.opened(h, target, a.Credential)
	if err == nil && (l.session.SignInURL != "") != console {
		err = unusable(client.ErrSealed)
	}
	return l, err
}

// opened is a sealed credential, opened.
func (m *member) opened(h *holder, target lender, c *client.Credential) (*loan, error) {
	session, err := c.Open(h.keys)
	if err != nil {
		return nil, unusable(err)
	}
	known, err := m.founding()
	if err != nil {
		return nil, err
	}
	return &loan{
		target: target, region: regionOf(known, target), session: session, ends: c.Ends(session), serial: c.Serial, after: c.After,
		sealed: c, unwitnessed: c.Unwitnessed,
	}, nil
}

func unusable(err error) error {
	return because(exitUnverified, err, "").or("stop the grant and tell security")
}

// regionOf is the region that programs begin in when nobody names one.
func regionOf(known *scenarioBook, target lender) string {
	if len(target.Regions) > 0 {
		return target.Regions[0]
	}
	if account, ok := known.genesis.Account(target.Account); ok && len(account.Regions) > 0 {
		return account.Regions[0]
	}
	return ""
}

// whenOpen fetches, and waits while the target is still being opened: it looks until
// that is over, for each fetch that is refused stands in the ledger and counts.
func whenOpen[T any](m *member, h *holder, target string, fetch func() (T, error)) (T, error) {
	got, err := fetch()
	if !refusedFor(err, "lease-not-open") {
		return got, err
	}
	m.c.tell("%s is still being opened; waiting for a minute (halligan status %s says what is in the way)", target, h.id.Short())
	for deadline, since := m.c.now().Add(time.Minute), int64(-1); m.c.now().Before(deadline); {
		r, failed := m.follow(h.id, since)
		if failed != nil {
			return got, failed
		}
		since = r.Last
		if !slices.ContainsFunc(r.Leases, func(l view.Lease) bool { return l.Target == target && l.State == access.LeaseOpening }) {
			return fetch()
		}
	}
	return got, err
}

// wanted tells whether a target that was named lends sessions; what is wanted of
// such alone is refused elsewhere.
func wanted(open access.Open, flags ...string) (lender, error) {
	switch {
	case open.AWS != nil:
		return lender{Name: open.AWS.Name, Account: open.AWS.Account, Regions: open.AWS.Regions, Console: open.AWS.Console}, nil
	case open.RootTask != nil:
		return lender{Name: open.RootTask.Name, Account: open.RootTask.Account, Root: true}, nil
	}
	return lender{}, failf(exitUsage, "%s is no AWS account: %s is for those", open.Name(), both(flags)).or("halligan credential and halligan exec, without it")
}

// lends tells whether a target gives sessions, and no certificates.
func lends(open access.Open) bool { return open.AWS != nil || open.RootTask != nil }

// uncosignedLoan says how a session left that no witness had seen; empty for others.
func (l *loan) uncosigned() string {
	return (&login{unwitnessed: l.unwitnessed}).uncosigned()
}

// exports are the lines by which a shell takes a loan. Each value is quoted: what a
// server sends is typed at nobody's shell.
func (l *loan) exports() string {
	s := new(sheet)
	for _, v := range l.variables() {
		s.say("export %s=%s", v.name, shellQuoted(v.value))
	}
	return s.String()
}

// variable is one of an environment.
type variable struct{ name, value string }

// variables are the loan as programs read it from their environment.
func (l *loan) variables() []variable {
	all := []variable{
		{"AWS_ACCESS_KEY_ID", l.session.AccessKeyID}, {"AWS_SECRET_ACCESS_KEY", l.session.SecretAccessKey},
		{"AWS_SESSION_TOKEN", l.session.SessionToken}, {"AWS_CREDENTIAL_EXPIRATION", l.process().Expiration},
	}
	return append(all, regions(l.region)...)
}

func regions(region string) []variable {
	if region == "" {
		return nil
	}
	return []variable{{"AWS_REGION", region}, {"AWS_DEFAULT_REGION", region}}
}

// clockText is an instant for people who look at a clock.
func clockText(at canon.Time) string { return at.Std().Format("15:04:05 UTC") }

func (v variable) String() string { return fmt.Sprintf("%s=%s", v.name, v.value) }
