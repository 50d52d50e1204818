package alert

import "time"

// MaxWait is the longest that an alarm waits for its next attempt.
const MaxWait = 5 * time.Minute

// Backoff is how long to wait after that many failed attempts (1 after the
// first): between half of a step and the whole of it, where steps are 2 s, 4 s,
// 8 s … up to MaxWait. Jitter from 0 to 1 chooses the place in between; values
// outside count as the nearest. So the result is never under 1 s or over MaxWait.
func Backoff(attempt int, jitter float64) time.Duration {
	step := MaxWait
	if attempt = max(attempt, 1); attempt < 9 { // 2^9 s are over MaxWait
		step = min(time.Second<<attempt, MaxWait)
	}
	if !(jitter > 0) { // NaN too
		jitter = 0
	}
	return step/2 + time.Duration(min(jitter, 1)*float64(step/2))
}
