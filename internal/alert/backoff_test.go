package alert_test

import (
	"math"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
	"pgregory.net/rapid"
)

func TestBackoffSteps(t *testing.T) {
	for attempt, want := range map[int][2]time.Duration{
		math.MinInt: {time.Second, 2 * time.Second},
		0:           {time.Second, 2 * time.Second},
		1:           {time.Second, 2 * time.Second},
		2:           {2 * time.Second, 4 * time.Second},
		8:           {128 * time.Second, 256 * time.Second},
		9:           {150 * time.Second, 300 * time.Second},
		64:          {150 * time.Second, 300 * time.Second},
		math.MaxInt: {150 * time.Second, 300 * time.Second},
	} {
		if got := [2]time.Duration{alert.Backoff(attempt, 0), alert.Backoff(attempt, 1)}; got != want {
			t.Errorf("Backoff(%d, 0 and 1) = %v, want %v", attempt, got, want)
		}
	}
	for _, odd := range []float64{math.NaN(), math.Inf(-1), -1} {
		if got := alert.Backoff(1, odd); got != time.Second {
			t.Errorf("Backoff(1, %v) = %v, want 1s", odd, got)
		}
	}
	if got := alert.Backoff(1, math.Inf(1)); got != 2*time.Second {
		t.Errorf("Backoff(1, +Inf) = %v, want 2s", got)
	}
}

func TestBackoffKeepsItsBoundsAndGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempt, jitter := rapid.Int().Draw(t, "attempt"), rapid.Float64().Draw(t, "jitter")
		wait := alert.Backoff(attempt, jitter)
		if wait < time.Second || wait > alert.MaxWait {
			t.Fatalf("Backoff(%d, %v) = %v", attempt, jitter, wait)
		}
		if attempt < math.MaxInt && alert.Backoff(attempt+1, jitter) < wait {
			t.Fatalf("Backoff(%d, %v) is shorter than the one before", attempt+1, jitter)
		}
	})
}
