package config

import (
	"fmt"
	"slices"
	"strings"
)

// namesMost is how many names a hint lists.
const namesMost = 24

// nearest is the hint for a name that is not among names: the one that was
// probably meant, or all of them after a prefix.
func nearest(name string, names []string, prefix string) string {
	best, least := "", 1+min(2, len(name)/3)
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate), least); d < least {
			best, least = candidate, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	if len(names) == 0 {
		return "there is none yet; add it to " + CellFile
	}
	sorted := slices.Sorted(slices.Values(names))
	if len(sorted) > namesMost {
		sorted = append(sorted[:namesMost:namesMost], "…")
	}
	return prefix + strings.Join(sorted, ", ")
}

// bareName is the hint for what should be a name: which one, where its ARN stands there.
func bareName(text, mend string) string {
	if !strings.HasPrefix(text, "arn:") {
		return mend
	}
	return "write the name alone: " + show(text[strings.LastIndexAny(text, "/:")+1:])
}

// distance is how many letters must be put in, taken out, changed or swapped
// with their neighbour to make b of a; it may stop counting at most.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > 63 {
		return most
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
