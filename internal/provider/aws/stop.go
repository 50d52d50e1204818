package aws

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

const (
	stopperSession = "hg-stopper"
	stopperLives   = canon.Seconds(900) // the shortest that STS gives
	reopenTries    = 3
	reopenPause    = time.Second
)

// Open looks whether a session of the lease works; of a root user's, whether the
// role on the way there can be taken. Nothing has to be made for it,
// and no control plane is asked: STS and the role's own services suffice. Only a
// slot that is still attached, from a lease of the past, is taken off. Sessions may
// be minted before and meanwhile.
func (a *AWS) Open(ctx context.Context, lease provider.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, shutLongest)
	defer cancel()
	r, err := a.checked(lease)
	if err != nil {
		return err
	}
	if lease.AWS.Root {
		_, err := a.assume(ctx, a.own(lease.AWS.Twin))
		return err
	}
	detached := false
	for try := range reopenTries {
		round, err := a.look(ctx, lease.AWS)
		switch {
		case err != nil:
			return err
		case round.Twin != access.Refused:
			return nil // STS let it in; what its services answer is the baseline's to find
		case round.Control == access.Refused:
			return fmt.Errorf("no session of %s may %s, nor a control: its policy, boundary or a policy above it denies that: %w", r.arn(), lease.AWS.Probe.IAM(), provider.ErrRefused)
		case round.Control == access.Unreachable:
			return fmt.Errorf("a session of %s is refused, and no control can be asked whether that is its slot: %w", r.arn(), provider.ErrUnreachable)
		}
		if !detached {
			if err := a.slot(ctx, r, lease.AWS, false); err != nil {
				return err
			}
			detached = true
		}
		if a.Wait(ctx, reopenPause<<try) != nil {
			break
		}
	}
	return fmt.Errorf("stop slot %d of %s was taken off, and its sessions are still refused: %w", lease.AWS.Slot, r.arn(), provider.ErrUnreachable)
}

// Close attaches the lease's stop slot to the role, which denies everything to each
// session that bears it, and ends the Systems Manager sessions that were begun by
// one, for those go on. Both are tried, whatever came of the other. Of a root user's
// session there is nothing to do: it ends by itself.
func (a *AWS) Close(ctx context.Context, lease provider.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, shutLongest)
	defer cancel()
	r, err := a.checked(lease)
	if err != nil {
		return err
	}
	if lease.AWS.Root {
		return nil // nothing takes a root user's session back, and another is minted for nobody
	}
	err = a.slot(ctx, r, lease.AWS, true)
	if lease.AWS.Sessions {
		if ended := a.endSessions(ctx, r, lease); err == nil {
			err = ended
		}
	}
	return err
}

// Clear takes the lease's stop slot off its role again.
func (a *AWS) Clear(ctx context.Context, lease provider.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, shutLongest)
	defer cancel()
	r, err := a.checked(lease)
	if err != nil || lease.AWS.Root {
		return err
	}
	return a.slot(ctx, r, lease.AWS, false)
}

// checked refuses what is not whole, before any call.
func (a *AWS) checked(lease provider.Lease) (role, error) {
	if lease.AWS == nil {
		return role{}, fmt.Errorf("lease %s is not of AWS: %w", lease.KeyID, provider.ErrRefused)
	}
	if !lease.AWS.Root && (lease.AWS.Slot < 1 || lease.AWS.Slot > slotsMost) {
		return role{}, fmt.Errorf("lease %s has no stop slot: %w", lease.KeyID, provider.ErrRefused)
	}
	if err := checkRegions(lease.AWS.Regions); err != nil {
		return role{}, err
	}
	return a.roleOf(lease.AWS.Twin.RoleARN)
}

// slot attaches or detaches the slot of a lease. Both may be repeated, and what is
// so already is done. It holds the role's turn, so that no late detaching comes
// after an attaching of ours (T47).
func (a *AWS) slot(ctx context.Context, r role, of *provider.AWS, attach bool) error {
	k, err := a.assume(ctx, a.stopping(r, of)) // before the turn: a slow STS is nobody else's wait
	if err != nil {
		return err
	}
	leave, err := a.enter(ctx, r.arn())
	if err != nil {
		return err
	}
	defer leave()
	// Asked within the turn: whoever ends a lease after this answer attaches after us.
	if !attach && of.Ending != nil && of.Ending() {
		return fmt.Errorf("stop slot %d of %s still ends a grant: %w", of.Slot, r.arn(), provider.ErrUnreachable)
	}
	at := a.at("iam", r, "")
	client := iam.New(iam.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: a.client, Credentials: k, Retryer: noRetry})
	policy := r.slot(of.Slot)
	return a.inTurn(ctx, []string{at.region}, func(ctx context.Context, _ string) error {
		ctx, cancel := context.WithTimeout(ctx, iamLongest)
		defer cancel()
		if attach {
			_, err := client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.name, PolicyArn: &policy})
			return judge(ctx, "attach "+policy, err)
		}
		_, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.name, PolicyArn: &policy})
		if err = judge(ctx, "detach "+policy, err); names(err, "NoSuchEntity", "NoSuchEntityException") {
			return nil
		}
		return err
	})
}

// stopping is the session that may attach and detach one slot of one role.
func (a *AWS) stopping(r role, of *provider.AWS) access.Session {
	return a.asStopper(r, of.Twin, access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{{
		Effect: access.IAMAllow, Action: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy"}, Resource: []string{r.arn()},
		Condition: map[string]map[string][]string{"ArnEquals": {"iam:PolicyARN": {r.slot(of.Slot)}}},
	}}})
}

// asStopper is a session of the stopper of a role's account, which is taken as the
// role's twin is, narrowed to a policy.
func (a *AWS) asStopper(r role, twin access.Session, policy access.IAMPolicy) access.Session {
	return a.own(access.Session{
		Audience: access.STSAudience, Subject: a.Cell().Origin + "/stopper", RoleARN: r.stopper().arn(), Name: stopperSession,
		SourceIdentity: stopperSession, Policy: string(canon.MustEncode(policy)), Duration: stopperLives, Regions: twin.Regions, Door: twin.Door,
	})
}

// claimsOf are the claims of a session's token. A session without tags, such as the
// stopper's, has no such member.
func claimsOf(s access.Session) []byte {
	if len(s.Tags) > 0 {
		return s.Claims()
	}
	at := s.At.Std().Unix()
	return canon.MustEncode(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Source   string `json:"https://aws.amazon.com/source_identity"`
		Issued   int64  `json:"iat"`
		Issuer   string `json:"iss"`
		ID       string `json:"jti"`
		After    int64  `json:"nbf"`
		Subject  string `json:"sub"`
	}{s.Audience, at + int64(access.TokenLives), s.SourceIdentity, at, s.Issuer, s.ID, at, s.Subject})
}
