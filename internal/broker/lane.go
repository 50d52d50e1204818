package broker

// Shares of a batch. People go first; results of tasks have a share beside them
// that nobody can take, and while people are about no more than that little: what
// results cost, whoever waits for the batch waits for too. The end of one grant
// with many targets is one result and some hundred rows, so that rows are counted.
const (
	resultsBeside = 16   // in a batch, while people are about
	rowsBeside    = 256  // that they may write: the result that reaches that is the last
	rowsMost      = 4096 // the same while nobody is about
	quietAfter    = 256  // batches in a row without a person, until nobody is about
	laneMost      = 4096 // that are sorted at a time
)

// share is what of a batch results may have.
type share struct{ most, rows int }

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

// take takes the next one; nil when none waits. What is left of its stream stays
// where it is.
func (l *lane) take() *job {
	if l.waiting == 0 {
		return nil
	}
	stream := l.order[0]
	of := l.jobs[stream]
	if len(of) > 1 {
		l.jobs[stream] = of[1:]
	} else {
		delete(l.jobs, stream)
		l.order = l.order[1:]
	}
	l.waiting--
	return of[0]
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

// gather takes what people said into a batch, in the order in which it came, and
// sorts the results that came. While one batch is on its way to the disk, the next
// one grows.
func (d *decider) gather(first *job) []*job {
	d.let()
	d.sort()
	var jobs []*job
	if first != nil {
		jobs = append(jobs, first)
	}
	most := batchMost - min(resultsBeside, d.lane.waiting)
	for len(jobs) < most && len(d.broker.queue) > 0 {
		jobs = append(jobs, <-d.broker.queue)
	}
	if d.quiet++; len(jobs) > 0 {
		d.quiet = 0
	}
	return jobs
}

// share is what results may have of the batch that was gathered.
func (d *decider) share() share {
	if d.quiet < quietAfter {
		return share{resultsBeside, rowsBeside}
	}
	return share{batchMost, rowsMost}
}
