package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"

	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// book is a ledger of three entries, and what the API says of it.
type book struct {
	bodies     []string
	leaves     []canon.Digest
	root       canon.Digest
	checkpoint string
	key        string
	anchor     jsontext.Value
}

func node(left, right canon.Digest) canon.Digest {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func newBook(t *testing.T) book {
	t.Helper()
	var b book
	for n := range 3 {
		b.bodies = append(b.bodies, fmt.Sprintf(`{"n":%d,"text":"%s"}`, n, strings.Repeat("ü", n)))
		b.leaves = append(b.leaves, ledger.LeafHash([]byte(b.bodies[n])))
	}
	b.root = node(node(b.leaves[0], b.leaves[1]), b.leaves[2])
	secret, key, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), cellName)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	text, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: cellName, Size: 3, Root: b.root}, signer)
	if err != nil {
		t.Fatal(err)
	}
	anchor, err := ledger.Anchor{Origin: cellName, Genesis: canon.Sum([]byte("genesis")), LedgerKeys: []string{key}, Witnesses: ledger.NoWitnesses}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b.checkpoint, b.key, b.anchor = string(text), key, anchor
	return b
}

// says is what the API says of the book, with entry 1 proved.
func (b book) says() map[string]any {
	return map[string]any{
		"/api/v1/cell": map[string]any{"origin": cellName, "document": canon.Sum([]byte("document")), "anchor": b.anchor},
		"/api/v1/entries/1": map[string]any{
			"entry": 1, "at": canon.At(instant), "stream": "request/" + canon.Sum([]byte("open")).String(), "sentence": "noor agrees.", "who": "noor",
			"moments": []map[string]any{{"entry": 1, "event": "decided", "text": "noor agrees, after a call back."}}, "body": b.bodies[1],
			"kind": "decision", "digest": canon.Sum([]byte("statement")), "signed": map[string]any{"key": "SHA256:abc", "type": "ssh-ed25519", "strength": "possession"},
			"leaf": b.leaves[1], "proof": []canon.Digest{b.leaves[0], b.leaves[2]}, "checkpoint": b.checkpoint,
		},
	}
}

func TestRecord(t *testing.T) {
	b := newBook(t)
	says := b.says()
	list := map[string]any{
		"entries": []map[string]any{{"entry": 41, "at": canon.At(instant), "stream": "cell", "sentence": "The cell is sealed.", "who": ""}, {"entry": 39, "at": canon.At(instant), "stream": "cell", "sentence": "noor agrees.", "who": "noor"}},
		"hidden":  1, "next": 39, "size": 42,
	}
	none := map[string]any{"entries": []any{}, "size": 42}
	says["/api/v1/entries"], says["/api/v1/entries?before=39&person=noor"] = list, none
	says["/api/v1/entries?stream=cell"] = map[string]any{"entries": []any{}, "size": 42, "next": 7, "hidden": 1000}
	h := open(t, says)
	page := h.page("/record")
	has(t, page, "<h1>Ledger</h1>", `href="/record/41"`, "The cell is sealed.", "signed by <bdi>noor</bdi>", "1 entry in between: of other people", `href="/record?before=39"`,
		"none are named by this cell", b.key[:20], canon.Sum([]byte("genesis")).String(), "halligan ledger tail")
	has(t, h.page("/record?before=39&person=noor"), "There is no entry like that.", "Only what <bdi>noor</bdi> signed.", `href="/record?person=noor"`)
	has(t, h.page("/record?stream=cell"), "None among those that were looked at.", `href="/record?before=7&amp;stream=cell"`)
}

var scriptOf = regexp.MustCompile(`(?s)The steps with openssl</summary><pre class="line"><code>(.*?)</code>`)

// TestEntry shows an entry with its proof, and has openssl redo what the page says
// that it can.
func TestEntry(t *testing.T) {
	b := newBook(t)
	h := open(t, b.says())
	page := h.page("/record/1")
	has(t, page, "2 steps lead to the root of the checkpoint of 3 entries", "noor agrees, after a call back.", "SHA256:abc", "that somebody had the key",
		canon.Sum([]byte("statement")).String(), "halligan evidence "+canon.Sum([]byte("open")).String()[:16]+" -o request.json\nhalligan verify request.json --anchor anchor.json", "/record/1/bytes")
	lacks(t, page, "Do not trust this ledger")
	w := h.request(http.MethodGet, "/record/1/bytes", nil)
	if w.Body.String() != b.bodies[1] || w.Header().Get("Content-Disposition") != `attachment; filename="entry-1.json"` {
		t.Errorf("the bytes are %q, %v", w.Body, w.Header())
	}
	if len(h.asked) != 5 {
		t.Errorf("the API was asked %q", h.asked)
	}

	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl on this machine")
	}
	found := scriptOf.FindStringSubmatch(page)
	if found == nil {
		t.Fatal("no script on the page")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "entry-1.json"), w.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-ec", strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&#43;", "+").Replace(found[1]))
	sh.Dir, sh.Env = dir, []string{"PATH=" + filepath.Dir(openssl) + ":" + os.Getenv("PATH")}
	printed, err := sh.CombinedOutput()
	if want := base64.StdEncoding.EncodeToString(b.root[:]) + "\n"; err != nil || string(printed) != want || !strings.Contains(b.checkpoint, "\n"+want) {
		t.Errorf("openssl prints %q, want %q: %v", printed, want, err)
	}
}

