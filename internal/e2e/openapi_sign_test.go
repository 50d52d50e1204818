package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// tokenAsked stands where a fuzzer's requests want a token.
const tokenAsked = "Bearer hs1.a-token-please"

// tilePath is what the document takes for the place of a tile.
var tilePath = regexp.MustCompile(`^(entries|[0-9]|[1-5][0-9]|6[0-3])/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?$`)

// scribe stands between a fuzzer and the server. What no schema can say, it puts
// in: statements of the right shape are dated, filled with what there is and
// signed, ids become some that exist, and a placeholder becomes a token. What is
// of another shape than the document's goes on as it came.
type scribe struct {
	wire   *wire
	way    *judged
	http   *http.Client
	people map[string]client.Signer

	mu      sync.Mutex
	token   string
	until   time.Time
	pool    []canon.Digest // requests, extensions and changes that were made
	holders map[canon.Digest]*client.Holder
	made    map[canon.Key32]*client.Holder // of requests that are not answered yet
	number  int64                          // of the newest report
}

func newScribe(w *wire) (*scribe, error) {
	many := w.http.Transport.(*http.Transport).Clone()
	many.MaxConnsPerHost = 0
	way, err := newJudged(many)
	if err != nil {
		return nil, err
	}
	s := &scribe{
		wire: w, way: way, http: &http.Client{Transport: way}, people: map[string]client.Signer{},
		holders: map[canon.Digest]*client.Holder{}, made: map[canon.Key32]*client.Holder{},
	}
	for _, person := range people {
		if s.people[person], err = w.signer(person); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// handler is what the fuzzer talks to.
func (s *scribe) handler() http.Handler {
	server := &url.URL{Scheme: "https", Host: s.wire.town.web}
	return &httputil.ReverseProxy{
		Transport: s.way,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(server)
			r.Out.Host = server.Host
			if r.Out.Header.Get("Authorization") == tokenAsked {
				r.Out.Header.Set("Authorization", "Bearer "+s.tokenFor(r.Out.URL.Path))
			}
			s.aim(r.Out)
			s.sign(r.Out)
		},
		ModifyResponse: s.learn,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
}

// tokenFor is a token for a path: one of its own where sessions end.
func (s *scribe) tokenFor(path string) string {
	if !strings.HasSuffix(path, "/session/end") && !strings.HasSuffix(path, "/sessions/end-others") {
		return s.bearer()
	}
	token, err := s.opened("sue")
	if err != nil {
		return "none"
	}
	return token
}

// bearer is a token of sam's, who is of security and sees everything.
func (s *scribe) bearer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().After(s.until) {
		token, err := s.opened("sam")
		if err != nil {
			return "none"
		}
		s.token, s.until = token, time.Now().Add(10*time.Minute)
	}
	return s.token
}

// opened is the token of a new session.
func (s *scribe) opened(person string) (string, error) {
	said, err := s.wire.send(person, &statement.Session{For: statement.SessionLongest})
	return said.must(err, "session.token")
}

// aim puts what there is in the place of what was made up, most times.
func (s *scribe) aim(r *http.Request) {
	if q := r.URL.Query(); q.Get("wait") != "" && q.Get("wait") != "0" {
		if n, err := strconv.Atoi(q.Get("wait")); err == nil && n > 0 && n <= 50 {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "wait="+q.Get("wait"), "wait=1", 1)
		}
	}
	if mathrand.IntN(4) == 0 {
		return
	}
	parts := strings.Split(r.URL.Path, "/")
	for i, part := range parts {
		last := ""
		if i > 0 {
			last = parts[i-1]
		}
		switch {
		case slices.Contains([]string{"requests", "changes", "statements"}, last) && len(part) >= 8 && canon.MadeOf(part, "0123456789abcdef"):
			if of, ok := s.any(); ok {
				parts[i] = of.String()
			}
		case last == "attachments" && len(part) == 64 && canon.MadeOf(part, "0123456789abcdef"):
			parts[i] = s.wire.anchor.Genesis.String()
		case last == "scenarios" && canon.CheckID(part) == nil:
			parts[i] = "database-locked-out"
		case last == "tile" && tilePath.MatchString(strings.Join(parts[i:], "/")):
			if part != "entries" {
				parts[i] = "0"
			}
			parts = append(parts[:i+1], "000.p", "1")
		default:
			continue
		}
		break
	}
	r.URL.Path, r.URL.RawPath = strings.Join(parts, "/"), ""
	if q := r.URL.Query(); len(q["scenario"]) == 1 && q.Get("scenario") != "" {
		q.Set("scenario", "database-locked-out")
		r.URL.RawQuery = q.Encode()
	}
}

