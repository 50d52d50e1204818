package broker

// Shares of a batch. People go first; results of tasks have a share beside them
// that nobody can take, and while people are about, no more than that little: what
// a storm of results costs, whoever waits for the batch waits for too.
const (
	effectsBeside = 48   // in a batch, while people are about
	effectsLeast  = 32   // kept free for them in a batch that people could fill
	quietAfter    = 256  // batches in a row without a person, until nobody is about
	laneMost      = 4096 // that are sorted at a time
)

// lane is the results of tasks that wait, sorted by stream: the stream whose
// oldest result waits longest is next, with all that it has. What a batch writes
// grows with the streams that it touches, and when thousands of leases of some
// hundred requests end at once their results come host by host. It is the
// decider's alone.
type lane struct {
	order   []string // streams, the one that waits longest first
	jobs    map[string][]*job
	waiting int
}

func newLane() *lane { return &lane{jobs: map[string][]*job{}} }

func (l *lane) put(stream string, j *job) {
	if len(l.jobs[stream]) == 0 {
		l.order = append(l.order, stream)
	}
	l.jobs[stream] = append(l.jobs[stream], j)
	l.waiting++
}

// take takes at most so many. What is left of a stream stays where it is: it is
// the next one still.
func (l *lane) take(most int) []*job {
	var taken []*job
	for len(taken) < most && len(l.order) > 0 {
		stream := l.order[0]
		of := l.jobs[stream]
		n := min(most-len(taken), len(of))
		taken = append(taken, of[:n]...)
		if n < len(of) {
			l.jobs[stream] = of[n:]
			break
		}
		delete(l.jobs, stream)
		l.order = l.order[1:]
	}
	l.waiting -= len(taken)
	return taken
}

// laneIn takes in one result, with those of the stream that its task is of.
func (d *decider) laneIn(j *job) { d.lane.put(d.world.Tasks[j.command.Effect.Task].Stream, j) }

// sort takes in the results that came.
func (d *decider) sort() {
	for d.lane.waiting < laneMost {
		select {
		case j := <-d.broker.effects:
			d.laneIn(j)
		default:
			return
		}
	}
}

// gather takes what a batch is made of, in the order in which it is decided: what
// people said, as it came, and then results of tasks. While one batch is on its
// way to the disk, the next one grows.
func (d *decider) gather(first *job) []*job {
	d.let()
	d.sort()
	var jobs []*job
	if first != nil {
		jobs = append(jobs, first)
	}
	most := batchMost - min(effectsLeast, d.lane.waiting)
	for len(jobs) < most && len(d.broker.queue) > 0 {
		jobs = append(jobs, <-d.broker.queue)
	}
	if d.quiet++; len(jobs) > 0 {
		d.quiet = 0
	}
	room := batchMost - len(jobs)
	if d.quiet < quietAfter {
		room = min(room, effectsBeside)
	}
	return append(jobs, d.lane.take(room)...)
}
