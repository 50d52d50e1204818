package statement

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// DayLongest bounds every duration that a person can ask for.
const DayLongest = canon.Seconds(12 * 3600)

// TargetsMost bounds the targets of one request.
const TargetsMost = 48

// CheckIncident refuses what is no incident id. The empty id is none.
func CheckIncident(incident string) error {
	if incident != "" && (len(incident) > 64 || !canon.MadeOf(incident[:1], canon.Alnum) || !canon.MadeOf(incident, canon.Alnum+"._/#-")) {
		return fmt.Errorf("%q is not an incident id (letters, digits and . _ / # -; at most 64)", incident)
	}
	return nil
}

// CheckFingerprint refuses what is no SHA256 fingerprint of an SSH key.
func CheckFingerprint(fingerprint string) error {
	sum, ok := strings.CutPrefix(fingerprint, "SHA256:")
	if !ok || len(sum) != 43 || !canon.MadeOf(sum, canon.Alnum+"+/") {
		return fmt.Errorf("%q is not a fingerprint such as SHA256:… (ssh-keygen -l prints it)", fingerprint)
	}
	return nil
}

func checkOf(of canon.Digest) error {
	if of.IsZero() {
		return errors.New("of: must be the digest of what is meant")
	}
	return nil
}

func checkTarget(target string) error {
	if err := canon.CheckID(target); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	return nil
}

func checkTargets(member string, targets []string) error {
	if len(targets) > TargetsMost {
		return fmt.Errorf("%s: %d, at most %d", member, len(targets), TargetsMost)
	}
	for i, target := range targets {
		if err := canon.CheckID(target); err != nil {
			return fmt.Errorf("%s: %w", member, err)
		}
		if i > 0 && targets[i-1] >= target {
			return fmt.Errorf("%s: %q must come in order and once", member, target)
		}
	}
	return nil
}

// SortTargets puts targets into the order that statements demand, each once.
func SortTargets(targets []string) []string {
	sorted := slices.Clone(targets)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
