package statement

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// DayLongest bounds every duration that a person can ask for.
const DayLongest = canon.Seconds(12 * 3600)

// TargetsMost bounds the targets of one request.
const TargetsMost = 48

var (
	incidentShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$`)
	fingerprintShape = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
)

// CheckIncident refuses what is no incident id. The empty id is none.
func CheckIncident(incident string) error {
	if incident != "" && !incidentShape.MatchString(incident) {
		return fmt.Errorf("%q is not an incident id (letters, digits and . _ / # -; at most 64)", incident)
	}
	return nil
}

// CheckFingerprint refuses what is no SHA256 fingerprint of an SSH key.
func CheckFingerprint(fingerprint string) error {
	if !fingerprintShape.MatchString(fingerprint) {
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
