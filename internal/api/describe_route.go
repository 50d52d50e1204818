package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/openapi"
	"github.com/halligan-dev/halligan/internal/view"
)

// operations has the description of every route of the table, by its pattern.
// A test fails when either has one that the other lacks.
var operations = withSignIn(map[string]operation{
	"POST /api/v1/statements": {
		id: "submitStatement", tag: tagStatement, summary: "Take a signed statement",
		about: "The only way for a person to change anything. The statement must be in its canonical spelling (RFC 8785): its very bytes are " +
			"what was signed. Send the very same bytes again when no answer came: they count once.",
		body: reflect.TypeFor[envelope](),
		answers: []success{
			{http.StatusCreated, "It was taken; this is what it became.", mediaJSON, reflect.TypeFor[answered]()},
			{http.StatusOK, "It was taken before; this is where.", mediaJSON, reflect.TypeFor[answered]()},
		},
		reasons: append(ofStatements(), reasonOften, reasonBusy, reasonClosed, reasonFetched, reasonOpened, reasonForeign, reasonMintFailed),
	},
	"POST /api/v1/session/end": {
		id: "endSession", tag: tagStatement, summary: "End the session whose token is brought",
		about:   "For good, whatever time it had left. A browser is told to forget its cookie. It takes no body.",
		answers: []success{{status: http.StatusNoContent, about: "It is over."}}, reasons: []string{reasonBusy},
	},
	"GET /api/v1/statements/{digest}": {
		id: "readReceipt", tag: tagStatement, summary: "The receipt of a statement",
		about:   "Its entry and the way from there to a signed checkpoint, with the cosignatures that it has by now.",
		answers: ok[receiptShape]("The receipt, canonical JSON."), reasons: []string{reasonNotFound},
	},
	"POST /api/v1/hosts/report": {
		id: "reportAsHost", tag: tagHost, summary: "Take a host's signed report",
		about: "What a host program found, signed with the report key of that host.",
		body:  reflect.TypeFor[reported](), answers: []success{{status: http.StatusNoContent, about: "It was taken."}},
		reasons: []string{string(cell.ReportRefused), reasonBusy, reasonClosed},
	},
	"POST /api/v1/invitations": {
		id: "signInvitation", tag: tagEnrol, summary: "Take a signed wish about invitations and offers",
		about: "To invite, to revoke an invitation, to discard an offer: signed under the namespace halligan.v1.invitation by somebody who may propose changes now. The signer makes the code, and signs its SHA-256 alone.",
		body:  reflect.TypeFor[invited](), answers: []success{{status: http.StatusNoContent, about: "It was taken, now or before."}},
		reasons: append(ofWishes(), reasonNotProposer, reasonBusy),
	},
	"POST /api/v1/enrol/look": {
		id: "lookUpInvitation", tag: tagEnrol, summary: "Whose passkey a code is for", about: "It spends nothing.",
		body: reflect.TypeFor[coded](), answers: ok[opened]("What the code opens."), reasons: ofWishes(),
	},
	"POST /api/v1/enrol": {
		id: "offerPasskey", tag: tagEnrol, summary: "Offer a new passkey, and spend the code",
		about: "The key comes into no roster by it: somebody proposes it, and the change quorum agrees.",
		body:  reflect.TypeFor[coded](), answers: []success{{http.StatusCreated, "The offer is kept.", mediaJSON, reflect.TypeFor[accepted]()}},
		reasons: append(ofWishes(), reasonUnverified, reasonKeyKnown),
	},
	"POST /api/v1/enrol/key": {
		id: "offerKey", tag: tagEnrol, summary: "Offer a new security key with what its maker says of it, and spend the code",
		about: "What ssh-keygen wrote of it (ssh-sk-attest-v01), when it was made under the challenge of the invitation. The key comes into no roster by it: somebody proposes it, and the change quorum agrees. " +
			"With maker in the answer it would be hardware, if that were now; else doubt says why not.",
		body: reflect.TypeFor[attested](), answers: []success{{http.StatusCreated, "The offer is kept.", mediaJSON, reflect.TypeFor[acceptedKey]()}},
		reasons: append(append(ofWishes(), ofSecurityKeys()...), reasonKeyKnown),
	},
	"POST /api/v1/enrol/device": {
		id: "makeDevice", tag: tagEnrol, summary: "Make a code device for who has the code of an invitation",
		about: "The answer has the secret for an app, which no other answer has. It spends nothing; one that was made before and not confirmed is void.",
		body:  reflect.TypeFor[coded](), answers: []success{{http.StatusCreated, "The device.", mediaJSON, reflect.TypeFor[madeDevice]()}},
		reasons: append(ofWishes(), reasonNotFound, totp.ErrMany.Reason()),
	},
	"POST /api/v1/enrol/device/confirm": {
		id: "confirmDevice", tag: tagEnrol, summary: "Offer a code device with a code of it, and spend the invitation",
		about: "The key comes into no roster by it: somebody proposes it, and the change quorum agrees.",
		body:  reflect.TypeFor[confirming](), answers: []success{{http.StatusCreated, "The offer is kept.", mediaJSON, reflect.TypeFor[accepted]()}},
		reasons: append(ofWishes(), reasonNotFound, totp.ErrWrong.Reason(), totp.ErrUsed.Reason(), reasonGuesses),
	},
	"POST /api/v1/codes": {
		id: "signByCode", tag: tagStatement, summary: "Have the server sign a statement with a code device of its actor",
		about: "For six digits of an app, each good once. What comes back is a signature over these very bytes, to send them with; it proves server-attested and no more. " +
			"The same bytes with the same code again get the same signature, while the code is good.",
		body: reflect.TypeFor[byCode](), answers: ok[signedByCode]("The signature."), fresh: true,
		reasons: []string{reasonNotFound, reasonNoCode, totp.ErrWrong.Reason(), totp.ErrUsed.Reason(), reasonGuesses},
	},
	"GET /api/v1/invitations": {
		id: "readInvitations", tag: tagEnrol, summary: "Invitations that are open and offers that wait", about: "All of them for security and the change quorum; for others those that are about themselves.",
		answers: ok[enrolments]("Oldest first."),
	},
	"GET /api/v1/offers/{id}": {
		id: "readOffer", tag: tagEnrol, summary: "One offer, and the change that would put its key in force", about: "A draft for who trusts this host; others make it from what they proved.",
		answers: ok[shownOffer]("The offer."), reasons: []string{reasonNotFound, reasonAmbiguous, string(cell.NotAmendable)},
	},
	"GET /revocations": {
		id: "readRevocations", tag: tagHost, summary: "The signed revocation list", about: "The key ids that hosts refuse, made for this second.",
		answers: []success{{status: http.StatusOK, about: "A signed note.", media: mediaText}}, fresh: true,
	},

	"GET /api/v1/cell": {
		id: "readCell", tag: tagCell, summary: "Which cell the server says that it is", about: "To be compared with what the reader pins, not to be trusted.",
		answers: ok[claim]("What it says."),
	},
	"GET /api/v1/openapi.json": {
		id: "readOpenAPI", tag: tagCell, summary: "This document", about: "Made from the table of routes of the program that answers.",
		answers: []success{{http.StatusOK, "OpenAPI " + openapi.Version + ".", mediaJSON, reflect.TypeFor[documentShape]()}},
	},
	"GET /api/v1/me": {
		id: "readMe", tag: tagCell, summary: "Who the reader is", about: "Groups, keys, what they may ask for, and the end of the token.",
		answers: ok[reader]("The reader."),
	},
	"GET /api/v1/now": {
		id: "readNow", tag: tagCell, summary: "What is live, closing and waiting", answers: ok[view.Now]("The cell at this moment."),
	},
	"GET /api/v1/inbox": {
		id: "readInbox", tag: tagCell, summary: "What waits for the reader", about: "For their signature or share, extensions and reviews included.",
		answers: ok[view.Inbox]("What waits."),
	},
	"GET /api/v1/people": {
		id: "readPeople", tag: tagCell, summary: "The people of the cell", about: "With groups, keys and contacts.",
		answers: ok[view.People]("All of them."),
	},
	"GET /api/v1/envelopes": {
		id: "readEnvelopes", tag: tagCell, summary: "The sealed envelopes", about: "Where each stands, who holds shares, what is owed.",
		answers: ok[envelopes]("All of them."),
	},
	"GET /api/v1/findings": {
		id: "readFindings", tag: tagCell, summary: "What is not as it should be", answers: ok[view.Findings]("Worst first."),
	},
	"GET /api/v1/readiness": {
		id: "readReadiness", tag: tagCell, summary: "Whether each scenario could be used right now",
		about:   "Red, amber, not looked and green, worst first, each with what mends it. Nothing is asked for it: what is outside is as it was last looked at, with when.",
		query:   []parameter{askScenario},
		answers: ok[view.ReadyReport]("The report."), reasons: []string{reasonNotFound},
	},
	"POST /api/v1/readiness/look": {
		id: "lookOutside", tag: tagCell, summary: "Have what is outside looked at",
		about:   "The server begins a session of each role that scenarios open, has it read one thing, asks the issuers for their keys, and reads the accounts that have a reader: at most once a minute, whoever asks. AWS records each session. Whoever asks sooner gets what was seen. What it saw stays in later answers of `GET /api/v1/readiness`.",
		query:   []parameter{askScenario},
		answers: ok[view.ReadyReport]("The report."), reasons: []string{reasonNotFound}, fresh: true,
	},
	"GET /api/v1/numbers": {
		id: "readNumbers", tag: tagCell, summary: "Counts and durations", answers: ok[view.Numbers]("Over the requests that the cell remembers."),
	},
	"GET /api/v1/cell/evidence": {
		id: "readCellEvidence", tag: tagCell, summary: "Partial evidence of the cell's own stream", about: "People, changes, sealings, each entry with its proof.",
		answers: ok[evidenceShape]("Canonical JSON."), reasons: []string{reasonBusy, reasonTooMuch},
	},
	"GET /api/v1/changes": {
		id: "listChanges", tag: tagCell, summary: "The changes that wait", answers: ok[changes]("All of them."),
	},
	"GET /api/v1/changes/{id}": {
		id: "readChange", tag: tagCell, summary: "One change that waits", about: "With what it would change.", answers: ok[shownChange]("The change."),
		reasons: []string{reasonNotFound, reasonAmbiguous},
	},
	"GET /api/v1/changes/{id}/evidence": {
		id: "readChangeEvidence", tag: tagCell, summary: "Partial evidence for a change", about: "That of the cell's own stream.",
		answers: ok[evidenceShape]("Canonical JSON."), reasons: []string{reasonNotFound, reasonAmbiguous, reasonBusy, reasonTooMuch},
	},
	"GET /api/v1/watch": {
		id: "watch", tag: tagCell, summary: "Entries as they come",
		about:   "Server-sent events, one for each entry that the reader may see.",
		answers: []success{{status: http.StatusOK, about: "A stream that ends when the reader or the server does.", media: mediaEvents}}, reasons: []string{reasonBusy},
	},

	"GET /api/v1/requests": {
		id: "listRequests", tag: tagRequest, summary: "Requests, newest first", about: "A page may have fewer rows than there are: next of the answer is before of the one after it.",
		query: []parameter{
			{name: "state", about: "Some of " + strings.Join(stateNames(), ", ") + ", comma-separated.", schema: text()},
			{name: "person", about: "Whose: the id of the requester.", schema: text()},
			askScenario,
			{name: "before", about: "Only those that an entry before this index left so; 0: all.", schema: openapi.Between(0, indexMost)},
			{name: "most", about: "Rows of the page; without it 50.", schema: openapi.Between(0, view.RowsMost)},
		},
		answers: ok[view.Page]("A page."),
	},
	"GET /api/v1/requests/{id}": {
		id: "readRequest", tag: tagRequest, summary: "One request, as the reader may see it", about: "With wait and since, once it has an entry after since, or the seconds are over.",
		query: []parameter{
			{name: "wait", about: "Seconds to wait for news.", schema: openapi.Between(0, waitMost)},
			{name: "since", about: "The last of an answer that the reader has.", schema: openapi.Between(0, indexMost)},
		},
		answers: ok[view.Request]("The request."), reasons: []string{reasonNotFound, reasonAmbiguous, reasonBusy},
	},
	"GET /api/v1/requests/{id}/timeline": {
		id: "readTimeline", tag: tagRequest, summary: "Everything that happened to it, in sentences", answers: ok[timeline]("Oldest first."),
		reasons: []string{reasonNotFound, reasonAmbiguous, reasonNotShown},
	},
	"GET /api/v1/requests/{id}/evidence": {
		id: "readEvidence", tag: tagRequest, summary: "Partial evidence of it", about: "The entries of the cell and of the request, each with its proof: what can be checked with no server.",
		answers: ok[evidenceShape]("Canonical JSON."), reasons: []string{reasonNotFound, reasonAmbiguous, reasonNotShown, reasonBusy, reasonTooMuch},
	},
	"GET /api/v1/reviews": {
		id: "listReviews", tag: tagRequest, summary: "Reviews of requests", answers: ok[reviewList]("Those that are owed, the one due first first; then the newest that are signed off."),
	},

	"GET /api/v1/scenarios": {
		id: "listScenarios", tag: tagScenario, summary: "The scenarios, in words", answers: ok[scenarios]("All of them."),
	},
	"GET /api/v1/scenarios/{scenario}": {
		id: "readScenario", tag: tagScenario, summary: "One scenario", about: "And its canonical bytes, for whom it concerns.",
		answers: ok[readScenario]("The scenario."), reasons: []string{reasonNotFound},
	},
	"GET /api/v1/explain": {
		id: "explain", tag: tagScenario, summary: "What it would open, and who could sign now",
		query: []parameter{
			demanded(askScenario), demanded(askSeverity), askWithout,
			{name: "requester", about: "Who would ask; without it the reader.", schema: text()},
		},
		answers: ok[view.Explain]("In words and in lists."), reasons: []string{reasonNotFound},
	},
	"GET /api/v1/coverage": {
		id: "readCoverage", tag: tagScenario, summary: "Whether a quorum can be filled, and on whom it hangs",
		about: "Of a scenario at a severity; without a scenario of changes of the cell, or of a recovery of it. Whoever asks, from the beginning and after each rung of the ladder.",
		query: []parameter{
			askScenario, askSeverity, askWithout,
			{name: "quorum", about: "Without a scenario: which.", schema: openapi.OneOf("change", "recovery")},
			askAt,
		},
		answers: ok[view.Coverage]("In words and in lists."), reasons: []string{reasonNotFound},
	},
	"GET /api/v1/coverage/every": {
		id: "readEveryCoverage", tag: tagScenario, summary: "Whether each quorum of the cell can be filled",
		about: "Each scenario by id at each of its severities, gravest first; then changes of the cell, and its recovery if there is one.",
		query: []parameter{askWithout, askAt}, answers: ok[coverageList]("In words and in lists."),
	},
	"GET /api/v1/coverage/week": {
		id: "readCoverageOfWeek", tag: tagScenario, summary: "How a quorum is covered for seven days on",
		about:   "What the scenario's hours and keys that cool off change, as stretches of time within one day each, in UTC.",
		query:   []parameter{demanded(askScenario), demanded(askSeverity), askWithout, askAt},
		answers: ok[view.Week]("One stretch after the other."), reasons: []string{reasonNotFound},
	},

	"GET /api/v1/entries": {
		id: "listEntries", tag: tagLedger, summary: "Entries as sentences, newest first",
		about: "To each as they may see them. A page may have fewer entries than there are: next of the answer is before of the one after it.",
		query: []parameter{
			{name: "before", about: "Only entries before this index; 0: all.", schema: openapi.Between(0, indexMost)},
			{name: "most", about: "Entries of the page; without it 50.", schema: openapi.Between(1, entriesMost)},
			{name: "stream", about: "Only those of one stream: cell, session, refused, or request/ and all digits of the id.", schema: openapi.Text(patternStream)},
			{name: "person", about: "Only those that rest on a statement of this person.", schema: openapi.Text(patternID)},
		},
		answers: ok[readEntries]("A page."), reasons: []string{reasonNotFound},
	},
	"GET /api/v1/entries/{entry}": {
		id: "readEntry", tag: tagLedger, summary: "One entry whole, and its proof",
		about:   "The canonical bytes, who signed with which key, and the way from the leaf to a signed checkpoint.",
		answers: ok[wholeEntry]("The entry."), reasons: []string{reasonNotFound, reasonNotShown},
	},
	"GET /ledger/checkpoint": {
		id: "readCheckpoint", tag: tagLedger, summary: "The newest signed checkpoint", about: "With the cosignatures that it has.",
		query:   []parameter{{name: "cosigned", about: "Wait for the witnesses, at most two seconds.", schema: &openapi.Schema{Type: "string"}, flag: true}},
		answers: []success{{status: http.StatusOK, about: "A signed note.", media: mediaText}}, reasons: []string{reasonNotFound},
	},
	"GET /ledger/tile/{level}/{index...}": {
		id: "readTile", tag: tagLedger, summary: "A tile of hashes", about: "What a full one says never changes.",
		answers: []success{{status: http.StatusOK, about: "32 bytes for each hash.", media: mediaBytes}}, reasons: []string{reasonNotFound},
	},
	"GET /ledger/tile/entries/{index...}": {
		id: "readBundle", tag: tagLedger, summary: "A bundle of entries",
		answers: []success{{status: http.StatusOK, about: "Entries, each with its length as two bytes before it.", media: mediaBytes}}, reasons: []string{reasonNotFound},
	},
	"GET /ledger/attachments/{digest}": {
		id: "readAttachment", tag: tagLedger, summary: "Genesis, a scenario or an encrypted file of an envelope",
		answers: []success{{status: http.StatusOK, about: "The very bytes.", media: mediaBytes}}, reasons: []string{reasonNotFound},
	},
})

