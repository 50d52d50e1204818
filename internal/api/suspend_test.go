package api_test

import (
	"net/http"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT26ASuspendedKeysSessionEnds at once, and those of its owner's other keys go on;
// the key is refused by its name, and signs again once two of security have signed.
func TestT26ASuspendedKeysSessionEnds(t *testing.T) {
	h := open(t, withPasskeys)
	who, err := sshsig.Inspect(deviceOf("sam").Wire())
	must(t, err)
	byPasskey, byKey := h.signIn("sam"), h.token("sam")
	id := h.asked("ann", "one", "db-1")
	suspend := func(person string) reply {
		why, beside := written(t, "the phone is gone")
		return h.submit(person, person, &statement.Suspend{Person: "sam", Key: who.Fingerprint, Reason: why}, beside)
	}
	lift := func(person string) reply {
		why, beside := written(t, "here it is")
		return h.submit(person, person, &statement.Lift{Person: "sam", Key: who.Fingerprint, Why: why}, beside)
	}
	same(t, "a lead suspends", suspend("lea").reason(), string(cell.NotAllowed))
	h.took(suspend("sue"))
	same(t, "the same person again", suspend("sue").reason(), string(cell.AlreadySuspended))
	same(t, "its session", h.browse(byPasskey, "/api/v1/me").reason(), "token-refused")
	same(t, "the session of the other key", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+byKey).Status, http.StatusOK)
	same(t, "the suspended passkey", h.tap(deviceOf("sam"), "sam", approval(id)).reason(), string(cell.KeySuspendedReason))
	h.again() // a restart frees nothing
	same(t, "after a restart", h.tap(deviceOf("sam"), "sam", approval(id)).reason(), string(cell.KeySuspendedReason))
	contains(t, "people", string(h.get("ann", "/api/v1/people").Body), `"suspended":{"by":["sue"]`)
	contains(t, "findings", string(h.get("ann", "/api/v1/findings").Body), `"key-suspended"`)
	same(t, "of one's own", lift("sam").reason(), string(cell.SelfApproval))
	h.took(lift("sue"))
	same(t, "one of security", h.tap(deviceOf("sam"), "sam", approval(id)).reason(), string(cell.KeySuspendedReason))
	h.took(lift("lea")) // with sue, the change quorum
	same(t, "once more", lift("lea").reason(), string(cell.NotSuspended))
	h.took(h.tap(deviceOf("sam"), "sam", approval(id)))
	h.replayed()
}

// TestT26SuspendedInAllKeysReadsNothing: whoever took all of a person's keys may have
// their browser. Sessions that the identity provider opened count while one key signs,
// and none is opened while none does.
func TestT26SuspendedInAllKeysReadsNothing(t *testing.T) {
	p := double(t)
	h := open(t, providedBy(p))
	who, err := sshsig.Inspect(deviceOf("bob").Wire())
	must(t, err)
	session := cookieNamed(h.finishes(h.begins(p, "subject-of-bob")), cookieName)
	for _, key := range []string{who.Fingerprint, celltest.Line("bob").Fingerprint} {
		same(t, "while a key signs", h.browse(session, "/api/v1/me").Status, http.StatusOK)
		why, beside := written(t, "the bag is gone")
		h.took(h.submit("sue", "sue", &statement.Suspend{Person: "bob", Key: key, Reason: why}, beside))
	}
	same(t, "when none does", h.browse(session, "/api/v1/me").reason(), "token-refused")
	r := h.finishes(h.begins(p, "subject-of-bob"))
	same(t, "signing in anew", r.reason(), "identity-unknown")
	contains(t, "told why", string(r.Body), "every key of bob is suspended")
	same(t, "a cookie", cookieNamed(r, cookieName).Value, "")
	same(t, "lea reads", h.browse(cookieNamed(h.finishes(h.begins(p, "subject-of-lea")), cookieName), "/api/v1/me").Status, http.StatusOK)
	for _, person := range []string{"sue", "lea"} {
		why, beside := written(t, "here it is")
		h.took(h.submit(person, person, &statement.Lift{Person: "bob", Key: who.Fingerprint, Why: why}, beside))
	}
	same(t, "when one signs again", h.browse(session, "/api/v1/me").Status, http.StatusOK)
}
