package canon

import (
	"fmt"
	"strconv"
	"time"
)

// layout is RFC 3339 in UTC with exactly three decimals.
const layout = "2006-01-02T15:04:05.000Z"

// Time is an instant in UTC, in whole milliseconds. As text it is RFC 3339 with
// exactly three decimals and a Z. The zero Time is no instant.
type Time struct{ t time.Time }

// At is t in UTC, cut to whole milliseconds.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Round(0).Truncate(time.Millisecond)}
}

// Std is the instant as the standard library has it.
func (t Time) Std() time.Time { return t.t }

// IsZero tells whether t was never set.
func (t Time) IsZero() bool { return t.t.IsZero() }

// Add is the instant d later.
func (t Time) Add(d time.Duration) Time { return At(t.t.Add(d)) }

// Sub is the time from u to t.
func (t Time) Sub(u Time) time.Duration { return t.t.Sub(u.t) }

// Before tells whether t is earlier than u.
func (t Time) Before(u Time) bool { return t.t.Before(u.t) }

// After tells whether t is later than u.
func (t Time) After(u Time) bool { return t.t.After(u.t) }

// String is the text form.
func (t Time) String() string { return t.t.Format(layout) }

// MarshalText gives the text form.
func (t Time) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// AppendText appends the text form to dst.
func (t Time) AppendText(dst []byte) ([]byte, error) {
	year, month, day := t.t.Date()
	if year < 0 || year > 9999 {
		return t.t.AppendFormat(dst, layout), nil
	}
	hour, minute, second := t.t.Clock()
	dst = append(digits(dst, year, 4), '-')
	dst = append(digits(dst, int(month), 2), '-')
	dst = append(digits(dst, day, 2), 'T')
	dst = append(digits(dst, hour, 2), ':')
	dst = append(digits(dst, minute, 2), ':')
	dst = append(digits(dst, second, 2), '.')
	return append(digits(dst, t.t.Nanosecond()/int(time.Millisecond), 3), 'Z'), nil
}

// digits appends a number with so many digits.
func digits(dst []byte, n, width int) []byte {
	dst = append(dst, "0000"[:width]...)
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] += byte(n % 10)
		n /= 10
	}
	return dst
}

// UnmarshalText reads the text form, strictly.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(layout, string(text))
	if err != nil {
		return fmt.Errorf("%q is not an instant such as 2026-11-22T03:07:00.000Z", text)
	}
	t.t = parsed.UTC()
	return nil
}

// Earlier is the earlier of two instants.
func Earlier(a, b Time) Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Later is the later of two instants.
func Later(a, b Time) Time {
	if b.After(a) {
		return b
	}
	return a
}

// Seconds is a span of time in whole seconds. In JSON it is an integer.
type Seconds int64

// SecondsOf is d cut to whole seconds.
func SecondsOf(d time.Duration) Seconds { return Seconds(d / time.Second) }

// Duration is s as the standard library has it.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// String is for people: 1h, 15m, 90s.
func (s Seconds) String() string {
	switch {
	case s != 0 && s%3600 == 0:
		return strconv.FormatInt(int64(s/3600), 10) + "h"
	case s != 0 && s%60 == 0:
		return strconv.FormatInt(int64(s/60), 10) + "m"
	case s > 3600 || s > 60:
		return s.Duration().String()
	default:
		return strconv.FormatInt(int64(s), 10) + "s"
	}
}

// Equal tells whether t and u are the same instant.
func (t Time) Equal(u Time) bool { return t.t.Equal(u.t) }
