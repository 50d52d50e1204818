package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// forged is a statement of a person with a signature that names their key and is
// not by it.
func (h *house) forged(person string, body statement.Body, notes ...text) []byte {
	h.Helper()
	data, signature := sign(h, person, h.statement(person, body))
	signature.SSHSig[len(signature.SSHSig)-1] ^= 1
	return envelope(h, data, signature, notes...)
}

// tried are the findings of attempts that a person sees.
func (h *house) tried(viewer string) (texts []string) {
	h.Helper()
	var found view.Findings
	h.get(viewer, "/api/v1/findings").into(h, &found)
	for _, f := range found.Findings {
		if f.Kind == view.FindingTried {
			texts = append(texts, f.Text)
		}
	}
	return texts
}

// TestR30AttemptsAreFound: whose key is tried is told to them and to security, with
// how often, what for, when and from where; to others nothing. Machines are told
// that there is something, and not of whom.
func TestR30AttemptsAreFound(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	for range 6 {
		h.do("POST", "/api/v1/statements", h.forged("lea", approval(id)))
	}
	if got := h.tried("sue"); len(got) != 1 {
		t.Fatalf("six forged signatures: %q", got)
	}
	for range 3 {
		h.do("POST", "/api/v1/statements", h.forged("lea", &statement.Session{For: 300}))
	}
	for range 4 {
		h.do("POST", "/api/v1/statements", h.forged("leo", approval(id))) // too few to be told
	}
	for range 5 { // an approver of nothing, and the requester herself
		same(t, "her own request", h.submit("ann", "ann", approval(id)).reason(), string(cell.SelfApproval))
	}
	forged := "9 signatures or codes named a key of lea and are not by it, since "
	refused := "ann was refused 5 times, since "
	for viewer, want := range map[string][]string{"sue": {forged, refused}, "lea": {forged}, "ann": {refused}, "bob": nil, "leo": nil} {
		got := h.tried(viewer)
		if len(got) != len(want) {
			t.Errorf("%s sees %q", viewer, got)
			continue
		}
		for i, begins := range want {
			contains(t, viewer, got[i], begins)
			contains(t, viewer, got[i], "They came from 127.0.0.1/32 (")
		}
	}
	contains(t, "what it would have been", h.tried("sue")[0], "6 of kind decision and 3 of kind session. Nothing of them was taken.")

	watch := httptest.NewServer(h.monitor.Handler())
	defer watch.Close()
	resp, err := http.Get(watch.URL + "/metrics")
	must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	for _, line := range []string{
		`halligan_attempts_total{of="forged",what="decision"} 10`, `halligan_attempts_total{of="forged",what="session"} 3`,
		`halligan_attempts_total{of="refused",what="decision"} 5`, `halligan_attempts_often{of="person"} 2`,
		`halligan_attempts_often{of="network"} 0`, `halligan_attempts_most{of="person"} 9`,
	} {
		contains(t, "metrics", string(data), "\n"+line)
	}
	for _, name := range []string{"lea", "ann", "127.0.0.1"} {
		if strings.Contains(string(data), `"`+name) {
			t.Errorf("the figures name %s", name)
		}
	}
	// Nothing of it stood in anybody's way.
	h.took(h.submit("sam", "sam", approval(id)))
	h.took(h.submit("lea", "lea", approval(id)))
}

// TestR30NobodyIsAccusedByARepeat: whoever reads an entry could send the statement
// in it again; that is no attempt of its signer, and proves nothing of the sender.
func TestR30NobodyIsAccusedByARepeat(t *testing.T) {
	h := open(t, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 40} })
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(t, "ann", h.statement("ann", approval(id)))
	sent := envelope(t, data, signature)
	for range 30 {
		same(t, "again", h.do("POST", "/api/v1/statements", sent).reason(), string(cell.SelfApproval))
	}
	if got := h.tried("sue"); len(got) != 0 {
		t.Errorf("ann is accused: %q", got)
	}
	// And the sender is charged for it, as for every other repeat.
	for range 20 {
		h.do("POST", "/api/v1/statements", sent)
	}
	same(t, "a stranger there", h.submit("sam", "stranger", approval(id)).reason(), "too-many-attempts")
}

// TestR30StrangersAreCounts: strangers are told to security alone, when there are
// many, and by the network that they came from.
func TestR30StrangersAreCounts(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	for range 100 {
		h.submit("sam", "stranger", approval(id))
		h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer hs1.AAAA")
		h.do("GET", "/api/v1/me", nil) // tries nothing
	}
	if got := h.tried("sue"); len(got) != 1 || !strings.HasPrefix(got[0], "200 attempts came from strangers, since ") {
		t.Errorf("security sees %q", got)
	}
	for _, viewer := range []string{"lea", "ann"} {
		if got := h.tried(viewer); len(got) != 0 {
			t.Errorf("%s sees %q", viewer, got)
		}
	}
}

// TestT69AttemptsAreBounded: however many networks come, a bounded number is
// remembered, the latest; and a row ends with an hour of quiet.
func TestT69AttemptsAreBounded(t *testing.T) {
	now := canon.At(time.Now())
	stranger, person, list := api.Attempts(func() canon.Time { return now })
	network := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range 5000 {
		now = now.Add(time.Millisecond)
		stranger(network(i))
		person("ann", network(i))
	}
	all := list()
	if len(all) != 1+1024 {
		t.Errorf("%d rows are kept", len(all))
	}
	newest := false
	for _, row := range all {
		if row.Person == "ann" && (row.Count != 5000 || len(row.From) > 8) {
			t.Errorf("of ann: %d from %d networks", row.Count, len(row.From))
		}
		newest = newest || row.From[network(4999).String()] == 1 && row.Person == ""
	}
	if !newest {
		t.Error("the newest network is forgotten")
	}
	now = now.Add(time.Hour + time.Second)
	if got := list(); len(got) != 0 {
		t.Errorf("after an hour of quiet: %d rows", len(got))
	}
	person("ann", network(1))
	if got := list(); len(got) != 1 || got[0].Count != 1 {
		t.Errorf("after it: %+v", got)
	}
}
