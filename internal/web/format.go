package web

import (
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// functions are what sheets may call.
func (p *pages) functions() template.FuncMap {
	return template.FuncMap{
		"readiness":  readiness,
		"readyTone":  readyTone,
		"quorumOf":   quorumOf,
		"coverageAt": coverageAt,
		"clockEnd":   clockEnd,
		"clockTime":  func(t canon.Time) string { return t.Std().UTC().Format("15:04") },
		"hour":       func(t canon.Time) string { return t.Std().UTC().Format("Mon 2 Jan 15:04") },
		"weekday":    func(t canon.Time) string { return t.Std().UTC().Format("Mon 2 Jan") },
		"join":       func(all []string) string { return strings.Join(all, ",") },
		"has":        func(all []string, one string) bool { return slices.Contains(all, one) },

		"asset":  p.asset,
		"at":     p.at,
		"ago":    func(t canon.Time) string { return length(p.Now().Sub(t.Std())) },
		"until":  func(t canon.Time) string { return length(t.Std().Sub(p.Now())) },
		"clock":  countdown,
		"length": func(s canon.Seconds) string { return length(s.Duration()) },
		"count":  count,
		"span":   span,
		"series": series,
		"tone":   tone,

		"wording": wording,
		"name":    name,

		"exclusion": view.ExclusionOf,
		"whole":     whole,
		"now":       func() canon.Time { return canon.At(p.Now()) },
		"sentence":  sentence,
		"phone":     phone,
		"initials":  initials,
		"minutes":   func(s canon.Seconds) int64 { return int64(s / 60) },
		"sits":      func(leg view.Leg, person string) bool { return slices.Contains(leg.CouldFill, person) },
		"sitsAny":   sitsAny,
		"took":      milliseconds,
		"due":       due,
		"next":      func(n int) int { return n + 1 },
		"plus":      func(a, b int) int { return a + b },
		"named":     nameOf,
		"keykind":   keyKind,
		"cooling":   cooling,
		"suspended": suspended,
		"unproved":  unproved,
		"how":       sessionHow,

		"sealtone": sealTone,
		"bearing":  bearingTone,
	}
}

// at is an instant as a page spells it: the time of day in UTC, with its date when
// that is not today's. A script adds the reader's own time.
func (p *pages) at(t canon.Time) template.HTML {
	form := "15:04:05 UTC"
	if day := 24 * time.Hour; !t.Std().Truncate(day).Equal(p.Now().UTC().Truncate(day)) {
		form = "2 Jan 2006, 15:04 UTC"
	}
	return template.HTML(`<time datetime="` + t.String() + `">` + t.Std().UTC().Format(form) + `</time>`)
}

// whole is an instant with its date, for what is printed.
func whole(t canon.Time) string { return t.Std().UTC().Format("Monday 2 January 2006, 15:04 UTC") }

// length is a span of time in the two greatest units: "1 h 5 min", "40 s".
func length(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	whole := func(unit time.Duration) int64 { return int64(d / unit) }
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", whole(time.Second))
	case d < 10*time.Minute:
		return two(whole(time.Minute), "min", whole(time.Second)%60, "s")
	case d < time.Hour:
		return fmt.Sprintf("%d min", whole(time.Minute))
	case d < 48*time.Hour:
		return two(whole(time.Hour), "h", whole(time.Minute)%60, "min")
	}
	return two(whole(24*time.Hour), "days", whole(time.Hour)%24, "h")
}

// two is a span in two units, or in the greater where nothing is left of it.
func two(great int64, unit string, small int64, of string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", great, unit)
	}
	return fmt.Sprintf("%d %s %d %s", great, unit, small, of)
}

// countdown is what is left, as a clock: "41:12", "1:02:03".
func countdown(s canon.Seconds) string {
	if s < 0 {
		s = 0
	}
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// count is "1 entry", "3 entries".
func count(n any, one, more string) string {
	if text := fmt.Sprint(n); text != "1" {
		return text + " " + more
	}
	return "1 " + one
}

// span is how long it is from one instant to another.
func span(from, until canon.Time) canon.Seconds { return canon.SecondsOf(until.Sub(from)) }

// series is "a, b and c".
func series(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// tone is the colour of a state: what is open is live, what waits for somebody or
// something waits, what is over and proved is dead.
func tone(state any) string {
	switch fmt.Sprint(state) {
	case string(access.LeaseOpen), string(access.Granted):
		return "live"
	case string(access.LeaseClosed), string(access.Ended):
		return "dead"
	case string(access.Pending), string(access.LeaseOpening), string(access.LeaseClosing):
		return "wait"
	}
	return "plain"
}

// wording is the word for the state of a request.
func wording(state access.State) string {
	if word, ok := states[state]; ok {
		return word
	}
	return string(state)
}

// name is how a person is named where there is a name, else by id.
func name(n *view.Note, id string) string {
	if n == nil || n.Text == "" {
		return id
	}
	return n.Text
}

// sentence begins with a capital, unless it begins with a name such as db-1, and
// ends with a full stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	if word, _, _ := strings.Cut(text, " "); !strings.ContainsAny(word, "0123456789-_.") {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	return strings.TrimSuffix(text, ".") + "."
}

var phoneShape = regexp.MustCompile(`\+?[0-9][0-9 ()./-]{4,18}[0-9]`)

// phone is the telephone number in a contact, as a phone dials it; empty where there
// is none.
func phone(contact string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phoneShape.FindString(contact))
}

// sitsAny tells whether a person's yes would fill a place of any leg.
func sitsAny(legs []view.Leg, person string) bool {
	return slices.ContainsFunc(legs, func(leg view.Leg) bool { return slices.Contains(leg.CouldFill, person) })
}

// initials are the first letters of the first two words of a name that is known, else
// the first of an id. They are a help to the eye and no more: names are alike.
func initials(n *view.Note, id string) string {
	var first []rune
	if n != nil {
		for _, word := range strings.Fields(n.Text) {
			if letter, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(letter) && len(first) < 2 {
				first = append(first, unicode.ToUpper(letter))
			}
		}
	}
	if len(first) == 0 {
		first = []rune(strings.ToUpper(id[:min(1, len(id))]))
	}
	return string(first)
}
