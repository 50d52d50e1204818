package cell

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Event is something that the rules decided has happened. Which request it
// happened to is said by the stream of its entry.
type Event interface{ event() string }

// Events of the cell itself.
type (
	// Founded: a founder signed genesis.
	Founded struct {
		Person string `json:"person"`
	}
	// Sealed: the last founder signed; the cell lives.
	Sealed struct {
		Genesis canon.Digest `json:"genesis"`
	}
	// ChangeProposed: a removal waits for the change quorum.
	ChangeProposed struct {
		Change Change `json:"change"`
	}
	// ChangeDecided: one more verdict on a proposed change.
	ChangeDecided struct {
		Change   canon.Digest    `json:"change"`
		Decision access.Decision `json:"decision"`
	}
	// ChangeOver: the change took effect ("done"), was denied or lapsed.
	ChangeOver struct {
		Change canon.Digest `json:"change"`
		State  ChangeState  `json:"state"`
	}
	// PersonRemoved: a person counts no more.
	PersonRemoved struct {
		Person string `json:"person"`
	}
	// KeyRemoved: a key counts no more.
	KeyRemoved struct {
		Person string `json:"person"`
		Key    string `json:"key"`
	}
	// RulesRaised: from the next entry on the cell decides by newer rules.
	RulesRaised struct {
		Rules int `json:"rules"`
	}
	// RefusalsCounted: refused attempts that got no entry of their own.
	RefusalsCounted struct {
		Counts map[string]int64 `json:"counts"` // reason → attempts
	}
)

// SessionOpened: a person may read until then.
type SessionOpened struct {
	Person string     `json:"person"`
	Until  canon.Time `json:"until"`
}

// Refused: a rule said no to somebody who was authenticated.
type Refused struct {
	Person string `json:"person"`
	Reason Reason `json:"reason"`
}

// Events of a request.
type (
	// RequestMade: the request waits for its quorum.
	RequestMade struct {
		Request access.Request `json:"request"`
	}
	// LadderWidened: nobody answered in time; more people may fill places.
	LadderWidened struct {
		Widened access.Widened `json:"widened"`
	}
	// Decided: one more verdict.
	Decided struct {
		Decision access.Decision `json:"decision"`
	}
	// Agreed: the quorum is filled; the grant begins and its leases open.
	Agreed struct {
		Grant  access.Grant   `json:"grant"`
		Leases []access.Lease `json:"leases"`
	}
	// RequestOver: the request came to nothing: denied, withdrawn, lapsed, void.
	RequestOver struct {
		State access.State `json:"state"`
		By    string       `json:"by,omitempty"`
		Code  bool         `json:"code,omitzero"` // that it was by them is the server's word
	}
	// GrantEnded: nothing more is authorised under the grant.
	GrantEnded struct {
		End access.End `json:"end"`
	}
	// ReviewOpened: the review of the request is due.
	ReviewOpened struct {
		Review access.Review `json:"review"`
	}
)

// Events of a lease.
type (
	// LeaseOpened: the target may be used.
	LeaseOpened struct {
		Target string `json:"target"`
	}
	// OpenFailed: the target could not be opened yet, or no session works there yet;
	// it is tried again.
	OpenFailed struct {
		Target string `json:"target"`
		Why    string `json:"why"`
	}
	// TwinWorked: the twin was accepted while the lease was open, so that a
	// later refusal means something.
	TwinWorked struct {
		Target string `json:"target"`
	}
	// CredentialAuthorised binds a credential before it exists: the digest of
	// the unsigned certificate or session and its serial, both rebuilt by verify.
	CredentialAuthorised struct {
		Target   string       `json:"target"`
		Serial   string       `json:"serial"` // sixteen hexadecimal digits
		After    canon.Time   `json:"after"`
		Before   canon.Time   `json:"before"`
		Unsigned canon.Digest `json:"unsigned"`
		Fetch    canon.Digest `json:"fetch"`
		Console  bool         `json:"console,omitzero"` // for a link to sign in to a console
	}
	// CredentialDelivered: it left the server.
	CredentialDelivered struct {
		Target string       `json:"target"`
		Fetch  canon.Digest `json:"fetch"`
	}
	// MintFailed: it did not.
	MintFailed struct {
		Target string       `json:"target"`
		Fetch  canon.Digest `json:"fetch"`
		Why    string       `json:"why"`
	}
	// LeaseClosing: nothing more is issued; death is to be proved.
	LeaseClosing struct {
		Target  string         `json:"target"`
		Closing access.Closing `json:"closing"`
	}
	// LeaseShut: its program said that it closed, or Identity Center lists its
	// assignment no more. That is no proof that nobody is inside.
	LeaseShut struct {
		Target string `json:"target"`
	}
	// LeaseProved: one piece of the proof of death.
	LeaseProved struct {
		Target string       `json:"target"`
		Proof  access.Proof `json:"proof"`
	}
	// LeaseClosed: the proofs suffice.
	LeaseClosed struct {
		Target string `json:"target"`
	}
	// ClosingOverdue: a lease is closing for longer than it should; it pages.
	ClosingOverdue struct {
		Target string     `json:"target"`
		Since  canon.Time `json:"since"`
	}
	// AlarmAnswered: what became of one alarm on one channel.
	AlarmAnswered struct {
		Channel   string `json:"channel"`
		Delivered bool   `json:"delivered"`
		Status    int    `json:"status,omitzero"`
	}
)

