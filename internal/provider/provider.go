package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Lease is what a provider is told of a lease.
type Lease struct {
	KeyID      string   // names the lease for good: idempotency key, and what is revoked
	Target     string   // target name
	Host       Host     // where it is
	User       string   // account
	Principals []string // of its certificates
	Until      canon.Time
	Program    string            // id of the program that opens it; empty: it is at a host
	Parameters map[string]string // of the program
	Request    string            // short id of the request
	Person     string            // person id of the requester
	AWS        *AWS              // nil: it is no role of AWS
	Assignment *Assignment       // nil: it is not in IAM Identity Center
	Automation *Automation       // nil: no execution of Systems Manager opens it
}

// Automation is a document of Systems Manager Automation, as a lease runs it.
type Automation struct {
	Role     string       // ARN of the role that starts and stops
	Door     string       // how that is taken: empty, or access.DoorExternalID
	Regions  []string     // of the STS endpoints, in the order in which they are tried
	Region   string       // where the document is
	Document string       // its name
	Version  int64        // that alone may be started
	Digest   canon.Digest // SHA-256 of its content
	ActsAs   string       // ARN of the role that the document acts as
	// Parameters are all that an execution is given. They stay the same for a lease.
	Parameters    map[string]string
	Opens, Closes string // steps
	Opened        bool   // it was seen open: that no execution of it is listed proves nothing
	// Held tells, as of the instant at which it is asked, whether the lease may be
	// opened still. Nil: it may.
	Held func() bool
}

// Assignment is a permission set of an account that a user of IAM Identity Center
// has while a lease lives.
type Assignment struct {
	Center  Center
	Of      access.Assignment
	Set     string        // the name of the permission set, and the longest session that
	Session canon.Seconds // it may have: another would be given for longer than was signed
	// Claimed says that the ledger holds that the assignment is ours to make: only then
	// may it be made, or deleted.
	Claimed bool
	// Needed tells, as of the instant at which it is asked, whether a live lease needs
	// the assignment. Nil: none does.
	Needed func() bool
}

// Center is the organisation's IAM Identity Center, and the role that assigns there.
type Center struct {
	Instance string   // ARN
	Region   string   // where it takes changes
	Role     string   // ARN
	Regions  []string // of the STS endpoints, in the order in which they are tried
}

// Denial is the organisation's service control policy by which sessions that IAM
// Identity Center began are denied, and the role that writes it.
type Denial struct {
	Policy  string   // ARN
	Role    string   // ARN
	Regions []string // of the STS endpoints, in the order in which they are tried
	// Wanted is what the policy should say as of the instant at which it is asked, on
	// one line.
	Wanted func() ([]byte, error)
	// Read gives what a policy says on one line, and tells whether nobody else wrote
	// into it.
	Read func(content string) (line []byte, ours bool)
}

// AWS is a role of an AWS account, as a lease opens it. The sessions are the law's;
// when they begin, and the id of their token, is set by whoever asks for them.
type AWS struct {
	Twin     access.Session  // bears what every session of the lease bears, and may do the probe alone
	Control  access.Session  // bears no slot: it must be let in for a refusal to mean anything
	Probe    access.AWSProbe // what a round asks for
	Regions  []string        // where
	Slot     int             // of the lease, from 1
	Sessions bool            // sessions of Systems Manager are to be listed and ended
	Root     bool            // the role is a way to a root user: it has no slot, and nothing to probe
	// Ending tells, as of the instant at which it is asked, whether a lease of the
	// slot, this one among them, has ended and can still live: then the slot must stay
	// attached. Nil: none has.
	Ending func() bool
}

// Host is an SSH host as the cell knows it.
type Host struct {
	ID      string
	Address string   // host:port
	Keys    []string // authorized_keys lines of its host keys; no other is believed
}

// Provider opens and ends leases at targets. Every method may be called
// concurrently and repeatedly, also after it succeeded, and may have had its
// effect although it failed.
type Provider interface {
	// Open makes the target usable. Its errors wrap ErrUnreachable or
	// ErrRefused where they can; the caller tries again.
	Open(ctx context.Context, lease Lease) error
	// Close does what ends the lease at the target, short of proving it.
	Close(ctx context.Context, lease Lease) error
	// Probe asks one host, in one round, whether the twins of leases are
	// accepted, and whether a control is. It gives one round for each lease, in
	// order, and changes nothing at the host.
	Probe(ctx context.Context, leases []Lease) []access.Round
}

// Lister is a Provider whose targets can say what stands open there.
type Lister interface {
	// List gives the key ids of every lease of ours that stands open at the
	// lease's target, the lease's own among them if it does. A list that is not
	// known to be whole is an error, never a shorter list.
	List(ctx context.Context, lease Lease) ([]string, error)
}

// Clearer is a Provider whose Close leaves something at the target.
type Clearer interface {
	// Clear takes off what closing a lease left there. Nothing of the lease may be
	// able to live any more; where another lease needs the same thing, it stays, and
	// that is an error that wraps ErrUnreachable.
	Clear(ctx context.Context, lease Lease) error
}

var (
	// ErrUnreachable says that the target did not answer.
	ErrUnreachable = errors.New("the target cannot be reached")
	// ErrRefused says that the target answered no.
	ErrRefused = errors.New("the target refuses")
	// ErrChanged says that what is there is not what was signed.
	ErrChanged = fmt.Errorf("it is not what was signed: %w", ErrRefused)
	// ErrNeeded says that what a lease would close another live lease needs.
	ErrNeeded = errors.New("another live grant needs it")
	// ErrForeign says that somebody else changed what would be changed.
	ErrForeign = errors.New("somebody else changed it")
	// ErrUnready says that nobody was asked: this server lacks what that takes.
	ErrUnready = errors.New("this server is not set up for it")
)
