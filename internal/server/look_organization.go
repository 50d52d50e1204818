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

// unwatched takes down that the reader of an account could not be had.
func (l *looker) unwatched(of paper.Cell, account string, err error) {
	l.keepRules(account, readiness.Rules{At: l.now(), Unread: []string{fmt.Sprintf("everywhere (%v)", err)}})
	if of.Genesis.AWS.Organization == account {
		l.keepMembers(deployed.Listing{}, err)
		l.keepGuards(readiness.Guards{}, err)
	}
}

func (l *looker) keepRules(account string, seen readiness.Rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen.Rules == nil {
		l.seen.Rules = map[string]readiness.Rules{}
	}
	l.seen.Rules[account] = seen
}

// regionsAtATime bounds the regions of one account that are read together.
const regionsAtATime = 4

// rules reads whether the rules of an account stand, in each region by itself: one that
// does not answer leaves the others.
func (l *looker) rules(ctx context.Context, reading *awsprovider.Reading, b *paper.Blueprint) readiness.Rules {
	regions := b.RuleRegions()
	seen := readiness.Rules{At: l.now(), Regions: len(regions)}
	var mu sync.Mutex
	var all sync.WaitGroup
	free := make(chan struct{}, regionsAtATime)
	for _, region := range regions {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			there, err := deployed.Rules(ctx, reading.Config("events", region), reading.Judge, blueprint.RulePrefix)
			hear, topic := 0, false
			if err == nil {
				hear, topic, err = deployed.Hearers(ctx, reading.Config("sns", region), reading.Judge, b.TopicARN(region))
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				seen.Unread = append(seen.Unread, fmt.Sprintf("%s (%v)", region, err))
				return
			case !topic:
				seen.Wrong = append(seen.Wrong, "topic "+blueprint.AlarmTopic+" in "+region+" is not deployed")
			case hear == 0:
				seen.Deaf = append(seen.Deaf, region)
			}
			differ(&seen, b.CompareRules(region, rulesThere(there)))
		})
	}
	all.Wait()
	for _, texts := range [][]string{seen.Unread, seen.Wrong, seen.Deaf, seen.Strange} {
		slices.Sort(texts)
	}
	return seen
}

// differ takes down how rules differ from the blueprint.
func differ(seen *readiness.Rules, all []blueprint.Difference) {
	for _, d := range all {
		if d.Kind == blueprint.Unknown {
			seen.Strange = append(seen.Strange, d.What)
		} else {
			seen.Wrong = append(seen.Wrong, d.Text)
		}
	}
}

func rulesThere(all []deployed.Rule) (made []blueprint.DeployedRule) {
	for _, r := range all {
		one := blueprint.DeployedRule{Name: r.Name, State: r.State, Pattern: r.Pattern}
		for _, t := range r.Targets {
			one.Targets = append(one.Targets, blueprint.DeployedTarget(t))
		}
		made = append(made, one)
	}
	return made
}

// organization reads the organisation: its accounts, and what guards those of the cell.
// That the one cannot be read says nothing of the other.
func (l *looker) organization(ctx context.Context, reading *awsprovider.Reading, of paper.Cell) {
	by := deployed.OrganizationBy(reading.Config("organizations", ""), reading.Judge)
	var all sync.WaitGroup
	all.Go(func() {
		so := l.listingOf(of.Genesis.AWS.Organization)
		err := by.Members(ctx, &so)
		l.keepMembers(so, err)
	})
	all.Go(func() { l.keepGuards(l.guards(ctx, by, of)) })
	all.Wait()
}

// listingLongest bounds how long a list of accounts is read on, look by look.
const listingLongest = time.Hour

// listing is the list of the organisation's accounts that a round did not come to the end of.
type listing struct {
	by    string     // account that reads
	began canon.Time // zero: there is none
	so    deployed.Listing
}

// listingOf is the list that an account reads on.
func (l *looker) listingOf(account string) deployed.Listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.listing.began; b.IsZero() || l.listing.by != account || l.now().Sub(b) > listingLongest {
		l.listing = listing{by: account, began: l.now()}
	}
	return l.listing.so
}

