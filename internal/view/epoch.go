package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// FindingEpoch: entries of the ledger were lost, and what they opened at a host may
// be there or come back.
const FindingEpoch FindingKind = "host-not-surveyed"

// epochs is what a view knows of epochs.
type epochs struct {
	newest cell.Epoch      // zero in the first
	survey map[string]bool // hosts that have not listed their sessions since; true: strays were found there
}

func (s *epochs) from(w *cell.World) {
	s.survey = map[string]bool{}
	if n := len(w.Epochs); n > 0 {
		s.newest = w.Epochs[n-1]
	}
	for _, t := range w.Tasks {
		if t.Kind == cell.TaskSurvey {
			s.survey[t.Target] = false
		}
	}
}

func (s *state) applyEpoch(e cell.Event) {
	switch e := e.(type) {
	case *cell.EpochBegun:
		s.epochs = epochs{newest: e.Epoch, survey: map[string]bool{}}
		for _, host := range s.Genesis.Hosts {
			s.epochs.survey[host.ID] = false
		}
	case *cell.StraysFound:
		s.epochs.survey[e.Host] = true
	case *cell.HostSurveyed:
		delete(s.epochs.survey, e.Host)
	}
}

// number is that of the epoch; the first ledger is epoch 1.
func (s *epochs) number() int64 { return max(1, s.newest.Number) }

// findings are the hosts of which nobody knows yet what the lost entries opened.
func (s *epochs) findings() (found []Finding) {
	for _, host := range slices.Sorted(maps.Keys(s.survey)) {
		text := fmt.Sprintf("What lost entries opened at host %s before epoch %d, or ended there, can open until %s: its sessions are watched, and one report after that must list none.",
			host, s.newest.Number, s.newest.Outlived())
		if s.survey[host] {
			text = fmt.Sprintf("Host %s still lists sessions that no lease of this ledger accounts for; they are on the revocation list.", host)
		}
		found = append(found, Finding{Kind: FindingEpoch, Target: host, Since: s.newest.At, Text: text})
	}
	return found
}

// notes are the epoch and what is left to do of it, for the first page.
func (s *epochs) notes(now canon.Time) []string {
	if s.newest.Number == 0 {
		return nil
	}
	notes := []string{fmt.Sprintf("epoch %d began at %s: %s", s.newest.Number, clock(s.newest.At, now), lost(s.newest))}
	for _, host := range slices.Sorted(maps.Keys(s.survey)) {
		text := fmt.Sprintf("host %s is watched until %s for what lost entries opened there", host, clock(s.newest.Outlived(), now))
		if s.survey[host] {
			text = fmt.Sprintf("host %s is watched: it lists sessions that no lease of this ledger accounts for", host)
		}
		notes = append(notes, text)
	}
	return notes
}

// ofEpoch says what an event of epochs, or of the clock, means.
func ofEpoch(e cell.Event) string {
	switch e := e.(type) {
	case *cell.EpochSigned:
		return fmt.Sprintf("%s agreed to go on from here: what the ledger had beyond is lost.", e.Person)
	case *cell.EpochBegun:
		return fmt.Sprintf("Epoch %d begins, signed by %s: %s. What was open ends, and every host is asked for its sessions.",
			e.Epoch.Number, both(e.Epoch.By), lost(e.Epoch))
	case *cell.StraysFound:
		return fmt.Sprintf("Host %s lists %s that no lease of this ledger accounts for: %s. They are revoked.",
			e.Host, count(len(e.KeyIDs), "session"), both(e.KeyIDs))
	case *cell.HostSurveyed:
		return fmt.Sprintf("Host %s listed its sessions after everything that the lost entries issued was over, and none is a stray.", e.Host)
	case *cell.ClockAgreed:
		who := both(e.By) + " agreed"
		if len(e.Witnesses) > 0 {
			who = "The witnesses " + both(e.Witnesses) + " have the same time"
		}
		return who + ": the clock is right. " + "Its step of " + seconds(e.Step) + " s is taken over."
	}
	return ""
}

// lost is what of the ledger before is not there any more.
func lost(e cell.Epoch) string {
	if e.Lost.Size == e.Base.Size {
		return fmt.Sprintf("the ledger goes on after %d entries, and nobody knows of more", e.Base.Size)
	}
	return fmt.Sprintf("entries %d to %d are lost, and maybe later ones", e.Base.Size, e.Lost.Size-1)
}

// seconds is "-3.250" of -3250 milliseconds.
func seconds(ms int64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%d.%03d", sign, ms/1000, ms%1000)
}
