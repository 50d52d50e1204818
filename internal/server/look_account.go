package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/deployed"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// Bounds of reading accounts: how many at a time, each by itself, so that a slow one
// holds up nobody but who comes after the others; and how long one may take.
const (
	accountsAtATime = 8
	accountLongest  = 20 * time.Second
)

// readers are the accounts that may be read, those that nobody has read for longest first.
func (l *looker) readers(genesis *cell.Genesis) (all []*cell.Account) {
	for i := range genesis.AWS.Accounts {
		if a := &genesis.AWS.Accounts[i]; a.Reader && !a.Management {
			all = append(all, a)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortStableFunc(all, func(x, y *cell.Account) int {
		return l.seen.Accounts[x.ID].At.Std().Compare(l.seen.Accounts[y.ID].At.Std())
	})
	return all
}

// lasting does something beside the accounts, for as long as the round lasts.
type lasting func(do func(ctx context.Context))

// accounts has the accounts that may be read read.
func (l *looker) accounts(ctx context.Context, all *sync.WaitGroup, of paper.Cell) {
	longer := func(do func(context.Context)) { all.Go(func() { do(ctx) }) }
	wait := make(chan *cell.Account, cell.AccountsMost)
	for _, account := range l.readers(of.Genesis) {
		wait <- account
	}
	close(wait)
	for range min(accountsAtATime, len(wait)) {
		all.Go(func() {
			for account := range wait {
				l.account(ctx, of, account, longer)
			}
		})
	}
}

// account reads one account, and keeps what was seen. What a round does not come to stays
// as an earlier one saw it.
func (l *looker) account(ctx context.Context, of paper.Cell, account *cell.Account, longer lasting) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, accountLongest)
	defer cancel()
	seen := l.read(ctx, of, account, longer)
	seen.At = l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Accounts[account.ID] = seen
}

func (l *looker) read(ctx context.Context, of paper.Cell, account *cell.Account, longer lasting) readiness.Account {
	b, err := of.Blueprint(account.ID)
	if err != nil {
		l.unwatched(of, account.ID, err)
		return unread(sentence("the blueprint cannot be made", err))
	}
	reading, err := l.aws.Reading(ctx, awsprovider.Reader{
		Role: account.ARN("role/" + awsprovider.ReaderRole), Regions: account.Regions, Door: account.Door, Policy: string(b.ReaderPolicy()),
	})
	if err != nil {
		l.unwatched(of, account.ID, err)
		return unread(sentence("a session of the reader was not had", err))
	}
	if of.Genesis.AWS.Organization == account.ID {
		longer(func(ctx context.Context) { l.organization(ctx, reading, of) })
	}
	var beside sync.WaitGroup
	beside.Go(func() { l.keepRules(account.ID, l.rules(ctx, reading, b)) })
	defer beside.Wait()
	e := examined{blueprint: b, reader: deployed.NewReader(reading.Config("iam", "")), judge: reading.Judge, scenarios: of.Scenarios}
	return e.account(ctx)
}

// unread is an account of which nothing could be read.
func unread(why string) readiness.Account {
	return readiness.Account{Unread: why, UnreadCertificates: why, UnreadUsers: why}
}

// sentence is why something is not known.
func sentence(what string, err error) string {
	kind := "nobody knows"
	if errors.Is(err, provider.ErrRefused) {
		kind = "AWS says no"
	}
	return fmt.Sprintf("%s (%s): %v.", what, kind, err)
}

// examined is an account that is read, and what it should be like.
type examined struct {
	blueprint *paper.Blueprint
	reader    *deployed.Reader
	judge     func(ctx context.Context, tried string, err error) error
	scenarios map[string]*access.Scenario
}

// account reads all of it. One part that cannot be read leaves the others.
func (e examined) account(ctx context.Context) (a readiness.Account) {
	there, err := e.there(ctx)
	if err != nil {
		a.Unread = sentence("IAM was not read", err)
	} else {
		a.Differs, a.Others, err = e.compare(there)
		if err != nil {
			a.Unread = sentence("it was not compared", err)
		}
	}
	if a.Certificates, err = e.certificates(ctx); err != nil {
		a.UnreadCertificates = sentence("the SAML providers were not read", err)
	}
	if a.Users, err = e.users(ctx, there); err != nil {
		a.UnreadUsers = sentence("the credential report was not read", err)
	}
	return a
}

