package aws

// Turns is how many turns are remembered.
func (a *AWS) Turns() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.turns)
}
