package api_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/web"
)

// asked counts what pages ask the API for.
type asked struct{ atomic.Int64 }

func (a *asked) pages(inside http.Handler) http.Handler {
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Add(1)
		inside.ServeHTTP(w, r)
	})
	return web.New(web.Options{API: count, Name: celltest.Origin, Log: slog.New(slog.DiscardHandler)})
}

// look is a page as a person sees it, and how often it asked the API.
func (h *house) look(a *asked, person, path string) (status int, page []byte, calls int64) {
	h.Helper()
	before := a.Load()
	r, err := http.NewRequest(http.MethodGet, h.server.URL+path, nil)
	must(h, err)
	r.AddCookie(&http.Cookie{Name: cookieName, Value: h.token(person)})
	client := *h.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(r)
	must(h, err)
	defer resp.Body.Close()
	page, err = io.ReadAll(resp.Body)
	must(h, err)
	return resp.StatusCode, page, a.Load() - before
}

var inPattern = regexp.MustCompile(`\{([a-z]+)\.*\}`)

// pagePaths are the pages of the table, each with what its path names: a request, a
// person, a scenario, an entry, an envelope that there is not.
func pagePaths(t *testing.T, request string) map[string]string {
	t.Helper()
	names := map[string]string{"id": request, "scenario": celltest.Scenario().ID, "entry": "1", "name": "no-envelope"}
	paths := map[string]string{}
	for _, r := range web.Routes() {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/static/") {
			continue
		}
		path := inPattern.ReplaceAllStringFunc(strings.TrimSuffix(r.Path, "{$}"), func(name string) string {
			known, ok := names[strings.Trim(name, "{.}")]
			if strings.HasPrefix(r.Path, "/people/") {
				known = "ann"
			}
			if !ok {
				t.Errorf("%s: say in this test what %s is in a path", r.Path, name)
			}
			return known
		})
		paths[r.Pattern()] = path
	}
	if len(paths) == 0 {
		t.Fatal("there are no pages")
	}
	return paths
}

// TestPagesAskAsOftenWhateverIsOpen: what a page costs does not grow with the number
// of grants but by what it shows.
func TestPagesAskAsOftenWhateverIsOpen(t *testing.T) {
	var a asked
	// Nobody may have more than twenty requests live, so that there are more people.
	crowd := make([]string, 10)
	h := open(t, func(h *house) {
		h.pages, h.often = a.pages, 1<<20
		for i := range crowd {
			crowd[i] = fmt.Sprintf("on-call-%d", i)
			h.genesis.People = append(h.genesis.People, roster.Person{ID: crowd[i], Keys: []roster.Key{celltest.Line(crowd[i])}})
		}
		h.genesis.Groups["on-call"] = append(h.genesis.Groups["on-call"], crowd...)
		slices.Sort(h.genesis.Groups["on-call"])
	})
	id := h.granted("ann", "seen", "db-1")
	paths := pagePaths(t, id.String())
	count := func() map[string]int64 {
		calls := map[string]int64{}
		for pattern, path := range paths {
			status, page, n := h.look(&a, "sam", path)
			if calls[pattern] = n; status >= 500 {
				t.Errorf("%s: %d\n%s", path, status, page)
			}
		}
		return calls
	}
	few := count()
	for n := range 200 {
		h.granted(crowd[n%len(crowd)], fmt.Sprint(n), "db-1")
	}
	many := count()
	for _, pattern := range slices.Sorted(maps.Keys(few)) {
		if few[pattern] != many[pattern] {
			t.Errorf("%s asks the API %d times with 1 grant and %d times with 201", pattern, few[pattern], many[pattern])
		}
	}
	if few["GET /{$}"] < 2 {
		t.Errorf("the first page asks the API %d times: nothing is counted", few["GET /{$}"])
	}
}

// lightest is how many bytes a page and everything that it needs may have, with
// nothing compressed.
const lightest = 100_000