// there is what is deployed.
func (e examined) there(ctx context.Context) (paper.Deployed, error) {
	data, err := e.reader.IAM(ctx)
	if err != nil {
		return paper.Deployed{}, e.judge(ctx, "read the account's roles and policies", err)
	}
	there, err := blueprint.IAM(data)
	if err != nil {
		return paper.Deployed{}, err
	}
	providers, err := e.reader.Providers(ctx)
	if err != nil {
		return paper.Deployed{}, e.judge(ctx, "read the account's identity providers", err)
	}
	var all []blueprint.Provider
	for _, p := range providers {
		all = append(all, blueprint.Provider(p))
	}
	return there.Believing(all), nil
}

// compare is how that differs from what should be, and who else could use it.
func (e examined) compare(there paper.Deployed) (differs []readiness.Differs, others readiness.Others, err error) {
	found, err := e.blueprint.Compare(there)
	if err != nil {
		return nil, others, err
	}
	for _, d := range found {
		differs = append(differs, readiness.Differs{Part: parts[d.Part], Gone: d.Kind == blueprint.Missing, Text: d.Text})
	}
	seen := e.blueprint.Others(there)
	of := func(all []blueprint.Other) (made []readiness.Other) {
		for _, o := range all {
			made = append(made, readiness.Other(o))
		}
		return made
	}
	return differs, readiness.Others{Trusted: of(seen.Trusted), Switch: of(seen.Switch), Changing: of(seen.Changing), Unread: len(seen.Unread), Beyond: seen.Beyond}, nil
}

// parts are the blueprint's parts in words of readiness.
var parts = map[blueprint.Part]readiness.Part{
	blueprint.PartSlots: readiness.Slots, blueprint.PartRails: readiness.Rails, blueprint.PartTrust: readiness.Trust, blueprint.PartRest: readiness.Rest,
}

func (e examined) certificates(ctx context.Context) (all []readiness.Certificate, err error) {
	found, err := e.reader.SAML(ctx)
	if err != nil {
		return nil, e.judge(ctx, "read the account's SAML providers", err)
	}
	for _, p := range found {
		all = append(all, readiness.Certificate{Provider: p.Name, Ends: atAWS(p.Ends)})
	}
	slices.SortFunc(all, func(x, y readiness.Certificate) int { return x.Ends.Std().Compare(y.Ends.Std()) })
	return all, nil
}

// users are the root user and those who are there for emergencies. What they sign in with
// now is asked besides, as the report may be four hours old.
func (e examined) users(ctx context.Context, there paper.Deployed) ([]readiness.User, error) {
	report, err := e.reader.Report(ctx)
	if err != nil {
		return nil, e.judge(ctx, "read the account's credential report", err)
	}
	root := user(report.Root, report.Made)
	root.Name, root.Root, root.There = "root", true, report.Rooted
	all := []readiness.User{root}
	for _, of := range e.blueprint.EmergencyUsers(there) {
		row, known := report.Users[of.Name]
		u := user(row, report.Made)
		u.Name, u.There, u.NeedsKey, u.NeedsPass, u.Scenarios = of.Name, known, of.Key, of.Password, e.keeping(of.Envelopes)
		if of.Password && known {
			profile, err := e.reader.Profile(ctx, of.Name)
			if err != nil {
				return nil, e.judge(ctx, "read a login profile", err)
			}
			u.Password, u.MustReset = profile.There, profile.MustReset
		}
		all = append(all, u)
	}
	return all, nil
}

func user(c deployed.Credentials, made time.Time) readiness.User {
	u := readiness.User{Reported: atAWS(made), MFA: c.MFA, Password: c.Password, Changed: atAWS(c.Changed), Used: atAWS(c.Used)}
	for _, k := range c.Keys {
		u.Keys = append(u.Keys, readiness.Key{Made: atAWS(k.Made), Used: atAWS(k.Used)})
	}
	return u
}

// atAWS is a time of AWS; none stays none.
func atAWS(t time.Time) canon.Time {
	if t.IsZero() {
		return canon.Time{}
	}
	return canon.At(t)
}

// keeping are the scenarios that open any of some envelopes.
func (e examined) keeping(envelopes []string) (all []string) {
	for _, id := range slices.Sorted(maps.Keys(e.scenarios)) {
		if slices.ContainsFunc(e.scenarios[id].Opens, func(o access.Open) bool {
			return o.Envelope != nil && slices.Contains(envelopes, o.Envelope.Name)
		}) {
			all = append(all, id)
		}
	}
	return all
}
