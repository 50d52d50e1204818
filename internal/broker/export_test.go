package broker

// Fresh is how many files are held that no entry has made durable. Nothing may be
// under way.
func (b *Broker) Fresh() int { return len(b.decider.fresh) }
