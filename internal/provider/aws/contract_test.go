package aws_test

import (
	"context"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/providertest"
)

// visited is the provider with somebody who begins a session of Systems Manager
// under each lease that opens, once.
type visited struct {
	*aws.AWS
	w *world
}

func (v visited) Open(ctx context.Context, lease provider.Lease) error {
	err := v.AWS.Open(ctx, lease)
	if err == nil && v.w.visits(lease) == 0 {
		v.w.double.Visit("eu-west-1", roleARN, "hg-"+lease.Request+"-0a1b2c3d")
	}
	return err
}

// visits counts the Systems Manager sessions under a lease.
func (w *world) visits(lease provider.Lease) (n int) {
	for _, v := range w.double.Visits() {
		if len(v.ID) > 19 && v.ID[3:19] == lease.Request {
			n++
		}
	}
	return n
}

// TestContract runs the suite of every provider over the double.
func TestContract(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Subject {
		w := newWorld(t)
		how := map[providertest.Fault]awstest.How{providertest.DidNot: awstest.Down, providertest.DidAnyway: awstest.Lost, providertest.Hangs: awstest.Hangs}
		return providertest.Subject{
			Provider: visited{w.aws, w},
			Lease: func(name string) provider.Lease {
				lease := w.lease(name)
				lease.AWS.Sessions = true
				return lease
			},
			Fail: func(f providertest.Fault) {
				w.double.Mend()
				if f != providertest.Sound {
					w.double.Break(awstest.Fault{How: how[f]})
				}
			},
			Secrets: []string{"eyJ", "secret-of-", "session-token-of-"},
		}
	})
}

// TestProbesCanAllBeAsked: each read that the law takes for a probe is one that the
// provider can make, and that is refused when the role may not.
func TestProbesCanAllBeAsked(t *testing.T) {
	if len(access.AWSProbes) == 0 {
		t.Fatal("there is no probe")
	}
	for _, probe := range access.AWSProbes {
		t.Run(probe.IAM(), func(t *testing.T) {
			w := newWorld(t)
			w.double.AddRole(awstest.Role{ARN: roleARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-", Allows: []string{probe.IAM()}})
			lease := w.lease("one")
			s := w.session(lease.Request, 1, 0)
			s.Probe = probe
			lease.AWS.Probe, lease.AWS.Twin, lease.AWS.Control = probe, s.Twin(), s.Control()
			want := access.Round{Twin: access.Accepted, Control: access.Accepted}
			if got := w.aws.Probe(t.Context(), []provider.Lease{lease}); got[0] != want {
				t.Errorf("before: %v", got)
			}
			w.double.Attach(roleARN, "arn:aws:iam::"+account+":policy/halligan-stop-slot-EmergencyDatabase-1")
			want.Twin = access.Refused
			if got := w.aws.Probe(t.Context(), []provider.Lease{lease}); got[0] != want {
				t.Errorf("with the slot: %v", got)
			}
		})
	}
}
