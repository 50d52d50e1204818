package revocation

import (
	"strings"
	"unicode/utf8"
)

// Fit returns the report with as much as the limits allow. Sessions whose key
// ids are on l come first, so that what should have ended is never what is left
// out; the rest is counted in More. Ended sessions and problems beyond the
// limits are dropped, long problems end in "…", and characters that could move
// a terminal's cursor become "?".
func (r Report) Fit(l List) Report {
	var first, rest []Session
	for _, s := range r.Sessions {
		if l.Has(s.KeyID) {
			first = append(first, s)
		} else {
			rest = append(rest, s)
		}
	}
	room := MaxReport - 1<<10 - MaxProblems*(2*MaxProblem+3) // escapes may double a text
	ended, used := fitSessions(r.Ended, MaxReport/4)
	sessions, _ := fitSessions(append(first, rest...), room-used)
	r.More += len(r.Sessions) - len(sessions)
	r.Sessions, r.Ended, r.Problems = sessions, ended, fitProblems(r.Problems)
	return r
}

// fitSessions returns the first sessions that fit into limit bytes, their users
// cleaned, and an upper bound of the bytes they take.
func fitSessions(sessions []Session, limit int) (kept []Session, used int) {
	const frame = 120 // member names, punctuation, numbers and time
	for _, s := range sessions {
		s.User = fitText(s.User, maxUser)
		need := frame + len(s.KeyID) + 2*len(s.User)
		if used+need > limit || len(kept) == MaxSessions {
			break
		}
		used += need
		kept = append(kept, s)
	}
	return kept, used
}

func fitProblems(problems []string) (kept []string) {
	for _, p := range problems {
		if p = fitText(p, MaxProblem); len(kept) < MaxProblems {
			kept = append(kept, p)
		}
	}
	return kept
}

// fitText cleans s and cuts it to limit bytes.
func fitText(s string, limit int) string {
	const more = "…"
	s = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || hidden(c) {
			return '?'
		}
		return c
	}, s)
	if s == "" {
		return "?"
	}
	if len(s) <= limit {
		return s
	}
	cut := limit - len(more)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + more
}

// printable keeps what a host says from moving a terminal's cursor.
func printable(s string) bool {
	return s != "" && utf8.ValidString(s) && strings.IndexFunc(s, hidden) < 0
}

// hidden reports control characters, line separators and changes of direction.
func hidden(c rune) bool {
	switch {
	case c < ' ', c >= 0x7f && c < 0xa0, c == 0x2028, c == 0x2029:
		return true
	case c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069, c == 0x200e, c == 0x200f:
		return true
	}
	return false
}
