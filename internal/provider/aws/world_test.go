package aws_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/seal"
)

const (
	origin    = "halligan.example.com"
	account   = "123456789012"
	roleARN   = "arn:aws:iam::" + account + ":role/EmergencyDatabase"
	stopARN   = "arn:aws:iam::" + account + ":role/halligan-stopper"
	first     = "https://oidc.halligan.example.com"
	standby   = "https://oidc.halligan-standby.example.net"
	subject   = origin + "/database/db"
	narrowest = `{"Statement":[{"Action":["*"],"Effect":"Allow","Resource":["*"]},{"Action":["*"],"Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":["%s"]}},"Effect":"Deny","Resource":["*"]}],"Version":"2012-10-17"}`
)

var regions = []string{"eu-west-1", "eu-central-1"}

// tokenKeys are made once: it takes a while.
var tokenKeys = sync.OnceValue(func() (pairs [3][2][]byte) {
	for i := range pairs {
		private, public, err := issuer.GenerateOIDC(rand.Reader)
		if err != nil {
			panic(err)
		}
		pairs[i] = [2][]byte{private, public}
	}
	return pairs
})

// clock is a test's time. It moves when it is told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// signer keeps what it signed, so that a test can look for it.
type signer struct {
	*issuer.OIDC
	mu     sync.Mutex
	tokens []string
}

func (s *signer) Sign(claims []byte) (string, error) {
	token, err := s.OIDC.Sign(claims)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.tokens = append(s.tokens, token)
	}
	return token, err
}

func (s *signer) signed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.tokens...)
}

// world is a double of AWS, an issuer that it knows, and the provider.
type world struct {
	*clock
	aws    *aws.AWS
	double *awstest.Double
	signer *signer
	holder *ecdh.PrivateKey
	slots  map[string]int
	mu     sync.Mutex
	broken map[string]bool // issuers that cannot be reached
	cell   aws.Cell
}

func newWorld(t *testing.T, change ...func(*aws.Options)) *world {
	t.Helper()
	w := &world{
		clock: &clock{t: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}, double: awstest.New(t),
		slots: map[string]int{}, broken: map[string]bool{},
	}
	pair := tokenKeys()[0]
	key, err := issuer.OpenOIDC(pair[0], issuer.Bounds{Audience: access.STSAudience, Subject: origin + "/", Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	w.signer = &signer{OIDC: key}
	if w.holder, err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.cell = aws.Cell{Origin: origin, Issuers: []string{first, standby}, Key: key.KeyID(), Accounts: []string{account}}
	w.double.SetClock(w.now)
	for _, url := range w.cell.Issuers {
		w.double.AddIssuer(url, func() ([]byte, error) { return w.published(url, pair[1]) })
	}
	w.double.AddRole(awstest.Role{
		ARN: roleARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-",
		Strengths: []string{"user-verified"}, Allows: []string{"rds:*", "ssm:StartSession"},
	})
	w.double.AddRole(awstest.Role{
		ARN: stopARN, Audience: access.STSAudience, Subjects: []string{origin + "/stopper"}, Sources: "hg-",
		Allows: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy", "ssm:DescribeSessions", "ssm:TerminateSession"},
	})
	o := aws.Options{
		Keys: []aws.Signer{w.signer}, Cell: func() aws.Cell { return w.cell }, Seal: func(secret []byte, to access.Recipient) (string, error) { return seal.ToHolder(secret, to.X25519) },
		Now: func() canon.Time { return canon.At(w.now()) }, Endpoints: w.double.Endpoints(),
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	w.aws = aws.New(o)
	return w
}

func (w *world) published(url string, public []byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken[url] {
		return nil, errors.New("no answer")
	}
	key, err := issuer.ParseJWK(public)
	if err != nil {
		return nil, err
	}
	return issuer.KeySet([]issuer.PublicKey{key})
}

func (w *world) breakIssuer(url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken[url] = true
}

// session is what a fetch under a request authorises, with a slot.
func (w *world) session(request string, slot int, lasts time.Duration) access.Session {
	at := canon.At(w.now().Truncate(time.Second))
	s := access.Session{
		Issuer: first, Audience: access.STSAudience, Subject: subject, RoleARN: roleARN, SourceIdentity: "hg-" + request,
		Tags: []access.Tag{
			{Key: access.TagGrant, Value: request}, {Key: access.TagSlot, Value: access.SlotText(slot)}, {Key: access.TagStrength, Value: "user-verified"},
		},
		At: at, Before: at.Add(lasts), Duration: access.SessionLives, Regions: regions, Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"},
	}
	s.Derive(canon.Sum([]byte(request)))
	s.Policy = fmt.Sprintf(narrowest, s.Before.Std().Format(time.RFC3339))
	return s
}

// lease is the lease of a name, always with the same request and slot.
func (w *world) lease(name string) provider.Lease {
	w.mu.Lock()
	slot := w.slots[name]
	if slot == 0 {
		slot = len(w.slots) + 1
		w.slots[name] = slot
	}
	w.mu.Unlock()
	request := fmt.Sprintf("%016x", slot)
	s := w.session(request, slot, 15*time.Minute)
	return provider.Lease{
		KeyID: "halligan:" + request + ":db", Target: "db", Request: request, Until: s.Before,
		AWS: &provider.AWS{Twin: s.Twin(), Control: s.Control(), Probe: s.Probe, Regions: regions, Slot: slot},
	}
}

// recipient is the holder's public key.
func (w *world) recipient() access.Recipient {
	return access.Recipient{X25519: canon.Key32(w.holder.PublicKey().Bytes())}
}

// open opens what was sealed to the holder.
func (w *world) open(t *testing.T, m aws.Minted) string {
	t.Helper()
	text, err := seal.FromServer(m.Sealed, w.holder.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hides insists that no error holds a token or a key.
func (w *world) hides(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	said := err.Error() + fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range append(w.signer.signed(), "eyJ", "secret-of-", "session-token-of-", "sign-in-token-") {
		if strings.Contains(said, secret) {
			t.Errorf("an error holds a secret: %.80s", said)
		}
	}
}