func (*Founded) event() string              { return "founded" }
func (*Sealed) event() string               { return "sealed" }
func (*ChangeProposed) event() string       { return "change-proposed" }
func (*ChangeDecided) event() string        { return "change-decided" }
func (*ChangeOver) event() string           { return "change-over" }
func (*PersonRemoved) event() string        { return "person-removed" }
func (*KeyRemoved) event() string           { return "key-removed" }
func (*RulesRaised) event() string          { return "rules-raised" }
func (*RefusalsCounted) event() string      { return "refusals-counted" }
func (*SessionOpened) event() string        { return "session-opened" }
func (*Refused) event() string              { return "refused" }
func (*RequestMade) event() string          { return "request-made" }
func (*LadderWidened) event() string        { return "ladder-widened" }
func (*Decided) event() string              { return "decided" }
func (*Agreed) event() string               { return "agreed" }
func (*RequestOver) event() string          { return "request-over" }
func (*GrantEnded) event() string           { return "grant-ended" }
func (*ReviewOpened) event() string         { return "review-opened" }
func (*LeaseOpened) event() string          { return "lease-opened" }
func (*OpenFailed) event() string           { return "open-failed" }
func (*TwinWorked) event() string           { return "twin-worked" }
func (*CredentialAuthorised) event() string { return "credential-authorised" }
func (*CredentialDelivered) event() string  { return "credential-delivered" }
func (*MintFailed) event() string           { return "mint-failed" }
func (*LeaseClosing) event() string         { return "lease-closing" }
func (*LeaseShut) event() string            { return "lease-shut" }
func (*LeaseProved) event() string          { return "lease-proved" }
func (*LeaseClosed) event() string          { return "lease-closed" }
func (*ClosingOverdue) event() string       { return "closing-overdue" }
func (*AlarmAnswered) event() string        { return "alarm-answered" }

// EventNames lists the name of every event, as entries spell it.
func EventNames() []string {
	names := make([]string, 0, len(eventTypes))
	for name := range eventTypes {
		names = append(names, name)
	}
	return names
}

// NameOf is the name of an event, as entries spell it.
func NameOf(e Event) string { return e.event() }

var eventTypes = index(
	&Founded{}, &Sealed{}, &ChangeProposed{}, &ChangeDecided{}, &ChangeOver{}, &PersonRemoved{}, &KeyRemoved{}, &RulesRaised{},
	&ClockDoubted{}, &ClockTrusted{}, &RefusalsCounted{}, &SessionOpened{}, &Refused{}, &RequestMade{}, &LadderWidened{}, &Decided{},
	&Agreed{}, &RequestOver{}, &GrantEnded{}, &ReviewOpened{}, &LeaseOpened{}, &OpenFailed{}, &TwinWorked{},
	&CredentialAuthorised{}, &CredentialDelivered{}, &MintFailed{}, &LeaseClosing{}, &LeaseShut{}, &LeaseProved{}, &LeaseClosed{},
	&ClosingOverdue{}, &AlarmAnswered{}, &EnvelopeSealed{}, &EnvelopeRotated{}, &EnvelopeInspected{}, &EnvelopeOwed{},
	&EnvelopeOverdue{}, &ShareGiven{}, &HoneyTouched{}, &Amended{}, &KeyAdded{},
	&ReviewWritten{}, &ReviewReturned{}, &ReviewSignedOff{}, &ReviewOverdue{},
	&Witnessed{}, &WitnessesSilent{}, &WitnessesOverdue{}, &CredentialWitnessed{}, &CredentialUnwitnessed{},
	&EpochSigned{}, &EpochBegun{}, &StraysFound{}, &HostSurveyed{}, &ClockAgreed{},
	&ExtensionAsked{}, &ExtensionDecided{}, &Extended{}, &KeyVouched{}, &SymptomLookedAt{}, &OutageWitnessed{},
	&RequestWitnessed{}, &SoloOffered{}, &SoloTaken{}, &SoloHeard{}, &SoloBegun{}, &Reconciled{},
	&RecoveryAgreed{}, &RecoveryWaits{}, &RecoveryOver{},
	&LedgerKeyRotated{}, &OverlapRecorded{},
	&KeySuspended{}, &SuspensionOpposed{}, &SuspensionOver{}, &AssignmentClaimed{}, &AssignmentsFound{}, &DenialSeen{}, &UserMoved{},
)

func index(events ...Event) map[string]reflect.Type {
	types := make(map[string]reflect.Type, len(events))
	for _, e := range events {
		types[e.event()] = reflect.TypeOf(e).Elem()
	}
	return types
}

// EncodeEvents gives the events as entries hold them: {"name":{…}}.
func EncodeEvents(events []Event) ([]jsontext.Value, error) {
	values := make([]jsontext.Value, 0, len(events))
	for _, e := range events {
		body, err := canon.Encode(e)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", e.event(), err)
		}
		values = append(values, slices.Concat([]byte(`{"`), []byte(e.event()), []byte(`":`), body, []byte("}")))
	}
	return values, nil
}

// DecodeEvents reads the events of an entry, strictly.
func DecodeEvents(values []jsontext.Value) ([]Event, error) {
	events := make([]Event, 0, len(values))
	for i, value := range values {
		var named map[string]jsontext.Value
		if err := json.Unmarshal(value, &named); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		if len(named) != 1 {
			return nil, fmt.Errorf("event %d: must have exactly one name", i)
		}
		for name, body := range named {
			kind, known := eventTypes[name]
			if !known {
				return nil, fmt.Errorf("event %d: %q is not an event of this version", i, name)
			}
			e := reflect.New(kind).Interface().(Event)
			if err := canon.Decode(body, len(body), e); err != nil {
				return nil, fmt.Errorf("event %d, %s: %w", i, name, err)
			}
			events = append(events, e)
		}
	}
	return events, nil
}
