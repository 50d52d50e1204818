package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/web"
)

// cellName is the cell of every test here.
const cellName = "halligan.example.com"

// instant is when tests look.
var instant = time.Date(2026, 11, 30, 3, 7, 12, 0, time.UTC)

// house is the pages over an API that answers what a test says.
type house struct {
	t     *testing.T
	pages http.Handler
	asked []string // of the API, in order
	sent  []string // to it: paths and bodies
	says  map[string]any
}

// checkpoint is one that the fake API names.
const checkpoint = cellName + "\n42\neHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=\n\n— halligan.example.com AAAAAXNzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M=\n"

// open makes a house in which mara has signed in. Each pair is a path of the API
// and what it answers.
func open(t *testing.T, says map[string]any) *house {
	t.Helper()
	h := &house{t: t, says: says}
	h.pages = web.New(web.Options{API: http.HandlerFunc(h.api), Name: cellName, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), SecretIn: config.SecretIn, Now: func() time.Time { return instant }})
	return h
}

func (h *house) api(w http.ResponseWriter, r *http.Request) {
	h.asked = append(h.asked, r.URL.RequestURI())
	problem := func(status int, reason, title string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		data, _ := json.Marshal(map[string]any{"status": status, "reason": reason, "title": title})
		_, _ = w.Write(data)
	}
	if r.URL.Path == "/ledger/checkpoint" {
		_, _ = io.WriteString(w, checkpoint)
		return
	}
	if len(r.CookiesNamed("__Host-halligan")) > 1 {
		problem(http.StatusBadRequest, "token-twice", "more than one token")
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/v1/sign-in") {
		h.signIn(w, r)
		return
	}
	if cookie, err := r.Cookie("__Host-halligan"); err != nil || cookie.Value != "mara's" {
		problem(http.StatusUnauthorized, "token-missing", "a token is needed")
		return
	}
	said, ok := h.says[r.URL.RequestURI()]
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		h.sent = append(h.sent, r.URL.Path+" "+string(body))
	}
	if !ok && r.URL.Path == "/api/v1/me" {
		said, ok = map[string]any{"id": "mara", "name": map[string]any{"text": "Mara Lind"}, "may_ask": []string{}}, true
	}
	if !ok {
		problem(http.StatusNotFound, "not-found", "not found")
		return
	}
	data, err := json.Marshal(said)
	if err != nil {
		h.t.Error(err)
	}
	_, _ = w.Write(data)
}

// request is one request with headers, as a browser that mara uses sends it.
func (h *house) request(method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "https://"+cellName+path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	}
	r.AddCookie(&http.Cookie{Name: "__Host-halligan", Value: "mara's"})
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	return w
}

// page is a page that must be there.
func (h *house) page(path string) string {
	h.t.Helper()
	w := h.request(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		h.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// has demands that a page says each of some things.
func has(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, each := range wanted {
		if !strings.Contains(page, each) {
			t.Errorf("the page lacks %q:\n%s", each, page)
		}
	}
}
