package procedure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// writing is a procedure while it is written.
type writing struct {
	cell Cell
	of   *access.Scenario
}

func say(format string, args ...any) Item { return Item{Text: fmt.Sprintf(format, args...)} }

func step(text string, commands ...string) Item {
	return Item{Text: text, Commands: commands, Numbered: true}
}

func bullets(all []string) []Item {
	items := make([]Item, 0, len(all))
	for _, text := range all {
		items = append(items, Item{Text: text})
	}
	return items
}

// list is words as people read them.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func group(reference string) string {
	if name, ok := access.Group(reference); ok {
		return name
	}
	return reference
}

// contacts is a table of the people of groups, and how to call them.
func (w *writing) contacts(text string, references ...string) Item {
	item := Item{Text: text, Rows: [][]string{{"who", "groups", "how to call"}}}
	for _, p := range w.cell.People {
		var in []string
		for _, reference := range references {
			if slices.Contains(w.cell.Groups[group(reference)], p.ID) && !slices.Contains(in, group(reference)) {
				in = append(in, group(reference))
			}
		}
		if len(in) == 0 {
			continue
		}
		name, contact := p.ID, p.Contact
		if p.Name != "" {
			name = p.Name + " (" + p.ID + ")"
		}
		if contact == "" {
			contact = "no contact on file"
		}
		item.Rows = append(item.Rows, []string{name, strings.Join(in, ", "), contact})
	}
	return item
}

// severities of the scenario, gravest first.
func (w *writing) severities() (all []access.Severity) {
	return slices.Sorted(maps.Keys(w.of.Severities))
}

// legs are the groups that any quorum of the scenario asks.
func (w *writing) legs() []string {
	var all []string
	for _, severity := range w.severities() {
		for _, leg := range w.of.Severities[severity].Quorum {
			all = append(all, leg.From)
		}
	}
	return unique(all)
}

func unique(all []string) (once []string) {
	for _, one := range all {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}

func quorumWords(q access.Quorum) string {
	var legs []string
	for _, leg := range q {
		legs = append(legs, fmt.Sprintf("%d of %s", leg.Count, group(leg.From)))
	}
	return list(legs)
}

// terms is a table of the severities.
func (w *writing) terms() Item {
	item := Item{Text: "How grave, for how long, who must agree, and by when it is reviewed:", Rows: [][]string{{"severity", "longest", "who must agree", "review due"}}}
	for _, severity := range w.severities() {
		t := w.of.Severities[severity]
		item.Rows = append(item.Rows, []string{string(severity), t.Longest.String(), quorumWords(t.Quorum) + ", none of them the requester", t.ReviewDue.String() + " after the end"})
	}
	return item
}

// ladder says what happens when nobody answers.
func (w *writing) ladder() (items []Item) {
	for _, rung := range w.of.Ladder {
		switch {
		case rung.Solo != nil:
			items = append(items, Item{
				Text:     fmt.Sprintf("After %s without an answer the requester may go in alone, for at most %s, to %s only. Everybody is told, and it is reviewed first.", rung.After, rung.Solo.Longest, list(rung.Solo.Opens)),
				Commands: []string{"halligan solo ID"},
			})
		case len(rung.Legs) > 0:
			items = append(items, say("After %s without an answer, people of %s may agree as well, in the place of %s.", rung.After, group(rung.Widen), list(groups(rung.Legs))))
		default:
			items = append(items, say("After %s without an answer, people of %s may agree as well.", rung.After, group(rung.Widen)))
		}
	}
	if len(items) == 0 {
		items = append(items, say("There is no ladder: if nobody agrees in time, the request lapses. Call the next person of the list."))
	}
	return items
}

func groups(references []string) []string {
	names := make([]string, len(references))
	for i, reference := range references {
		names[i] = group(reference)
	}
	return names
}

func (w *writing) envelopes() (all []*access.Envelope) {
	for _, open := range w.of.Opens {
		if open.Envelope != nil {
			all = append(all, open.Envelope)
		}
	}
	return all
}

// criteria are when it is an emergency, and when it is not.
func (w *writing) criteria() []Part {
	parts := []Part{{"Use it when", bullets(w.of.UseWhen)}}
	if len(w.of.DoNotUseWhen) > 0 {
		parts = append(parts, Part{"Do not use it when", bullets(w.of.DoNotUseWhen)})
	}
	return parts
}
