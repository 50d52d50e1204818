package server_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
)

// receiver is a channel that answers nothing until it is let go, and notes of
// whom it is told, in order.
type receiver struct {
	letGo chan struct{}
	mu    sync.Mutex
	told  []string // person and type
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, got *http.Request) {
	var body struct {
		Type string `json:"type"`
		Data struct {
			Person string `json:"person"`
		} `json:"data"`
	}
	if err := json.UnmarshalRead(got.Body, &body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.told = append(r.told, body.Data.Person+" "+body.Type)
	r.mu.Unlock()
	select {
	case <-r.letGo:
	case <-got.Context().Done():
	}
}

// of counts what was told, and where something stands first; -1: nowhere.
func (r *receiver) of(what string) (all, at int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, told := range r.told {
		if told == what {
			return len(r.told), i
		}
	}
	return len(r.told), -1
}

// channel is the webhook of a receiver, as server.yaml gives it.
func channel(t *testing.T, url string) map[string]config.Webhook {
	t.Helper()
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "secret"), []byte("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"), 0o600))
	settings, problems := config.ParseServer([]byte("webhooks: { pager: { url: \""+url+"\", secret_file: secret } }\n"), folder)
	if config.HasErrors(problems) {
		t.Fatal(problems)
	}
	return settings.Webhooks
}

// TestT18FloodAtARunningServer: ann asks and withdraws until she is held up, and
// her alarms queue at a channel that hangs. Bob asks: he is taken at once, and the
// channel hears of him after the alarms that are on their way and one turn.
func TestT18FloodAtARunningServer(t *testing.T) {
	to := &receiver{letGo: make(chan struct{})}
	pager := httptest.NewServer(to)
	defer pager.Close()
	const most = 20
	r := run(t, config.Limits{StatementsPerMinute: most}, channel(t, pager.URL))
	ann, taken := r.from("127.0.0.1"), 0
	for i := range 3 * most {
		status, id := r.say(ann, r.Ask("ann", "loop "+strconv.Itoa(i)))
		if status == http.StatusTooManyRequests {
			break
		}
		if status != http.StatusCreated {
			t.Fatalf("request %d: status %d", i, status)
		}
		taken++
		if status, _ := r.say(ann, r.sign("ann", &statement.Withdraw{Of: id})); status != http.StatusCreated {
			t.Fatalf("withdrawing %d: status %d", i, status)
		}
	}
	if taken < most || taken > 2*most {
		t.Fatalf("%d of ann's requests were taken, want %d and what a slow machine's minute adds", taken, most)
	}
	status, id := r.say(r.from("127.0.0.1"), r.Ask("bob", "his"))
	if status != http.StatusCreated {
		t.Fatalf("bob's request: status %d", status)
	}
	before, _ := to.of("") // the channel hangs: these were tried
	close(to.letGo)
	all, at := to.of("bob request.made")
	for end := time.Now().Add(longest); at < 0 && time.Now().Before(end); all, at = to.of("bob request.made") {
		time.Sleep(10 * time.Millisecond)
	}
	if at < 0 || at-before > 8 { // a turn, and what the four workers had taken meanwhile
		t.Errorf("the channel heard of bob at place %d of %d, and %d were before he asked", at, all, before)
	}
	if before > taken {
		t.Errorf("%d of %d alarms were tried at a channel that hangs: that was no flood", before, 2*taken)
	}
	if status, _ := r.say(ann, r.sign("bob", &statement.Withdraw{Of: id})); status != http.StatusCreated {
		t.Errorf("bob withdraws: status %d", status)
	}
}