// TestPagesAreLight: with its assets, each page comes through a bad connection.
func TestPagesAreLight(t *testing.T) {
	var a asked
	h := open(t, func(h *house) { h.pages = a.pages })
	id := h.granted("ann", "one", "db-1")
	h.asked("bob", "two", "db-1")
	asset := regexp.MustCompile(`"(/static/[^"]+)"`)
	for pattern, path := range pagePaths(t, id.String()) {
		status, page, _ := h.look(&a, "sam", path)
		total, assets := len(page), map[string]bool{}
		for _, found := range asset.FindAllSubmatch(page, -1) {
			assets[string(found[1])] = true
		}
		for each := range assets {
			_, data, _ := h.look(&a, "sam", each)
			total += len(data)
		}
		if total > lightest {
			t.Errorf("%s has %d bytes with its assets, more than %d", pattern, total, lightest)
		}
		if status == http.StatusOK && len(assets) == 0 && strings.Contains(string(page), "<html") {
			t.Errorf("%s names no assets", pattern)
		}
	}
}

// TestPagesAreValidHTML has a foreign judge read every page, of a cell in which
// nothing happened and of one in which something is open, waits, closes, is owed and
// was refused, as those see it who may see all, and as others do.
func TestPagesAreValidHTML(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a foreign program judges every page")
	}
	judge := os.Getenv("HALLIGAN_HTML_VALIDATE")
	if judge == "" {
		judge = filepath.Join("..", "..", ".tools", "html", "node_modules", ".bin", "html-validate")
	}
	if _, err := os.Stat(judge); err != nil {
		t.Skip("no html-validate in .tools: scripts/deps.sh installs it where there is npm")
	}
	var a asked
	dir := t.TempDir()
	written := 0
	write := func(h *house, state, person, request string) {
		for pattern, path := range pagePaths(t, request) {
			status, page, _ := h.look(&a, person, path)
			if !strings.HasPrefix(string(page), "<!doctype html>") {
				if status == http.StatusOK && !strings.HasSuffix(path, "/bytes") && !strings.HasPrefix(string(page), "<!") {
					t.Logf("%s is no page: not judged", pattern)
				}
				continue
			}
			written++
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-").Replace(path), "-")
			must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.html", state, person, status, name)), page, 0o600))
		}
	}
	h := open(t, func(h *house) { h.pages = a.pages })
	write(h, "empty", "sam", strings.Repeat("0", 64))
	live, over := h.granted("ann", "live", "db-1"), h.ended("ann", "over")
	h.asked("bob", "waits", "db-1")
	h.took(h.reviews("ann", over, "pool was full"))
	same(t, "refused", h.submit("ann", "ann", approval(live)).Status, http.StatusForbidden)
	for _, person := range []string{"sam", "ann", "bob"} {
		write(h, "live", person, live.String())
		write(h, "over", person, over.String())
	}
	_, page, _ := h.look(&a, "sam", "/?wall=1")
	must(t, os.WriteFile(filepath.Join(dir, "wall.html"), page, 0o600))
	resp, err := h.client.PostForm(h.server.URL+"/draft/session", url.Values{"person": {"sam"}})
	must(t, err)
	page, err = io.ReadAll(resp.Body)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "by-hand.html"), page, 0o600))
	if written < 3*len(web.Routes())/2 {
		t.Fatalf("only %d pages were written", written)
	}
	must(t, os.WriteFile(filepath.Join(dir, ".htmlvalidate.json"), []byte(judged), 0o600))
	said, err := exec.Command(judge, "--formatter", "text", dir).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, strings.ReplaceAll(string(said), dir+"/", ""))
	}
	must(t, os.WriteFile(filepath.Join(dir, "wall.html"), []byte("<!doctype html><html lang=en><body><div id=a></div><div id=a></div>"), 0o600))
	if exec.Command(judge, filepath.Join(dir, "wall.html")).Run() == nil {
		t.Error("the judge finds nothing wrong with an id that stands twice")
	}
}

// judged is what html-validate is asked: all that it recommends and what it knows
// of access for everybody. Ids may be what HTML lets them be, and boxes of one question share a name. What is off is taste: how a doctype is spelled, a type
// that is the default, spaces at the end of a line that a template left, and how
// long a title is.
const judged = `{
  "root": true,
  "extends": ["html-validate:recommended", "html-validate:a11y"],
  "rules": {"valid-id": ["error", {"relaxed": true}], "form-dup-name": ["error", {"shared": ["radio", "checkbox", "button", "submit"]}],
     "doctype-style": "off", "no-implicit-input-type": "off", "no-trailing-whitespace": "off", "long-title": "off"}
}`
