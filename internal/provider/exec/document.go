package exec

import (
	_ "embed"
	"fmt"
	"regexp"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Version stands in the member "halligan" of both documents.
const Version = "exec-v1"

// Schema is the JSON Schema (draft 2020-12) of both documents.
//
//go:embed schema.json
var Schema []byte

// Deed is what a program is asked to do.
type Deed string

// The deeds.
const (
	Open  Deed = "open"  // make the lease stand at the target
	Close Deed = "close" // end it
	Probe Deed = "probe" // say whether it works, and whether a control does
	List  Deed = "list"  // say which leases of ours stand at the target
)

// Request is the document on a program's stdin.
type Request struct {
	Halligan   string            `json:"halligan"`
	Deed       Deed              `json:"deed"`
	Lease      string            `json:"lease"`   // names the lease for good: mark what is opened with it
	Request    string            `json:"request"` // short id, as people see it
	Person     string            `json:"person"`  // person id of the cell
	Program    string            `json:"program"`
	Target     string            `json:"target"`
	Parameters map[string]string `json:"parameters"`
	Until      canon.Time        `json:"until"`    // end of the grant
	Deadline   canon.Time        `json:"deadline"` // when the process is killed
}

// Response is the document from its stdout.
type Response struct {
	Halligan string         `json:"halligan"`
	Done     bool           `json:"done"`              // what was asked is so now
	Why      Why            `json:"why,omitempty"`     // when it is not
	Lease    *access.Answer `json:"lease,omitempty"`   // of a probe: whether the lease's access works
	Control  *access.Answer `json:"control,omitempty"` // of a probe: whether an access that must work does
	Leases   []string       `json:"leases,omitzero"`   // of a list: everything of ours that stands
}

// Why says why a program could not do what was asked.
type Why string

// The reasons.
const (
	WhyUnreachable Why = "unreachable"
	WhyRefused     Why = "refused"
)

// leasesMost bounds a list.
const leasesMost = 10_000

var leaseShape = regexp.MustCompile(`^halligan:[0-9a-f]{16}:[a-z0-9][a-z0-9._-]{0,62}$`)

// DecodeResponse reads what a program answered to a deed, strictly.
func DecodeResponse(data []byte, to Deed) (Response, error) {
	var r Response
	if len(data) > OutputMost || json.Unmarshal(data, &r, json.RejectUnknownMembers(true)) != nil {
		return Response{}, fmt.Errorf("the answer is not a document of %s", Version) // nothing of what it wrote is repeated
	}
	if r.Halligan != Version {
		return Response{}, fmt.Errorf("the answer is not of version %s", Version)
	}
	return r, r.check(to)
}

// check refuses what does not belong to the deed. Its errors hold nothing of
// what the program wrote.
func (r Response) check(to Deed) error {
	switch {
	case r.Done == (r.Why != ""):
		return fmt.Errorf("the answer must be done, or say why not")
	case r.Why != "" && r.Why != WhyUnreachable && r.Why != WhyRefused:
		return fmt.Errorf("why must be %q or %q", WhyUnreachable, WhyRefused)
	case (r.Lease != nil || r.Control != nil) && to != Probe, r.Leases != nil && to != List:
		return fmt.Errorf("the answer holds what belongs to another deed than %s", to)
	case to == Probe && r.Done && (r.Lease == nil || r.Control == nil):
		return fmt.Errorf("a probe must answer lease and control")
	case to == List && r.Done && r.Leases == nil, len(r.Leases) > leasesMost:
		return fmt.Errorf("a list must answer 0 to %d leases", leasesMost)
	}
	for _, answer := range []*access.Answer{r.Lease, r.Control} {
		if answer != nil && *answer != access.Accepted && *answer != access.Refused && *answer != access.Unreachable {
			return fmt.Errorf("a probe must answer accepted, refused or unreachable")
		}
	}
	for _, lease := range r.Leases {
		if !leaseShape.MatchString(lease) {
			return fmt.Errorf("a list may name only leases that were given to the program")
		}
	}
	return nil
}

// request is the document about a lease.
func request(deed Deed, lease provider.Lease, deadline canon.Time) Request {
	parameters := lease.Parameters
	if parameters == nil {
		parameters = map[string]string{}
	}
	return Request{
		Halligan: Version, Deed: deed, Lease: lease.KeyID, Request: lease.Request, Person: lease.Person,
		Program: lease.Program, Target: lease.Target, Parameters: parameters, Until: lease.Until, Deadline: deadline,
	}
}