func (s *scribe) any() (canon.Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pool) == 0 {
		return canon.Digest{}, false
	}
	const lately = 12 // older ones are over
	from := max(0, len(s.pool)-lately)
	return s.pool[from+mathrand.IntN(len(s.pool)-from)], true
}

// sign signs what a body says, when the document would take it.
func (s *scribe) sign(r *http.Request) {
	if r.Body == nil || r.Method != http.MethodPost {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 {
		r.Body = http.NoBody
		return
	}
	operation := s.way.held.Operation(r.Method, r.URL.RequestURI())
	if operation != "" && s.way.held.Takes(operation, body) == nil {
		if signed, err := s.signed(operation, body); err == nil {
			body = signed
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
}

func (s *scribe) signed(operation string, body []byte) ([]byte, error) {
	if strings.HasSuffix(operation, "/report") {
		return s.report()
	}
	if slices.ContainsFunc(slices.Concat(signInPaths, enrolPaths), func(path string) bool { return strings.HasSuffix(operation, path) }) {
		return body, nil // the tour sends what is taken
	}
	var sent struct {
		Statement map[string]any `json:"statement"`
		Browser   bool           `json:"browser"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, err
	}
	return s.statement(sent.Statement, sent.Browser)
}

// statement makes of any statement of the right shape one that could be taken.
func (s *scribe) statement(of map[string]any, browser bool) ([]byte, error) {
	kind, _ := of["kind"].(string)
	seen, err := s.wire.checkpoint()
	if err != nil {
		return nil, err
	}
	var nonce [32]byte
	rand.Read(nonce[:])
	actor := people[mathrand.IntN(len(people))]
	if slices.Contains([]string{"request", "withdraw", "fetch", "release", "extend", "solo"}, kind) {
		actor = "ann"
	}
	header := map[string]any{
		"actor": actor, "ledger": origin, "nonce": canon.Key32(nonce).String(), "expires": canon.At(time.Now().Add(5 * time.Minute)).String(),
		"seen": map[string]any{"size": seen.Size, "root": seen.Root.String()},
	}
	for name, value := range header {
		if mathrand.IntN(40) > 0 { // now and then as it was made up
			of[name] = value
		}
	}
	key := s.people[actor]
	var notes []client.Noted
	var files [][]byte
	if err := s.fill(of, kind, &notes, &files); err != nil {
		return nil, err
	}
	if id, err := canon.ParseDigest(fmt.Sprint(of["of"])); err == nil && (kind == "fetch" || kind == "release") {
		if holder := s.holder(id); holder != nil {
			if key, err = holder.Signer(); err != nil {
				return nil, err
			}
		}
	}
	data, err := json.Marshal(of)
	if err != nil {
		return nil, err
	}
	value := jsontext.Value(data)
	if err := value.Canonicalize(); err != nil {
		return nil, err
	}
	blob, err := key.Sign(context.Background(), sshsig.Namespace(kind), value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []client.Noted   `json:"notes,omitempty"`
		Files     [][]byte         `json:"files,omitempty"`
		Browser   bool             `json:"browser,omitzero"`
	}{value, ledger.Signature{SSHSig: blob}, notes, files, browser && kind == "session"})
}

// fill puts what there is into the members of a statement's body.
func (s *scribe) fill(of map[string]any, kind string, notes *[]client.Noted, files *[][]byte) error {
	if subject, ok := s.any(); ok && of["of"] != nil && mathrand.IntN(5) > 0 {
		of["of"] = subject.String()
	}
	if of["targets"] != nil && mathrand.IntN(5) > 0 {
		of["targets"] = []any{"primary", "replica"}[:1+mathrand.IntN(2)]
	}
	if of["target"] != nil && mathrand.IntN(5) > 0 {
		of["target"] = "primary"
	}
	if kind == "request" {
		holder, err := client.NewHolder()
		if err != nil {
			return err
		}
		public, err := holder.Public()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.made[public.Ed25519] = holder
		s.mu.Unlock()
		of["holder"] = map[string]any{"ed25519": public.Ed25519.String(), "x25519": public.X25519.String()}
		of["scenario"], of["scenario_digest"] = "database-locked-out", canon.Sum(s.wire.bundle.Scenarios["database-locked-out"]).String()
		if mathrand.IntN(5) > 0 {
			of["severity"], of["for"] = "SEV1", 1800
		}
	}
	if kind == "change" && mathrand.IntN(3) > 0 { // one of three, and nobody of these is missed
		delete(of, "amend")
		delete(of, "ledger_key")
		of["remove"] = map[string]any{"person": "bob"}
	}
	return s.beside(of, notes, files)
}

// beside gives every note a text and every file bytes, and leaves out what is
// empty: there is one spelling.
func (s *scribe) beside(of map[string]any, notes *[]client.Noted, files *[][]byte) error {
	for name, value := range of {
		switch value := value.(type) {
		case bool:
			if !value || name == "offline" && mathrand.IntN(3) > 0 {
				delete(of, name)
			}
		case []any:
			if len(value) == 0 {
				delete(of, name)
			}
			for i, each := range value {
				each, ok := each.(map[string]any)
				if !ok {
					continue
				}
				if err := s.one(each, notes, files); err != nil {
					return err
				}
				value[i] = each
			}
		case map[string]any:
			if err := s.one(value, notes, files); err != nil {
				return err
			}
		}
	}
	return nil
}

// one is beside for one object, which may be a note or name a file itself.
func (s *scribe) one(of map[string]any, notes *[]client.Noted, files *[][]byte) error {
	switch {
	case len(of) == 2 && of["hash"] != nil:
		note, text, err := client.NewNoted("what a fuzzer says")
		if err != nil {
			return err
		}
		*notes = append(*notes, text)
		of["hash"], of["length"] = note.Hash.String(), note.Length
	case len(of) == 2 && of["digest"] != nil:
		data := make([]byte, 64)
		rand.Read(data)
		*files = append(*files, data)
		of["digest"], of["length"] = canon.Sum(data).String(), len(data)
	default:
		return s.beside(of, notes, files)
	}
	return nil
}

func (s *scribe) holder(of canon.Digest) *client.Holder {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holders[of]
}

// learn remembers what was made.
func (s *scribe) learn(answer *http.Response) error {
	if answer.StatusCode != http.StatusCreated {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var taken struct {
		Digest canon.Digest                `json:"digest"`
		Events []map[string]jsontext.Value `json:"events"`
	}
	if err := json.Unmarshal(body, &taken); err != nil || len(taken.Events) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, event := range taken.Events[0] {
		if slices.Contains([]string{"request-made", "extension-asked", "change-proposed", "review-written"}, name) {
			s.pool = append(s.pool, taken.Digest)
		}
		var made struct {
			Request struct {
				Holder canon.Key32 `json:"holder"`
			} `json:"request"`
		}
		if name == "request-made" && json.Unmarshal(event, &made) == nil {
			s.holders[taken.Digest] = s.made[made.Request.Holder]
		}
	}
	return nil
}