// keepMembers takes down what was read of the accounts. What is not whole is read on in the
// next round, and does not take the place of what is.
func (l *looker) keepMembers(so deployed.Listing, err error) {
	seen := &readiness.Members{Management: so.Management, More: !so.Whole}
	for _, m := range so.All {
		seen.All = append(seen.All, readiness.Member(m))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	seen.At = l.listing.began // what was read first is as old
	going := err != nil && !errors.Is(err, provider.ErrRefused) && len(so.All) > 0
	if l.listing.so = so; !going {
		l.listing = listing{}
	}
	switch before := l.seen.Members; {
	case going && before != nil && before.Why == "" && !before.More:
	case going || err == nil:
		l.seen.Members = seen
	default:
		l.seen.Members = &readiness.Members{At: l.now(), Why: fmt.Sprintf("Which accounts of the organisation the cell does not know could not be seen: %v.", err)}
	}
}

func (l *looker) keepGuards(seen readiness.Guards, err error) {
	seen.At = l.now()
	if err != nil {
		seen.Why = fmt.Sprintf("Whether service control policies guard it could not be seen: %v.", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Guards = &seen
}

// guards are what the service control policies of the blueprint's name do for each account
// of the cell that is in the organisation, those first that nobody has looked at for
// longest. What a round does not come to stays as an earlier one saw it.
func (l *looker) guards(ctx context.Context, by deployed.Organization, of paper.Cell) (seen readiness.Guards, err error) {
	all, err := of.Blueprints(nil, false)
	if err != nil {
		return seen, err
	}
	policies, err := by.Policies(ctx, blueprint.GuardName)
	if err != nil {
		return seen, err
	}
	seen.Of = map[string]readiness.Guarded{}
	l.mu.Lock()
	if before := l.seen.Guards; before != nil {
		maps.Copy(seen.Of, before.Of)
	}
	l.mu.Unlock()
	for _, p := range policies {
		seen.Management = p.Owner // all are of one organisation
	}
	ours, parents := blueprint.Spared(all), map[string]string{}
	slices.SortStableFunc(all, func(x, y *paper.Blueprint) int {
		return seen.Of[x.Account.ID].At.Std().Compare(seen.Of[y.Account.ID].At.Std())
	})
	for _, b := range all {
		way, err := by.Above(ctx, parents, b.Account.Number)
		_, before := seen.Of[b.Account.ID]
		switch {
		case ctx.Err() != nil && err != nil:
			return seen, nil
		case err != nil && before && !errors.Is(err, provider.ErrRefused):
		case err != nil:
			seen.Of[b.Account.ID] = readiness.Guarded{At: l.now(), Why: fmt.Sprintf("Whether service control policies guard it could not be seen: %v.", err)}
		case way == nil: // it is in no organisation, or in another
			delete(seen.Of, b.Account.ID)
		default:
			seen.Of[b.Account.ID] = readiness.Guarded{At: l.now(), Policies: above(b, ours, policies, way)}
		}
	}
	return seen, nil
}

// above are what policies do for an account that is below some things. One that cannot be
// read leaves the others.
func above(b *paper.Blueprint, ours []string, policies []deployed.Policy, below []string) (all []readiness.Guard) {
	for _, p := range policies {
		if !slices.ContainsFunc(p.On, func(id string) bool { return slices.Contains(below, id) }) {
			continue
		}
		g := readiness.Guard{Policy: p.Name}
		found, err := b.GuardedBy(ours, []byte(p.Document))
		if err != nil {
			g.Unread = err.Error()
		}
		g.Lacks, g.Binds, g.Keepers, g.Open = found.Lacks, found.Binds, found.Keepers, found.Open
		all = append(all, g)
	}
	return all
}

// setOf is a permission set that is looked at.
type setOf struct {
	scenario string
	*access.IdentityCenter
	account *cell.Account
}

// set looks at a permission set as the role that assigns sees it.
func (l *looker) set(ctx context.Context, at provider.Center, of setOf) {
	one := readiness.Look{Good: true, Text: fmt.Sprintf("Permission set %s, which %s gives in account %s, is there, its sessions are as short as signed, and the role that assigns it can be had. That it can be given there only a rehearsal shows.",
		of.Set, of.scenario, of.account.ID)}
	trial := provider.Assignment{Center: at, Of: access.Assignment{Account: of.account.Account, Set: of.ARN}, Set: of.Set, Session: of.Session}
	if err := l.aws.Center().Try(ctx, trial); err != nil {
		one = readiness.Look{Sure: errors.Is(err, provider.ErrRefused), Text: fmt.Sprintf("Permission set %s, which %s gives in account %s, was not seen to be as signed: %v.", of.Set, of.scenario, of.account.ID, err)}
	}
	l.keep(l.seen.Sets, of.scenario+":"+of.Name, one)
}
