package aws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
	"github.com/halligan-dev/halligan/internal/provider/providertest"
)

const (
	centerARN = "arn:aws:iam::" + account + ":role/halligan-identity-center"
	instance  = "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11"
	setARN    = "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677"
)

var centerActions = []string{
	"sso:CreateAccountAssignment", "sso:DeleteAccountAssignment", "sso:DescribePermissionSet", "sso:ListAccountAssignments",
	"sso:DescribeAccountAssignmentCreationStatus", "sso:DescribeAccountAssignmentDeletionStatus",
	"sso:ListAccountAssignmentCreationStatus", "sso:ListAccountAssignmentDeletionStatus",
}

// centerWorld is a world with an Identity Center in the same account.
func centerWorld(t *testing.T, change ...func(*aws.Options)) (*world, aws.Center) {
	w := newWorld(t, change...)
	w.double.AddRole(awstest.Role{ARN: centerARN, Audience: access.STSAudience, Subjects: []string{origin + "/identity-center"}, Sources: "hg-", Allows: centerActions})
	w.double.AddSet(setARN, "EmergencyDatabase", "PT1H")
	w.double.Works(2, 1)
	return w, w.aws.Center()
}

// assignment is the lease of a name, of a user who follows from it.
func (w *world) assignment(name string) provider.Lease {
	lease := w.lease(name)
	lease.AWS = nil
	lease.Assignment = &provider.Assignment{
		Center:  provider.Center{Instance: instance, Region: "eu-west-1", Role: centerARN, Regions: regions},
		Of:      access.Assignment{Account: account, Set: setARN, User: "00000000-0000-4000-8000-" + lease.Request[4:]},
		Set:     "EmergencyDatabase",
		Session: 3600, Claimed: true,
	}
	return lease
}

func assigned(lease provider.Lease) awstest.Assigned {
	return awstest.Assigned{Account: account, Set: setARN, Principal: lease.Assignment.Of.User}
}

// stand counts how often the assignment of a lease is so, when all work is done.
func (w *world) stand(lease provider.Lease) (n int) {
	for w.double.Working() {
		w.double.Pass()
	}
	for _, a := range w.double.Assignments() {
		if a == assigned(lease) {
			n++
		}
	}
	return n
}

