package main

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestSign: what the load signs is what the product's own check accepts.
func TestSign(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := sign(key, "fetch", []byte("bytes"))
	if _, err := sshsig.Verify(blob, sshsig.Namespace("fetch"), []byte("bytes")); err != nil {
		t.Error(err)
	}
	if _, err := sshsig.Verify(blob, sshsig.Namespace("stop"), []byte("bytes")); err == nil {
		t.Error("the signature counts for another kind")
	}
}

func TestEnclose(t *testing.T) {
	notes := []ledger.Note{freshNote(), {Text: "a \"word\"\n"}}
	var read struct {
		Statement map[string]int   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []struct {
			Salt []byte `json:"salt"`
			Text string `json:"text"`
		} `json:"notes"`
	}
	if err := json.Unmarshal(enclose([]byte(`{"a":1}`), []byte("blob"), notes), &read, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	if read.Statement["a"] != 1 || string(read.Signature.SSHSig) != "blob" || len(read.Notes) != 2 || read.Notes[1].Text != notes[1].Text {
		t.Errorf("%+v", read)
	}
}

// TestInterleave: sides take turns, the first round does not count, and the ratio
// is that of the rounds, whatever moves both sides of one.
func TestInterleave(t *testing.T) {
	var order []string
	round := 0
	fake := func(name string, count func() int) side {
		return side{name, func() (turn, error) {
			order = append(order, name)
			return turn{Count: count(), Took: time.Second}, nil
		}}
	}
	turns, err := interleave(3, fake("a", func() int { round++; return 200 * round }), fake("b", func() int { return 100 * round }))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ""); got != "abababab" {
		t.Errorf("order %s", got)
	}
	if len(turns["a"]) != 3 || ratio(turns["a"], turns["b"], turn.rate) != 2 || median(turns["a"], turn.rate) != 600 {
		t.Errorf("%+v", turns)
	}
	broken := errors.New("broken")
	if _, err := interleave(1, side{"c", func() (turn, error) { return turn{}, broken }}); !errors.Is(err, broken) {
		t.Errorf("the failure of a side is lost: %v", err)
	}
}

func TestDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		done, err := drive(4, 10*time.Millisecond, func(int) error { calls.Add(1); time.Sleep(time.Millisecond); return nil })
		if err != nil || done.Count != 40 || calls.Load() != 40 || done.P50 != time.Millisecond || done.P99 != time.Millisecond || done.Took != 10*time.Millisecond {
			t.Errorf("%+v after %d calls, %v", done, calls.Load(), err)
		}
		if _, err := drive(4, time.Second, func(int) error { return errors.New("no") }); err == nil {
			t.Error("a failure is no turn")
		}
	})
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		of   row
		want string
	}{
		{row{Ratio: 4, Due: atLeast(4)}, "met"}, {row{Ratio: 3.99, Due: atLeast(4)}, "missed"},
		{row{Ratio: 0.1, Due: atMost(0.125)}, "met"}, {row{Ratio: 0.2, Due: atMost(0.125)}, "missed"},
		{row{Ratio: 7}, "—"}, {row{Due: atLeast(4)}, "missed"},
	} {
		if got := c.of.verdict(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.of, got, c.want)
		}
	}
	page := document([]row{{ID: "B0", What: "w", Ours: "1/s", Peer: "2/s", Ratio: 0.5, Unit: "× rate", Due: atLeast(1), Note: "n"}}, time.Unix(0, 0), "1", true)
	for _, part := range []string{"| B0 | w | 1/s | 2/s | 0.50 × rate | ≥ 1.00 | missed |", "B0, w: n", "quick run", "1 January 1970"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

// TestAge: a cell of any size ends now, its last hour is busy, and time goes on.
func TestAge(t *testing.T) {
	for _, all := range []int64{100, 10_000, 1_000_000} {
		busy := min(ageBusy, all/2)
		for entry, want := range map[int64]time.Duration{0: 0, all - busy: ageOf - ageBusyFor, all - busy/2: ageOf - ageBusyFor/2, all: ageOf, all + 100: ageOf} {
			if got := ageAt(entry, all); got.Round(time.Second) != want {
				t.Errorf("entry %d of %d belongs at %s, want %s", entry, all, got, want)
			}
		}
		for entry := int64(0); entry < all; entry += all / 100 {
			if ageAt(entry, all) >= ageAt(entry+1, all) {
				t.Errorf("entry %d of %d: time does not go on", entry, all)
			}
		}
	}
}
