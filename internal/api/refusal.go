package api

import (
	"net/http"

	"github.com/halligan-dev/halligan/internal/cell"
)

// row is how a refusal is said over HTTP: 400 for what no state of the cell
// would take, 401 for a key that is nobody's, 403 for who may not, 409 for what
// the present state does not allow, 422 for what the scenario does not give.
type row struct {
	status int
	title  string
	hint   string
}

const (
	hintLook    = "look at it first: halligan status"
	hintExplain = "halligan explain shows what the scenario opens, for whom and for how long"
	hintSign    = "sign a new statement; the client does that by itself when it is asked again"
)

// rows has a row for every reason of the rules.
var rows = map[cell.Reason]row{
	cell.NotSealed:        {http.StatusConflict, "the cell is not sealed", "every founder must sign genesis first: halligan init seal"},
	cell.AlreadySealed:    {http.StatusConflict, "the cell is sealed already", ""},
	cell.WrongLedger:      {http.StatusBadRequest, "another cell's statement", "use the profile of this cell"},
	cell.WrongGenesis:     {http.StatusConflict, "another genesis", "compare the genesis digest with the other founders before you sign"},
	cell.NotFounder:       {http.StatusForbidden, "not a founder", "only those whom genesis names as founders sign it, each with a key of their own"},
	cell.AlreadyFounded:   {http.StatusConflict, "signed already", ""},
	cell.UnknownKey:       {http.StatusUnauthorized, "the key is nobody's", "sign with a key of yours that the cell knows: halligan people shows them"},
	cell.KeyRemovedReason: {http.StatusUnauthorized, "the key was removed", "sign with another key of yours"},

	cell.KeySuspendedReason: {http.StatusUnauthorized, "the key is suspended", "sign with another key of yours, and call security if this one is in your hands"},
	cell.AlreadySuspended:   {http.StatusConflict, "suspended by you lately", "somebody else of security may suspend it again; the change quorum removes it for good: halligan change propose remove"},
	cell.LastOfSecurity:     {http.StatusConflict, "nobody else of security would be left", "have the change quorum remove the key: halligan change propose remove; stop and deny what it asks for until then"},
	cell.NotSuspended:       {http.StatusConflict, "not suspended", "halligan people shows which keys are suspended"},

	cell.NotYours:         {http.StatusForbidden, "signed by another person", "name a key of your own with --key, or your own profile with --profile: the two must be of one person"},
	cell.NotHolder:        {http.StatusForbidden, "not the holder key", "only the machine that asked has the key that fetches and releases"},
	cell.TooWeak:          {http.StatusForbidden, "the signature is too weak", "sign with a stronger key, such as a passkey, or one on a security key that verifies you"},
	cell.StatementExpired: {http.StatusBadRequest, "the statement expired", "check this machine's clock, then sign anew"},
	cell.StatementTooLong: {http.StatusBadRequest, "the statement is valid for too long", "check this machine's clock, then sign anew"},
	cell.NonceUsed:        {http.StatusConflict, "the nonce was used before", hintSign},
	cell.SeenUnknown:      {http.StatusConflict, "an unknown checkpoint", "the signer saw another ledger than this: if it happens again, keep both checkpoints and tell security"},
	cell.SeenStale:        {http.StatusConflict, "an old checkpoint", hintSign},
	cell.UnknownSubject:   {http.StatusNotFound, "nothing open by that id", hintLook},
	cell.UnknownScenario:  {http.StatusNotFound, "no such scenario", "halligan explain lists the scenarios"},
	cell.ScenarioChanged:  {http.StatusConflict, "the scenario is not the one that was signed", "read it again, then sign anew"},
	cell.MayNotRequest:    {http.StatusForbidden, "may not ask", hintExplain},
	cell.UnknownSeverity:  {http.StatusUnprocessableEntity, "no such severity", hintExplain},
	cell.TooLong:          {http.StatusUnprocessableEntity, "too long", hintExplain},
	cell.UnknownTarget:    {http.StatusUnprocessableEntity, "no such target", hintExplain},
	cell.WrongSource:      {http.StatusForbidden, "not from this address", hintExplain},
	cell.WrongHour:        {http.StatusForbidden, "not at this hour", hintExplain},
	cell.HolderReused:     {http.StatusConflict, "the holder key is in use", "ask anew: the client makes new keys for each request"},
	cell.TooMany:          {http.StatusConflict, "too many", "withdraw or release what is no longer needed"},
	cell.SelfApproval:     {http.StatusForbidden, "nobody decides on their own request", "ask another approver"},
	cell.NotApprover:      {http.StatusForbidden, "not an approver", hintLook},
	cell.AlreadyDecided:   {http.StatusConflict, "decided already", hintLook},
	cell.Widening:         {http.StatusUnprocessableEntity, "more than was asked", "an approval can make less of a request, never more"},
	cell.NothingLeft:      {http.StatusConflict, "nothing would be left", "deny it instead, or approve other targets"},
	cell.NotLonger:        {http.StatusUnprocessableEntity, "no longer than it is", "the grant ends no sooner as it is: ask again nearer to its end, or for longer"},
	cell.NotOffered:       {http.StatusConflict, "not offered yet", "the ladder is not so far that its requester may go in alone"},
	cell.OutageNotShown:   {http.StatusConflict, "the outage is not shown", "have a custodian sign that it is real: halligan outage; or wait until it is seen from two networks"},
	cell.AloneBefore:      {http.StatusConflict, "not reviewed", "somebody went in alone before, and that is not reviewed"},
	cell.NotPending:       {http.StatusConflict, "no longer waiting", hintLook},
	cell.NotLive:          {http.StatusConflict, "no live grant", hintLook},
	cell.NotClosing:       {http.StatusConflict, "not closing", hintLook},
	cell.LeaseNotOpen:     {http.StatusConflict, "the target is not open", "it may still be opening: wait a moment, then " + hintLook},
	cell.NothingToFetch:   {http.StatusConflict, "nothing to fetch", "this target hands nothing over: use it where it was opened for you, and release it when you are done"},
	cell.BrowserCannot:    {http.StatusForbidden, "not by keys of a browser", "ask anew by the keys of a machine: halligan request; or paste the line that halligan holder new prints there"},
	cell.NotAllowed:       {http.StatusForbidden, "not allowed", hintLook},
	cell.RulesTooOld:      {http.StatusConflict, "not under these rules", "the change quorum can raise them: halligan upgrade"},
	cell.NotAnUpgrade:     {http.StatusConflict, "no upgrade", "rules only go up, and only to what this version knows"},
	cell.NotRemovable:     {http.StatusConflict, "cannot be removed", "the change quorum must stay fillable"},
	cell.NotInForce:       {http.StatusConflict, "compared with what is not in force", "another change took effect since: halligan change propose --files compares anew"},
	cell.NotAmendable:     {http.StatusUnprocessableEntity, "not a document that could be in force", "halligan change propose --files --dry-run shows what the files say"},
	cell.CoolingOff:       {http.StatusForbidden, "the cool-off is not over", "another person, or another key of yours, can do it now"},
	cell.UnknownEnvelope:  {http.StatusNotFound, "no such envelope", "halligan envelope list shows them"},
	cell.WrongSerial:      {http.StatusConflict, "not that sealing", "halligan envelope list shows which sealing is in force, and which waits"},
	cell.NotCustodian:     {http.StatusForbidden, "not a custodian", "halligan envelope list shows who holds the shares, and whose group may"},
	cell.WrongProof:       {http.StatusConflict, "not the proof that is owed", "inspect again: the client works the next proof out from the newest one"},
	cell.NotShown:         {http.StatusConflict, "not shown to open", "as many custodians as open it must run halligan envelope inspect first"},
	cell.SelfShare:        {http.StatusForbidden, "nobody gives a share to their own request", "ask another custodian"},
	cell.AlreadyShared:    {http.StatusConflict, "shared already", hintLook},
	cell.WrongShare:       {http.StatusUnprocessableEntity, "not the share that is due", "halligan share makes it from the signed request"},
	cell.UnknownTask:      {http.StatusConflict, "no such task", ""},
	cell.TaskMismatch:     {http.StatusConflict, "not a result of that task", ""},
	cell.NotDue:           {http.StatusConflict, "not due yet", ""},
	cell.NothingNew:       {http.StatusConflict, "nothing new", ""},
	cell.ReportRefused:    {http.StatusConflict, "the report proves nothing", "the host program reports again by itself; its list must be fresh and its sessions complete"},
	cell.ClockInDoubt:     {http.StatusConflict, "the clock is in doubt", ""},
	cell.LateReview:       {http.StatusForbidden, "a review of the scenario is overdue", "have it signed off (halligan inbox), or ask at the gravest severity, which is never refused for that"},
	cell.NoReview:         {http.StatusConflict, "no review is open", "look at it first: halligan review show"},
	cell.WrongReview:      {http.StatusConflict, "not the review that waits", "it was written anew, sent back, or never written: halligan review show"},
	cell.SelfReview:       {http.StatusForbidden, "nobody signs off their own", "ask another approver of the scenario, or security"},
	cell.NotWitnessed:     {http.StatusConflict, "not cosigned yet", "the witnesses must cosign the ledger once before anything is opened: see witnesses in server.yaml"},
	cell.WrongEpoch:       {http.StatusConflict, "another epoch", "halligan epoch propose writes down where the ledger goes on"},
	cell.NotRotatable:     {http.StatusConflict, "not a ledger key that could be in force", "halligan key next makes one on the server; each is used once, and one exchange ends before the next"},
	cell.NotOverlapping:   {http.StatusConflict, "not a checkpoint of both keys", ""},
	cell.NotCosigned:      {http.StatusConflict, "not cosigned", ""},
	cell.ClockUnknown:     {http.StatusConflict, "the clock has not changed", ""},

	cell.OfflineOnly:       {http.StatusForbidden, "signed with no server", "ask, approve and share anew with the server; halligan reconcile carries back what was done without it"},
	cell.BadSignature:      {http.StatusUnprocessableEntity, "nothing that was carried back is signed", "the file is forged or damaged: keep it, and tell security"},
	cell.Condition:         {http.StatusForbidden, "a condition says no", "the condition's own words say what it asks for; halligan explain shows all that hold"},
	cell.AlreadyReconciled: {http.StatusConflict, "carried back already", "each offline statement is taken once: halligan status shows what it became"},
}

// refused says a refusal. One without a row is a fault of this table, which a
// test looks for; it is still a no.
func refused(r *cell.Refusal) *Problem {
	row, ok := rows[r.Reason]
	if !ok {
		row.status, row.title = http.StatusForbidden, "refused"
	}
	return problem(row.status, string(r.Reason), row.title, r.Detail, row.hint)
}

// Reasons gives the status by which each reason of the rules is said.
func Reasons() map[cell.Reason]int {
	statuses := make(map[cell.Reason]int, len(rows))
	for reason, row := range rows {
		statuses[reason] = row.status
	}
	return statuses
}