// TestT64EntryThatIsNotProved says so, whatever else the API says.
func TestT64EntryThatIsNotProved(t *testing.T) {
	b := newBook(t)
	const warning = "Do not trust this ledger"
	for name, spoil := range map[string]func(map[string]any){
		"another body":    func(e map[string]any) { e["body"] = b.bodies[0] },
		"another leaf":    func(e map[string]any) { e["leaf"] = b.leaves[0] },
		"a shorter proof": func(e map[string]any) { e["proof"] = []canon.Digest{b.leaves[0]} },
		"another proof":   func(e map[string]any) { e["proof"] = []canon.Digest{b.leaves[0], b.leaves[0]} },
		"no proof":        func(e map[string]any) { e["proof"] = []canon.Digest{} },
	} {
		says := b.says()
		spoil(says["/api/v1/entries/1"].(map[string]any))
		if page := open(t, says).page("/record/1"); !strings.Contains(page, warning) || strings.Contains(page, "This server worked that out") {
			t.Errorf("%s: the page does not warn", name)
		}
	}
	says := b.says()
	says["/api/v1/entries/1"].(map[string]any)["signed"] = map[string]any{"trouble": "the signature is wrong"}
	has(t, open(t, says).page("/record/1"), "It is not good: the signature is wrong")
}

// TestEntryOfATask has no signer.
func TestEntryOfATask(t *testing.T) {
	says := newBook(t).says()
	e := says["/api/v1/entries/1"].(map[string]any)
	delete(e, "signed")
	e["effect"], e["task"], e["stream"] = "opened", "open:1:db-1", "cell"
	page := open(t, says).page("/record/1")
	has(t, page, "Nobody signed it", "open:1:db-1", "halligan evidence --cell -o cell.json")
	lacks(t, page, "Proves")
}

func TestFind(t *testing.T) {
	digest, request := canon.Sum([]byte("statement")).String(), canon.Sum([]byte("request"))
	h := open(t, map[string]any{
		"/api/v1/statements/" + digest:           map[string]any{"index": 7},
		"/api/v1/requests/" + request.String():   map[string]any{"id": request},
		"/api/v1/requests/" + request.Short():    map[string]any{"id": request},
		"/api/v1/requests/" + "deadbeefdeadbeef": map[string]any{"id": request},
	})
	for q, want := range map[string]string{
		"42": "/record/42", "+7+": "/record/7", digest: "/record/7", request.String(): "/record?stream=request%2F" + request.String(),
		request.Short(): "/record?stream=request%2F" + request.String(), "noor": "/record?person=noor",
	} {
		if w := h.request(http.MethodGet, "/record/find?q="+q, nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q, want %q", q, w.Code, w.Header().Get("Location"), want)
		}
	}
	for q, want := range map[string]int{"": 422, "https://evil.example": 422, "//evil.example": 422, strings.Repeat("0", 64): 404, "0123456789abcdef": 404} {
		if w := h.request(http.MethodGet, "/record/find?q="+q, nil); w.Code != want || w.Header().Get("Location") != "" {
			t.Errorf("%q: %d, want %d", q, w.Code, want)
		}
	}
}

// TestT32RecordEscapes has every text of the ledger's pages be hostile.
func TestT32RecordEscapes(t *testing.T) {
	says := newBook(t).says()
	e := says["/api/v1/entries/1"].(map[string]any)
	e["who"], e["kind"], e["task"], e["signed"] = hostile, hostile, hostile, map[string]any{"key": hostile, "type": hostile, "trouble": hostile}
	e["moments"] = []map[string]any{{"text": hostile, "event": hostile}}
	e["body"], e["stream"] = `{"text":"<script>alert(1)</script>"}`, hostile
	page := open(t, says).page("/record/1")
	harmless(t, page)
	says["/api/v1/entries"] = map[string]any{"entries": []map[string]any{{"entry": 1, "at": canon.At(instant), "sentence": hostile, "who": hostile}}}
	harmless(t, open(t, says).page("/record"))
}
