package aws

// Turns is how many turns are remembered.
func (a *AWS) Turns() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.turns)
}

// Sought is how many leases are remembered whose executions were looked for in vain.
func (a *AWS) Sought() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sought)
}
