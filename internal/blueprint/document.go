package blueprint

// Document is one policy or pattern, by a name that tells what it is of.
type Document struct {
	Name string
	Kind string // trust, policy, boundary, slot, pattern
	JSON []byte
}

// Documents are all policies and patterns of the account, exactly as its files
// have them.
func (b *Blueprint) Documents() []Document {
	var all []Document
	for _, r := range b.Roles {
		of := "role/" + r.Name + "/"
		all = append(all,
			Document{of + "trust", "trust", b.TrustPolicy(r)}, Document{of + "policy", "policy", b.RolePolicy(r)},
			Document{of + "boundary", "boundary", b.Boundary(r)})
		if sharing := b.Sharing(r); sharing != nil {
			all = append(all, Document{of + "sharing", "policy", sharing})
		}
		for k := range r.Slots {
			all = append(all, Document{"slot/" + r.Name + "/" + digits(k+1), "slot", StopSlot(k + 1)})
		}
		if r.Console {
			all = append(all,
				Document{"role/" + ConsoleName(r.Name) + "/trust", "trust", b.ConsoleTrust()},
				Document{"role/" + ConsoleName(r.Name) + "/reach", "policy", b.ReachConsole(r)})
		}
	}
	for _, w := range b.Ways {
		all = append(all, Document{"role/" + w.Name + "/trust", "trust", b.WayTrust(w)}, Document{"role/" + w.Name + "/policy", "policy", b.WayPolicy(w)})
	}
	if b.opened() && b.byExternalID() {
		all = append(all, Document{"base/policy", "policy", b.BasePolicy()})
	}
	if b.opened() {
		all = append(all, Document{"stop-all", "slot", StopAll()})
	}
	if len(b.Roles) > 0 {
		all = append(all,
			Document{"stopper/trust", "trust", b.StopperTrust()},
			Document{"stopper/policy", "policy", b.StopperPolicy()})
	}
	if b.assigning() {
		all = append(all, Document{"identity-center/trust", "trust", b.CenterTrust()}, Document{"identity-center/policy", "policy", b.CenterPolicy()})
	}
	if b.reads() {
		all = append(all, Document{"reader/trust", "trust", b.ReaderTrust()}, Document{"reader/policy", "policy", b.ReaderPolicy()})
	}
	if b.executing() {
		all = append(all, Document{"executor/trust", "trust", b.ExecutorTrust()}, Document{"executor/policy", "policy", b.ExecutorPolicy()})
	}
	for _, t := range b.memberRuns() {
		all = append(all, Document{"role/" + t.Role + "/trust", "trust", b.AutomationTrust()}, Document{"role/" + t.Role + "/policy", "policy", b.MemberPolicy(t.Group)})
	}
	if b.denying() {
		all = append(all, Document{"denial/trust", "trust", b.DenialTrust()}, Document{"denial/policy", "policy", b.DenialPolicy()})
	}
	for _, k := range b.Kept {
		all = append(all, Document{"envelope/" + k.Envelope + "/rotate", "policy", b.RotatePolicy(k)})
	}
	if b.keepsUsers() {
		all = append(all, Document{"envelope-user", "policy", UserPolicy()})
	}
	for _, rule := range b.EventRules() {
		all = append(all, Document{"rule/" + rule.Name, "pattern", rule.Pattern})
	}
	return all
}
