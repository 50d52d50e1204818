package api

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/openapi"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// entryShape is an entry of the ledger.
type entryShape = ledger.Entry

// statements makes the schema of a statement: one of every kind.
func (d *describer) statements() {
	all := &openapi.Schema{
		About:         "Canonical JSON (RFC 8785): sorted members, no white space, nothing empty that may be left out.",
		Discriminator: &openapi.Discriminator{Member: "kind", Mapping: map[string]string{}},
	}
	for _, kind := range statement.Kinds {
		body, ok := statement.Blank(kind)
		if !ok {
			d.faults = append(d.faults, fmt.Errorf("kind %s has no body", kind))
			continue
		}
		name := kindName(kind)
		s := d.schemas.Object(name, true, reflect.TypeFor[statement.Header](), reflect.TypeOf(body).Elem())
		s.Properties["halligan"] = &openapi.Schema{Const: statement.Version}
		s.Properties["kind"] = &openapi.Schema{Const: string(kind)}
		s.Required = append(s.Required, "halligan", "kind")
		if rule, ok := cell.RuleOf(kind); ok {
			s.About = fmt.Sprintf("Signed by %s, with the %s's key, under the namespace halligan.v1.%s.", rule.Who, rule.Signer, kind)
		}
		ref := d.schemas.Put(name, s)
		all.OneOf = append(all.OneOf, ref)
		all.Discriminator.Mapping[string(kind)] = ref.Ref
	}
	d.schemas.Put("Statement", all)
	d.schemas.Put("AnySignature", &openapi.Schema{OneOf: []*openapi.Schema{
		d.schemas.Of(reflect.TypeFor[sshSignatureShape](), true), d.schemas.Of(reflect.TypeFor[passkeySignatureShape](), true),
	}})
}

// kindName is the component of a kind: sign-off is SignOffStatement.
func kindName(kind statement.Kind) string {
	name := ""
	for word := range strings.SplitSeq(string(kind), "-") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name + "Statement"
}

// newSchemas knows what reflection cannot see of our types.
func newSchemas() *openapi.Schemas {
	digest := openapi.Text(patternDigest)
	return &openapi.Schemas{
		Known: map[reflect.Type]*openapi.Schema{
			reflect.TypeFor[canon.Digest]():      digest,
			reflect.TypeFor[canon.Key32]():       digest,
			reflect.TypeFor[canon.KeyP256]():     openapi.Text(patternP256),
			reflect.TypeFor[canon.Time]():        {Type: "string", Format: "date-time", Pattern: patternTime},
			reflect.TypeFor[canon.Seconds]():     {Type: "integer", About: "Seconds."},
			reflect.TypeFor[jsontext.Value]():    {Type: "object"},
			reflect.TypeFor[documentShape]():     {Type: "object"},
			reflect.TypeFor[access.Severity]():   openapi.OneOf(access.Severities...),
			reflect.TypeFor[view.InBrowser]():    openapi.OneOf(view.SignsIn, view.WhereOpened),
			reflect.TypeFor[view.Readiness]():    openapi.OneOf(view.Readinesses...),
			reflect.TypeFor[access.State]():      openapi.OneOf(access.States...),
			reflect.TypeFor[access.Seen]():       openapi.OneOf(access.Seens...),
			reflect.TypeFor[view.Light]():        openapi.OneOf(view.LightRed, view.LightAmber, view.LightNotLooked, view.LightGreen),
			reflect.TypeFor[access.LeaseState](): openapi.OneOf(access.LeaseOpening, access.LeaseOpen, access.LeaseClosing, access.LeaseClosed),
			reflect.TypeFor[access.ProofKind](): openapi.OneOf(access.ProofExpired, access.ProofRefused, access.ProofEnded,
				access.ProofAttested, access.ProofUnissued, access.ProofRotated),
			reflect.TypeFor[access.Denial]():    openapi.OneOf(access.Denials...),
			reflect.TypeFor[custody.State]():    openapi.OneOf(custody.Sealed, custody.Opening, custody.Broken, custody.Due, custody.Retired),
			reflect.TypeFor[statement.Answer](): openapi.OneOf(statement.Yes, statement.Partly, statement.No),
			reflect.TypeFor[statement.Check]():  openapi.OneOf(statement.CallBack, statement.Video, statement.InPerson, statement.NotChecked),
		},
		Names: map[reflect.Type]string{
			reflect.TypeFor[claim]():                 "Cell",
			reflect.TypeFor[reader]():                "Me",
			reflect.TypeFor[readScenario]():          "ScenarioRead",
			reflect.TypeFor[envelope]():              "Submission",
			reflect.TypeFor[answered]():              "StatementTaken",
			reflect.TypeFor[salted]():                "SaltedNote",
			reflect.TypeFor[sshSignatureShape]():     "SSHSignature",
			reflect.TypeFor[passkeySignatureShape](): "PasskeySignature",
			reflect.TypeFor[assertion]():             "PasskeyAssertion",
			reflect.TypeFor[reported]():              "ReportSubmission",
			reflect.TypeFor[invited]():               "InvitationSubmission",
			reflect.TypeFor[coded]():                 "CodeSubmission",
			reflect.TypeFor[attested]():              "KeySubmission",
			reflect.TypeFor[acceptedKey]():           "AcceptedKey",
			reflect.TypeFor[opened]():                "OpenedInvitation",
			reflect.TypeFor[accepted]():              "AcceptedOffer",
			reflect.TypeFor[receiptShape]():          "Receipt",
			reflect.TypeFor[evidenceShape]():         "Evidence",
			reflect.TypeFor[provedShape]():           "ProvedEntry",
			reflect.TypeFor[noteShape]():             "NoteOfEvidence",
			reflect.TypeFor[anchorShape]():           "Anchor",
			reflect.TypeFor[statement.Note]():        "NoteHash",
			reflect.TypeFor[statement.Holder]():      "HolderKeys",
			reflect.TypeFor[access.Share]():          "LeaseShare",
			reflect.TypeFor[custody.Owed]():          "OwedContent",
			reflect.TypeFor[custody.Holder]():        "SealingHolder",
		},
		Members: members(),
	}
}
