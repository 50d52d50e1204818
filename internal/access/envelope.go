package access

import "github.com/halligan-dev/halligan/internal/canon"

// Envelope is a sealed credential that a scenario opens: what must hold for it,
// whoever seals it. Where several scenarios open one, all must hold.
type Envelope struct {
	Name        string        `json:"name"`       // of the envelope, and of the target
	Custodians  string        `json:"custodians"` // group reference: who may hold a share
	Threshold   int           `json:"threshold"`  // the least number of shares that open it
	SealedBy    string        `json:"sealed_by"`  // group reference: who may seal and rotate it
	RotateEvery canon.Seconds `json:"rotate_every,omitzero"`
	Physical    bool          `json:"physical,omitzero"` // numbered bags, no files
	Honey       bool          `json:"honey,omitzero"`    // nobody has a reason to: any request or share alarms at once
	Contents    *Contents     `json:"contents,omitzero"` // where it can be changed without a person; nil: only those who seal it know
}

// RotateLeast and RotateMost bound Envelope.RotateEvery.
const (
	RotateLeast = canon.Seconds(24 * 3600)
	RotateMost  = canon.Seconds(10 * 366 * 24 * 3600)
)

// Share is one custodian's share, given to one request.
type Share struct {
	Custodian string       `json:"custodian"`
	Serial    int64        `json:"serial"`
	Statement canon.Digest `json:"statement"`
	Sealed    canon.Digest `json:"sealed,omitzero"` // the file, for the holder's X25519 key
	Bag       string       `json:"bag,omitempty"`
	At        canon.Time   `json:"at"`
}

// Envelope finds the envelope that the scenario opens under a name.
func (s *Scenario) Envelope(name string) (*Envelope, bool) {
	for _, open := range s.Opens {
		if open.Envelope != nil && open.Envelope.Name == name {
			return open.Envelope, true
		}
	}
	return nil, false
}

// Name is the target name of what is opened.
func (o Open) Name() string {
	switch {
	case o.SSH != nil:
		return o.SSH.Name
	case o.Envelope != nil:
		return o.Envelope.Name
	case o.Exec != nil:
		return o.Exec.Name
	case o.AWS != nil:
		return o.AWS.Name
	case o.RootTask != nil:
		return o.RootTask.Name
	case o.IdentityCenter != nil:
		return o.IdentityCenter.Name
	case o.Automation != nil:
		return o.Automation.Name
	}
	return ""
}
