package aws

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

const looksMost = 4 // leases that are looked at at a time

var silence = access.Round{Twin: access.Unreachable, Control: access.Unreachable}

// Probe asks of each lease whether its twin may still do the read of the probe, and
// whether the control session may, in each region of the lease. A session that STS
// does not begin shows nothing about those that it began before.
func (a *AWS) Probe(ctx context.Context, leases []provider.Lease) []access.Round {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	rounds := make([]access.Round, len(leases))
	free := make(chan struct{}, looksMost)
	var all sync.WaitGroup
	for i, lease := range leases {
		rounds[i] = silence
		if _, err := a.checked(lease); err != nil || lease.AWS.Root {
			continue
		}
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			if round, err := a.look(ctx, lease.AWS); err == nil {
				rounds[i] = round
			}
		})
	}
	all.Wait()
	return rounds
}

// look is one round of one lease. An error says that STS began no session of its
// twin. Without a control nothing is proved, and nobody is kept out.
func (a *AWS) look(ctx context.Context, of *provider.AWS) (access.Round, error) {
	r, err := a.roleOf(of.Twin.RoleARN)
	if err != nil {
		return silence, err
	}
	twin, err := a.assume(ctx, a.own(of.Twin))
	if err != nil {
		return silence, err
	}
	round := access.Round{Twin: let(a.everywhere(ctx, r, of, twin)), Control: access.Unreachable}
	if control, err := a.assume(ctx, a.own(of.Control)); err == nil {
		round.Control = held(a.everywhere(ctx, r, of, control))
	}
	return round, nil
}

// everywhere does the read in each region with one session's keys.
func (a *AWS) everywhere(ctx context.Context, r role, of *provider.AWS, k keys) []access.Answer {
	answers := make([]access.Answer, 0, len(of.Regions))
	for _, region := range of.Regions {
		answers = append(answers, a.read(ctx, question{r, of.Probe, region}, k))
	}
	return answers
}

// let is whether a session is let in anywhere. It is refused if all refuse it.
func let(answers []access.Answer) access.Answer {
	switch {
	case slices.Contains(answers, access.Accepted):
		return access.Accepted
	case slices.Contains(answers, access.Unreachable):
		return access.Unreachable
	}
	return access.Refused
}

// held is whether a control is let in everywhere: only then does a refusal of its
// twin mean something in each region.
func held(answers []access.Answer) access.Answer {
	switch {
	case slices.Contains(answers, access.Unreachable):
		return access.Unreachable
	case slices.Contains(answers, access.Refused):
		return access.Refused
	}
	return access.Accepted
}

// Try begins one session and has it do its probe in each region, on a calm day: it is
// how a role is known to be there for an emergency. Its errors wrap
// provider.ErrRefused where AWS said no, and else provider.ErrUnreachable.
func (a *AWS) Try(ctx context.Context, s access.Session, regions []string) error {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	r, err := a.roleOf(s.RoleARN)
	if err != nil {
		return err
	}
	if err := checkRegions(regions); err != nil {
		return err
	}
	k, err := a.assume(ctx, a.own(s))
	if err != nil {
		return err
	}
	switch held(a.everywhere(ctx, r, &provider.AWS{Probe: s.Probe, Regions: regions}, k)) {
	case access.Accepted:
		return nil
	case access.Refused:
		return fmt.Errorf("a session of %s begins, and may not %s in every region of %v: %w", r.arn(), s.Probe.IAM(), regions, provider.ErrRefused)
	}
	return fmt.Errorf("a session of %s begins, and %s is not answered in every region of %v: %w", r.arn(), s.Probe.IAM(), regions, provider.ErrUnreachable)
}

// TryStopper begins a session of the role that stops grants beside an emergency role.
// It changes nothing. Its errors are those of Try.
func (a *AWS) TryStopper(ctx context.Context, beside access.Session) error {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	r, err := a.roleOf(beside.RoleARN)
	if err != nil {
		return err
	}
	_, err = a.assume(ctx, a.asStopper(r, beside, access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{
		{Effect: access.IAMDeny, Action: []string{"*"}, Resource: []string{"*"}},
	}}))
	return err
}