// ofWishes are the reasons of package enrol.
func ofWishes() []string {
	var all []string
	for _, each := range []enrol.Refusal{enrol.ErrOtherCell, enrol.ErrStale, enrol.ErrCode, enrol.ErrSpent, enrol.ErrMany, enrol.ErrUnknown} {
		all = append(all, each.Reason())
	}
	return all
}

// ofSecurityKeys are the reasons of what ssh-keygen wrote.
func ofSecurityKeys() []string {
	var all []string
	for _, each := range enrol.KeyRefusals {
		all = append(all, each.Reason())
	}
	return all
}

// What some operations answer as bytes that others wrote, and what one type of Go
// cannot say. The types are for the schema alone: tests hold what is sent and
// answered to it.
type (
	receiptShape struct {
		Checkpoint string         `json:"checkpoint"`
		Digest     canon.Digest   `json:"digest"`
		Entry      entryShape     `json:"entry"`
		Index      int64          `json:"index"`
		Proof      []canon.Digest `json:"proof"`
		Version    string         `json:"receipt"`
	}
	evidenceShape struct {
		Attachments map[canon.Digest][]byte `json:"attachments"`
		Checkpoint  string                  `json:"checkpoint"`
		Entries     []provedShape           `json:"entries"`
		Version     string                  `json:"evidence"`
		Notes       []noteShape             `json:"notes"`
	}
	provedShape struct {
		Body  entryShape     `json:"body"`
		Index int64          `json:"index"`
		Proof []canon.Digest `json:"proof"`
	}
	noteShape struct {
		Hash canon.Digest `json:"hash"`
		Salt []byte       `json:"salt"`
		Text string       `json:"text"`
	}
	anchorShape struct {
		Version   string       `json:"anchor"`
		Genesis   canon.Digest `json:"genesis"`
		Keys      []string     `json:"ledger_keys"`
		Origin    string       `json:"origin"`
		Witnesses string       `json:"witnesses"`
	}
	documentShape struct{}

	// A signature has exactly one member.
	sshSignatureShape struct {
		SSHSig []byte `json:"sshsig"`
	}
	passkeySignatureShape struct {
		Passkey assertion `json:"passkey"`
	}
)
