package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// looksAtATime bounds the sessions that a round of looks begins together.
const looksAtATime = 8

// looker looks at AWS as an emergency would use it: real sessions that read one thing,
// and what the issuers show; and reads what accounts say of themselves, where the cell has
// a reader there. Each session is in CloudTrail, and the account's rules tell of it.
type looker struct {
	aws   *awsprovider.AWS
	world *following
	now   func() canon.Time

	mu      sync.Mutex
	seen    readiness.Looked
	listing listing
}

// Look is api.Looker. What does not answer before the context ends was not looked at.
func (l *looker) Look(ctx context.Context) readiness.Looked {
	law := l.world.law.Load()
	l.mu.Lock()
	before := l.seen
	l.seen = readiness.Looked{
		Issuers: map[string]readiness.Look{}, Roles: map[string]readiness.Look{}, Stoppers: map[string]readiness.Look{}, Sets: map[string]readiness.Look{},
		Accounts: map[string]readiness.Account{}, Rules: map[string]readiness.Rules{}, Members: before.Members, Guards: before.Guards,
	}
	maps.Copy(l.seen.Accounts, before.Accounts) // what this round does not come to
	maps.Copy(l.seen.Rules, before.Rules)
	l.mu.Unlock()
	if law == nil || law.genesis == nil || len(law.genesis.AWS.Accounts) == 0 {
		return l.seen
	}
	genesis := law.genesis
	free, trials := make(chan struct{}, looksAtATime), map[string]bool{}
	var all sync.WaitGroup
	look := func(do func()) {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			do()
		})
	}
	l.accounts(ctx, &all, paper.Cell{Genesis: genesis, Scenarios: law.scenarios})
	look(func() { l.issuers(ctx, genesis.AWS) })
	center, has := centerOf(genesis)
	for id, scenario := range law.scenarios {
		for _, open := range scenario.Opens {
			if set := open.IdentityCenter; set != nil && has {
				if account, there := genesis.Account(set.Account); there {
					look(func() { l.set(ctx, center, setOf{id, set, account}) })
				}
			}
			if open.AWS == nil {
				continue
			}
			trial, ok := cell.Trial(genesis, scenario, open.AWS.Name)
			account, there := genesis.Account(open.AWS.Account)
			if !ok || !there {
				continue
			}
			look(func() { l.role(ctx, trialOf{id, open.AWS, account, trial}) })
			if !trials[account.ID] {
				trials[account.ID] = true
				look(func() { l.stopper(ctx, account, trial) })
			}
		}
	}
	all.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// keep takes down what one look gave.
func (l *looker) keep(into map[string]readiness.Look, name string, one readiness.Look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.At = l.now()
	into[name] = one
}

func (l *looker) issuers(ctx context.Context, of cell.AWS) {
	all, err := LookAtIssuers(ctx, of, func() time.Time { return l.now().Std() })
	if err != nil {
		return // then nobody has looked
	}
	for _, seen := range all {
		// What cannot be read from here says nothing of what AWS reads.
		one := readiness.Look{Good: seen.Good, Sure: !seen.Digest.IsZero(), Text: fmt.Sprintf("%s shows the keys that the ledger names; its certificate ends in %d days.", seen.Issuer, seen.DaysLeft)}
		if !seen.Good {
			one.Text = "From here " + seen.Issuer + " does not show what the ledger names: " + seen.Why + "."
		}
		l.keep(l.seen.Issuers, seen.Issuer, one)
	}
}

// trialOf is a session by which a role is tried.
type trialOf struct {
	scenario string
	aws      *access.AWS
	account  *cell.Account
	session  access.Session
}

// role begins a session of a role in the regions that a grant would use.
func (l *looker) role(ctx context.Context, of trialOf) {
	a, account, regions := of.aws, of.account, of.aws.Regions
	if len(regions) == 0 {
		regions = account.Regions
	}
	one := readiness.Look{Good: true, Text: fmt.Sprintf("A session of role %s/%s began, and read %s in %s.", account.ID, a.Role, a.Probe.IAM(), strings.Join(regions, " and "))}
	if err := l.aws.Try(ctx, of.session, regions); err != nil {
		one = failed(err, fmt.Sprintf("role %s/%s, which %s opens,", account.ID, a.Role, of.scenario))
	}
	l.keep(l.seen.Roles, account.ID+"/"+a.Role, one)
}

func (l *looker) stopper(ctx context.Context, account *cell.Account, beside access.Session) {
	one := readiness.Look{Good: true, Text: "The role that stops grants in account " + account.ID + " can be had."}
	if err := l.aws.TryStopper(ctx, beside); err != nil {
		one = failed(err, "the role that stops grants in account "+account.ID)
	}
	l.keep(l.seen.Stoppers, account.ID, one)
}

// failed tells a look that gave nothing. That AWS said no is certain; that nobody
// answered says nothing about the role.
func failed(err error, what string) readiness.Look {
	if errors.Is(err, provider.ErrRefused) {
		return readiness.Look{Sure: true, Text: fmt.Sprintf("A session of %s is refused: %v.", what, err)}
	}
	return readiness.Look{Text: fmt.Sprintf("Whether %s can be had could not be seen: %v.", what, err)}
}
