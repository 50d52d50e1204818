package server_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT18FloodInSomebodysName: whoever floods the server with signatures that name
// ann's key, from her own address and from elsewhere, does not stop one statement
// of hers, from either: none is refused, and none is told to come again.
func TestT18FloodInSomebodysName(t *testing.T) {
	r := run(t, config.Limits{RequestsPerMinute: 60}, nil)
	forged := r.sign("ann", &statement.Session{For: 300})
	forged.Signature.SSHSig = bytes.Clone(forged.Signature.SSHSig)
	forged.Signature.SSHSig[len(forged.Signature.SSHSig)-1] ^= 1
	body := r.wire(forged)
	var flood sync.WaitGroup
	stop := make(chan struct{})
	var mu sync.Mutex
	sent, taken := 0, 0
	for _, from := range []string{"127.0.0.1", "127.0.0.1", "127.0.0.3", "127.0.0.4"} {
		c := r.from(from)
		for range 8 {
			flood.Add(1)
			go func() {
				defer flood.Done()
				for {
					select {
					case <-stop:
						return
					default:
					}
					resp, err := c.Post("https://"+r.at+"/api/v1/statements", "application/json", bytes.NewReader(body))
					if err != nil {
						continue // pushed out by its own crowd
					}
					resp.Body.Close()
					mu.Lock()
					if sent++; resp.StatusCode < 400 {
						taken++
					}
					mu.Unlock()
				}
			}()
		}
	}
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		ann := r.from(from)
		for i := range 10 {
			began := time.Now()
			if status, _ := r.say(ann, r.sign("ann", &statement.Session{For: 300})); status != http.StatusCreated {
				t.Errorf("ann's statement %d from %s: status %d", i, from, status)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("ann's statement %d from %s took %v", i, from, took)
			}
		}
	}
	for limit := time.Now().Add(longest); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		enough := sent >= 100
		mu.Unlock()
		if enough {
			break
		}
	}
	close(stop)
	flood.Wait()
	if sent < 100 || taken > 0 {
		t.Errorf("of %d forged statements %d were taken: that was no flood, or worse", sent, taken)
	}
	t.Logf("%d forged statements meanwhile", sent)
}
