package api

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/openapi"
	"github.com/halligan-dev/halligan/internal/statement"
)

// members is what the document says of single members beyond their types: the
// bounds that package statement keeps, by its own figures, and what lies in
// bytes that others wrote.
func members() map[string]*openapi.Schema {
	all := map[string]*openapi.Schema{
		"Submission.statement":            openapi.Named("Statement"),
		"Submission.signature":            openapi.Named("AnySignature"),
		"InvitationSubmission.invitation": {About: "The bytes that were signed: canonical JSON, in the reference under formats."},
		"InvitationSubmission.signature":  openapi.Named("AnySignature"),

		"Submission.browser":       {About: "Only of a session statement: its token comes in a cookie and not in the answer."},
		"Submission.notes":         {About: "Each that the statement speaks of.", MaxItems: notesMost},
		"Submission.files":         {About: "Each that the statement names.", MaxItems: filesMost},
		"SaltedNote.salt":          {About: "32 bytes."},
		"SaltedNote.text":          {MinLength: 1, MaxLength: statement.NoteLimit},
		"Signature.sshsig":         {About: "The binary SSHSIG, in its one accepted form."},
		"SSHSignature.sshsig":      {About: "The binary SSHSIG, in its one accepted form."},
		"PasskeySignature.passkey": {About: "What a browser got from a passkey of the statement's actor; the server makes the SSHSIG of it."},

		"PasskeyAssertion.authenticator_data": {About: "As it came."},
		"PasskeyAssertion.client_data":        {About: "clientDataJSON, as it came. Its challenge is what an SSH signature over the statement signs."},
		"PasskeyAssertion.signature":          {About: "DER, as it came."},

		"NoteHash.hash":           {About: "SHA-256 of 32 random bytes and the text."},
		"NoteHash.length":         openapi.Between(1, statement.NoteLimit),
		"Blob.length":             openapi.Between(1, statement.DocumentMost),
		"Seen.size":               openapi.From(0),
		"ReportSubmission.report": {About: "The bytes that were signed."},

		"StatementTaken.receipt": openapi.Named("Receipt"),
		"StatementTaken.events":  openapi.List(openapi.Named("Event")),
		"Entry.events":           openapi.List(openapi.Named("Event")),
		"Cell.anchor":            openapi.Named("Anchor"),
		"Receipt.receipt":        {Const: "v1"},
		"Evidence.evidence":      {Const: "v1"},
		"Anchor.anchor":          {Const: "v1"},
	}
	maps.Copy(all, ofKinds())
	for _, kind := range statement.Kinds {
		name := kindName(kind)
		all[name+".actor"] = id()
		all[name+".ledger"] = &openapi.Schema{About: "The origin of the ledger.", Pattern: patternLedger}
		all[name+".nonce"] = &openapi.Schema{About: "32 random bytes by the signer."}
		all[name+".expires"] = &openapi.Schema{About: "The statement is refused after it."}
		if !slices.Contains([]statement.Kind{statement.KindRequest, statement.KindDecision, statement.KindShare}, kind) {
			all[name+".offline"] = nil
		}
	}
	return all
}

// ofKinds are the bounds of the kinds' own members.
func ofKinds() map[string]*openapi.Schema {
	day := openapi.Between(1, int64(statement.DayLongest))
	bag := openapi.Text(`^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$`)
	key := openapi.Text(`^SHA256:[A-Za-z0-9+/]{43}$`)
	serial := openapi.Between(1, statement.SerialMost)
	return map[string]*openapi.Schema{
		"SessionStatement.for": openapi.Between(1, int64(statement.SessionLongest)),

		"RequestStatement.scenario": id(),
		"RequestStatement.severity": openapi.OneOf(access.Severities...),
		"RequestStatement.for":      day,
		"RequestStatement.targets":  targets(1),
		"RequestStatement.incident": bag,
		"DecisionStatement.verdict": openapi.OneOf(statement.Approve, statement.Deny),
		"Narrow.for":                day,
		"Narrow.targets":            targets(1),
		"FetchStatement.target":     id(),
		"ReleaseStatement.targets":  targets(1),
		"AttestStatement.target":    id(),
		"ExtendStatement.for":       day,
		"ExtendStatement.targets":   targets(1),
		"ReconcileStatement.acts":   {MinItems: 1, MaxItems: statement.ActsMost},

		"ChangeStatement.ledger_key": openapi.Text(`^[!-~]{1,320}$`),
		"Removal.person":             id(),
		"Removal.key":                key,
		"Amend.with":                 {MaxItems: statement.AmendScenariosMost},
		"Amend.texts":                {MaxItems: statement.AmendTextsMost},
		"RecoverStatement.with":      nil, // it brings no scenarios
		"RecoverStatement.texts":     {MaxItems: statement.AmendTextsMost},
		"UpgradeStatement.rules":     openapi.From(2),
		"ClockStatement.step":        openapi.Between(-statement.StepMost, statement.StepMost),
		"EpochStatement.number":      openapi.Between(2, statement.EpochsMost),
		"VouchStatement.person":      id(),
		"VouchStatement.key":         key,
		"VouchStatement.how":         {Const: string(statement.InPerson)},

		"SealStatement.envelope":    id(),
		"SealStatement.serial":      serial,
		"SealStatement.threshold":   openapi.Between(1, statement.CustodiansMost),
		"SealStatement.holders":     {MinItems: 1, MaxItems: statement.CustodiansMost},
		"Held.custodian":            id(),
		"Held.bag":                  bag,
		"Held.place":                bag,
		"ShareStatement.envelope":   id(),
		"ShareStatement.serial":     serial,
		"ShareStatement.bag":        bag,
		"RotateStatement.envelope":  id(),
		"RotateStatement.serial":    serial,
		"RotateStatement.new":       {Const: statement.SeenAccepted},
		"RotateStatement.old":       {Const: statement.SeenRefused},
		"InspectStatement.envelope": id(),
		"InspectStatement.serial":   serial,
		"InspectStatement.bag":      bag,
		"InspectStatement.place":    bag,

		"ReviewStatement.misuse":   openapi.OneOf(statement.Yes, statement.No),
		"SignOffStatement.verdict": openapi.OneOf(statement.Accept, statement.SendBack),
	}
}

// id is the id of a person, scenario, target or envelope.
func id() *openapi.Schema { return openapi.Text(patternID) }

// targets are sorted, each once.
func targets(least int) *openapi.Schema {
	return &openapi.Schema{About: "Sorted, each once.", Items: id(), MinItems: least, MaxItems: statement.TargetsMost, Unique: true}
}
