package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/deployed"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// watch reads, by the reader of an account, whether its rules stand, and from the account
// that the cell names the organisation.
func (l *looker) watch(ctx context.Context, of paper.Cell, b *paper.Blueprint, reading *awsprovider.Reading) {
	var all sync.WaitGroup
	all.Go(func() {
		l.keepRules(b.Account.ID, l.rules(ctx, reading, b))
	})
	if of.Genesis.AWS.Organization == b.Account.ID {
		all.Go(func() { l.organization(ctx, reading, of) })
	}
	all.Wait()
}

// unwatched takes down that the reader of an account could not be had.
func (l *looker) unwatched(of paper.Cell, account string, err error) {
	l.keepRules(account, readiness.Rules{At: l.now(), Unread: []string{fmt.Sprintf("everywhere (%v)", err)}})
	if of.Genesis.AWS.Organization == account {
		l.keepMembers(nil, err)
		l.keepGuards(nil, err)
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
	all.Go(func() { l.keepMembers(by.Members(ctx)) })
	all.Go(func() { l.keepGuards(guards(ctx, by, of)) })
	all.Wait()
}

func (l *looker) keepMembers(all []deployed.Member, err error) {
	seen := &readiness.Members{At: l.now()}
	if err != nil {
		seen.Why = fmt.Sprintf("Which accounts of the organisation the cell does not know could not be seen: %v.", err)
	}
	for _, m := range all {
		seen.All = append(seen.All, readiness.Member(m))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Members = seen
}

func (l *looker) keepGuards(all map[string]readiness.Guard, err error) {
	seen := &readiness.Guards{At: l.now(), Of: all}
	if err != nil {
		seen.Why = fmt.Sprintf("Whether service control policies guard it could not be seen: %v.", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Guards = seen
}

// guards are what the service control policies of the blueprint's name do for each member
// account of the cell that is in the organisation.
func guards(ctx context.Context, by deployed.Organization, of paper.Cell) (map[string]readiness.Guard, error) {
	all, err := of.Blueprints(nil, false)
	if err != nil {
		return nil, err
	}
	policies, err := by.Policies(ctx, blueprint.GuardName)
	if err != nil {
		return nil, err
	}
	var numbers []string
	for _, b := range all {
		numbers = append(numbers, b.Account.Number)
	}
	above, err := by.Above(ctx, numbers)
	if err != nil {
		return nil, err
	}
	made, ours := map[string]readiness.Guard{}, blueprint.Spared(all)
	for _, b := range all {
		if way, in := above[b.Account.Number]; in {
			if made[b.Account.ID], err = guard(b, ours, policies, way); err != nil {
				return nil, err
			}
		}
	}
	return made, nil
}

// guard is what policies do for an account that is below some things.
func guard(b *paper.Blueprint, ours []string, policies []deployed.Policy, below []string) (readiness.Guard, error) {
	var g readiness.Guard
	var documents [][]byte
	for _, p := range policies {
		if slices.ContainsFunc(p.On, func(id string) bool { return slices.Contains(below, id) }) {
			g.Policies = append(g.Policies, p.Name)
			documents = append(documents, []byte(p.Document))
		}
	}
	found, err := b.GuardedBy(ours, documents)
	if err != nil {
		return g, fmt.Errorf("%s: %w", strings.Join(g.Policies, ", "), err)
	}
	g.Lacks, g.Binds, g.Keepers, g.Open = found.Lacks, found.Binds, found.Keepers, found.Open
	return g, nil
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