// TestCenterContract runs the suite of every provider over the double.
func TestCenterContract(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Subject {
		w, center := centerWorld(t)
		how := map[providertest.Fault]awstest.How{providertest.DidNot: awstest.Down, providertest.DidAnyway: awstest.Lost, providertest.Hangs: awstest.Hangs}
		return providertest.Subject{
			Provider: center, Lease: w.assignment, Open: w.stand, Blind: true,
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

// TestCenterTakesItsTime: conflicts, throttling and work that takes long are waited for;
// an error of one call, wherever it falls, leaves nothing that asking again does not mend.
func TestCenterTakesItsTime(t *testing.T) {
	w, center := centerWorld(t)
	lease := w.assignment("one")
	for _, code := range []awstest.How{"ConflictException", "ThrottlingException", "InternalServerException", awstest.Down, awstest.Lost} {
		for _, action := range []string{
			"CreateAccountAssignment", "DeleteAccountAssignment", "ListAccountAssignments", "DescribePermissionSet", "ListAccountAssignmentCreationStatus",
			"ListAccountAssignmentDeletionStatus", "DescribeAccountAssignmentCreationStatus", "DescribeAccountAssignmentDeletionStatus",
		} {
			for _, do := range []func(context.Context, provider.Lease) error{center.Open, center.Close} {
				w.double.Break(awstest.Fault{Kind: "sso", Action: action, How: code, Times: 2})
				w.hides(t, do(t.Context(), lease))
				w.double.Mend()
				if err := do(t.Context(), lease); err != nil {
					t.Fatalf("%s at %s, and asked again: %v", code, action, err)
				}
			}
			if w.stand(lease) != 0 {
				t.Fatalf("%s at %s: the assignment is left", code, action)
			}
		}
	}
}

// TestT48WorkOfADeadServer: what a server that died asked for is waited for: a deletion
// under way is not taken for an assignment that stands, nor a making for none.
func TestT48WorkOfADeadServer(t *testing.T) {
	w, center := centerWorld(t)
	lease := w.assignment("one")
	dead := func(do func(context.Context, provider.Lease) error) {
		t.Helper()
		w.double.Works(30, 3)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.double.Break(awstest.Fault{Kind: "sso", Action: "DescribeAccountAssignmentCreationStatus", How: awstest.Hangs})
		w.double.Break(awstest.Fault{Kind: "sso", Action: "DescribeAccountAssignmentDeletionStatus", How: awstest.Hangs})
		before := len(w.double.Calls())
		go func() { // cut off once it asks what became of what it asked for
			asks := func(c awstest.Call) bool {
				return strings.HasPrefix(c.Action, "DescribeAccountAssignment") && strings.HasSuffix(c.Action, "Status")
			}
			for ctx.Err() == nil && !slices.ContainsFunc(w.double.Calls()[before:], asks) {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if err := do(ctx, lease); err == nil || !w.double.Working() {
			t.Fatalf("nothing was cut off: %v", err)
		}
		w.double.Mend()
	}
	dead(center.Open)
	if err := center.Close(t.Context(), lease); err != nil || w.stand(lease) != 0 {
		t.Errorf("closed with %v, %d stand: what was asked for came later", err, w.stand(lease))
	}
	w.double.Works(0, 0)
	if err := center.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	dead(center.Close)
	if err := center.Open(t.Context(), lease); err != nil || w.stand(lease) != 1 {
		t.Errorf("opened with %v, %d stand: what was asked for came later", err, w.stand(lease))
	}
}

// TestT47StandingAssignment: what the ledger does not say is ours is neither made nor
// deleted, and what another grant needs stays.
func TestT47StandingAssignment(t *testing.T) {
	w, center := centerWorld(t)
	lease := w.assignment("one")
	lease.Assignment.Claimed = false
	if err := center.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || w.stand(lease) != 0 {
		t.Errorf("opened without a claim: %v", err)
	}
	if err := center.Close(t.Context(), lease); err != nil {
		t.Errorf("nothing to delete: %v", err)
	}
	w.double.Assign(assigned(lease))
	if err := center.Close(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || w.stand(lease) != 1 {
		t.Errorf("closed without a claim: %v, %d stand", err, w.stand(lease))
	}
	lease.Assignment.Claimed = true
	late := w.assignment("late")
	late.Assignment.Needed = func() bool { return false } // it ended while its opening waited for the turn
	if err := center.Open(t.Context(), late); !errors.Is(err, provider.ErrRefused) || w.stand(late) != 0 {
		t.Errorf("opened when it was over: %v, %d stand", err, w.stand(late))
	}
	asked := 0
	lease.Assignment.Needed = func() bool { asked++; return asked > 1 } // by somebody who comes in the meantime
	if err := center.Close(t.Context(), lease); !errors.Is(err, provider.ErrNeeded) || w.stand(lease) != 1 {
		t.Errorf("another needs it: %v, %d stand", err, w.stand(lease))
	}
	if ids, err := center.List(t.Context(), lease); err != nil || !slices.Equal(ids, []string{lease.KeyID}) {
		t.Errorf("listed are %v, %v", ids, err)
	}
	group := awstest.Assigned{Account: account, Set: setARN, Principal: "00000000-0000-4000-8000-0000000000ff", Group: true}
	w.double.Assign(group)
	w.double.Assign(assigned(w.assignment("two")))
	all, err := center.Assigned(t.Context(), lease.Assignment.Center, []access.Assignment{{Account: account, Set: setARN}})
	if err != nil || len(all) != 3 || all[1].Group != group.Principal || all[2] != w.assignment("two").Assignment.Of {
		t.Errorf("all are %v, %v", all, err)
	}
}

// TestPermissionSetIsAsSigned: no assignment is made by a permission set of another name or
// with longer sessions than was signed, and no end is told by their length where they
// became longer.
func TestPermissionSetIsAsSigned(t *testing.T) {
	w, center := centerWorld(t)
	lease := w.assignment("one")
	for _, c := range []struct{ name, session string }{{"Other", "PT1H"}, {"EmergencyDatabase", "PT2H"}, {"EmergencyDatabase", "PT1H1M"}, {"EmergencyDatabase", "P1D"}, {"EmergencyDatabase", "1h"}} {
		w.double.AddSet(setARN, c.name, c.session)
		if err := center.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || w.stand(lease) != 0 {
			t.Errorf("%v: %v", c, err)
		}
	}
	for _, session := range []string{"", "PT1H", "PT60M", "PT30M"} {
		w.double.AddSet(setARN, "EmergencyDatabase", session)
		if err := center.Open(t.Context(), lease); err != nil {
			t.Errorf("%q: %v", session, err)
		}
	}
	w.double.AddSet(setARN, "EmergencyDatabase", "PT12H")
	if err := center.Close(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || w.stand(lease) != 0 {
		t.Errorf("closed with %v, %d stand: it must go, and its end must not be told", err, w.stand(lease))
	}
}

// TestWorkFails: why Identity Center failed is said, and a deletion that failed because
// there was nothing to delete is one.
func TestWorkFails(t *testing.T) {
	w, center := centerWorld(t)
	lease := w.assignment("one")
	w.double.FailWork("Received a 404 status error: Not supported User\n")
	if err := center.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || !strings.Contains(err.Error(), "Not supported User ") {
		t.Errorf("failed with %v", err)
	}
	if err := center.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	w.double.FailWork("busy elsewhere")
	if err := center.Close(t.Context(), lease); err == nil || !strings.Contains(err.Error(), "busy elsewhere") {
		t.Errorf("failed with %v", err)
	}
	if err := center.Close(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	w.double.AddRole(awstest.Role{ARN: centerARN, Audience: access.STSAudience, Subjects: []string{origin + "/identity-center"}, Sources: "hg-", Allows: []string{"sso:List*"}})
	if err := center.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("without rights: %v", err)
	}
}

// TestT49CenterAsksForOneAssignment: nothing but an assignment of the cell's instance, for
// a user and an account of the cell, is asked for; and the session that asks may do
// nothing else.
func TestT49CenterAsksForOneAssignment(t *testing.T) {
	w, center := centerWorld(t)
	for name, change := range map[string]func(*provider.Assignment){
		"another account":  func(a *provider.Assignment) { a.Of.Account = "999999999999" },
		"another instance": func(a *provider.Assignment) { a.Of.Set = strings.Replace(setARN, "7223", "7224", 1) },
		"no set":           func(a *provider.Assignment) { a.Of.Set = "*" },
		"no user":          func(a *provider.Assignment) { a.Of.User = "" },
		"a group":          func(a *provider.Assignment) { a.Of.Group = a.Of.User },
		"another role":     func(a *provider.Assignment) { a.Center.Role = roleARN },
		"no region":        func(a *provider.Assignment) { a.Center.Region = "evil.example.com/" },
	} {
		lease := w.assignment("one")
		change(lease.Assignment)
		if err := center.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if calls := w.double.Calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}
	lease := w.assignment("one")
	if err := center.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	for _, s := range w.double.Sessions() {
		if !strings.Contains(s.Policy, `"Resource":["`+instance+`","`+setARN+`","arn:aws:sso:::account/`+account+`"]`) || s.Until.Sub(s.Begun) > 15*time.Minute {
			t.Errorf("a session until %s may %s", s.Until, s.Policy)
		}
	}
}

// TestMotoCenter: opening, opening once more, listing and closing in moto's eyes. Moto
// does not know what work is under way, and spells the ARNs of permission sets otherwise
// than AWS does; somebody in between puts both right.
func TestMotoCenter(t *testing.T) {
	moto, err := url.Parse(mototest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	onward := httputil.NewSingleHostReverseProxy(moto)
	spelled := func(in io.Reader, from, to string) (io.ReadCloser, int64) {
		body, err := io.ReadAll(in)
		if err != nil {
			t.Error(err)
		}
		body = bytes.ReplaceAll(body, []byte(from), []byte(to))
		return io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	theirs, ours := instance+"/ps-", strings.TrimSuffix(setARN, "0011223344556677")
	onward.ModifyResponse = func(r *http.Response) error {
		r.Body, r.ContentLength = spelled(r.Body, theirs, ours)
		r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
		return nil
	}
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if target := r.Header.Get("X-Amz-Target"); strings.HasSuffix(target, "CreationStatus") && strings.Contains(target, ".List") || strings.HasSuffix(target, "DeletionStatus") && strings.Contains(target, ".List") {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			fmt.Fprint(w, `{}`)
			return
		}
		r.Body, r.ContentLength = spelled(r.Body, ours, theirs)
		onward.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	w, center := centerWorld(t, func(o *aws.Options) { o.Endpoints = aws.Endpoints{"sts": moto.String(), "sso": between.URL} })
	w.clock.t = time.Now()
	by := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})
	client := ssoadmin.New(ssoadmin.Options{Region: "eu-west-1", BaseEndpoint: sdk.String(moto.String()), Credentials: by})
	made, err := client.CreatePermissionSet(t.Context(), &ssoadmin.CreatePermissionSetInput{
		InstanceArn: sdk.String(instance), Name: sdk.String("EmergencyDatabase"), SessionDuration: sdk.String("PT1H"),
	})
	if err != nil {
		t.Fatal(err)
	}
	lease := w.assignment("one")
	lease.Assignment.Of.Set = strings.Replace(*made.PermissionSet.PermissionSetArn, theirs, ours, 1)
	for range 2 {
		if err := center.Open(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := center.Assigned(t.Context(), lease.Assignment.Center, []access.Assignment{lease.Assignment.Of}); err != nil || len(all) != 1 || all[0] != lease.Assignment.Of {
		t.Errorf("assigned are %v, %v", all, err)
	}
	for range 2 {
		if err := center.Close(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := center.List(t.Context(), lease); err != nil || len(ids) != 0 {
		t.Errorf("listed are %v, %v", ids, err)
	}
}
