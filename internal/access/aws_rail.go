package access

import "slices"

// The guard rails of an emergency role. Each holds unless a scenario leaves it
// out by name.
const (
	RailPersistence  = "no-persistence"
	RailSharing      = "no-sharing"
	RailTrails       = "no-trail-changes"
	RailRoles        = "no-emergency-role-changes"
	RailOrganization = "no-leave-organization"
)

// Rail is a guard rail. What it denies is the blueprint's to spell out, in the
// role's permissions boundary, whatever the role's policy allows.
type Rail struct {
	ID   string
	Text string // in plain words: what a session cannot do
}

// Rails lists the guard rails.
func Rails() []Rail {
	return []Rail{
		{RailPersistence, "make an identity, a key, a session or a grant of rights that outlives it"},
		{RailSharing, "share data or rights with another account or with everybody, by a resource's own policy"},
		{RailTrails, "change what records or watches"},
		{RailRoles, "change Halligan's own roles, policies and identity providers"},
		{RailOrganization, "take the account out of the organisation, or close it"},
	}
}

// RailIDs are the ids of the guard rails.
func RailIDs() []string {
	var ids []string
	for _, rail := range Rails() {
		ids = append(ids, rail.ID)
	}
	return ids
}

// Holds tells whether a guard rail holds for the role.
func (a *AWS) Holds(rail string) bool {
	return !slices.Contains(a.WithoutRails, rail)
}
