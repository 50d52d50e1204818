package blueprint

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Limits of AWS, as of November 2026: those that an account begins with. IAM
// counts characters without white space.
const (
	trustLongest    = 2048
	managedLongest  = 6144
	scpLongest      = 5120
	templateLongest = 1 << 20 // bytes, when it is read from S3
	templateInline  = 51200   // bytes, when it is sent with the call
	policyNameMost  = 128
	resourcesMost   = 500 // of one template
	roleNameMost    = access.RoleNameLongest
)

// Size is something that AWS limits, for people who plan ahead.
type Size struct {
	What  string `json:"what"`
	Is    int    `json:"is"`
	Limit int    `json:"limit"`
}

// Sizes lists everything of the account that has a limit.
func (b *Blueprint) Sizes() []Size {
	var all []Size
	for _, r := range b.Roles {
		of := "role " + r.Name + ": "
		all = append(all,
			Size{of + "characters of its trust policy", len(b.TrustPolicy(r)), trustLongest},
			Size{of + "characters of its inline policies", len(b.RolePolicy(r)) + len(b.Sharing(r)), access.RolePolicyLongest},
			Size{of + "characters of its permissions boundary", len(b.Boundary(r)), managedLongest},
			Size{of + "managed policies that can be attached at once", r.Slots, access.ManagedPoliciesMost},
			Size{of + "characters of the name of its slots", len(SlotName(r.Name, r.Slots)), policyNameMost})
		if r.Console {
			all = append(all, Size{of + "characters of the name of its console role", len(ConsoleName(r.Name)), roleNameMost})
		}
	}
	for _, w := range b.Ways {
		all = append(all, Size{"role " + w.Name + ": characters of its trust policy", len(b.WayTrust(w)), trustLongest})
	}
	if len(b.Roles) > 0 {
		all = append(all,
			Size{"role " + StopperName + ": characters of its trust policy", len(b.StopperTrust()), trustLongest},
			Size{"role " + StopperName + ": characters of its inline policy", len(b.StopperPolicy()), access.RolePolicyLongest})
	}
	if b.assigning() {
		all = append(all, b.centerSizes()...)
	}
	if b.reads() {
		all = append(all, b.readerSizes()...)
	}
	if b.executing() {
		all = append(all, b.executorSizes()...)
	}
	if b.denying() {
		all = append(all, b.denialSizes()...)
	}
	for _, rule := range b.EventRules() {
		all = append(all, Size{"rule " + rule.Name + ": characters of its pattern", len(rule.Pattern), patternLongest})
	}
	return all
}

// over says what of sizes is over its limit.
func over(sizes []Size) error {
	var all []string
	for _, s := range sizes {
		if s.Is > s.Limit {
			all = append(all, fmt.Sprintf("%s: %d, at most %d", s.What, s.Is, s.Limit))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("over a limit of AWS: %s", strings.Join(all, "; "))
}

func (b *Blueprint) checkLimits() error {
	if err := over(b.Sizes()); err != nil {
		return fmt.Errorf("account %s: %w", b.Account.ID, err)
	}
	return apart(b.standing())
}

// apart demands that resources of one template have ids of their own.
func apart(all []resource) error {
	seen := map[string]bool{}
	for _, r := range all {
		if id := strings.ToLower(r.id); seen[id] {
			return fmt.Errorf("two names come to %s in a template, which takes letters and digits alone: rename a role, scenario or person", r.id)
		}
		seen[strings.ToLower(r.id)] = true
	}
	return nil
}
