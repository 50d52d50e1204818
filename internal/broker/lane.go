package broker

import "github.com/halligan-dev/halligan/internal/cell"

// Shares of a batch. People go first; results of tasks have a share beside them
// that nobody can take, and while people are about no more than that little: what
// results cost, whoever waits for the batch waits for too. The end of one grant
// with many targets is one result and some hundred rows, so that rows are counted.
// What yields has a smaller share of its own, when it is its turn (pace.go).
const (
	resultsBeside  = 16   // in a batch, while people are about
	yieldingBeside = 5    // of what yields
	rowsBeside     = 64   // that they may write: the result that reaches that is the last
	rowsMost       = 1024 // the same while nobody is about
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
func (d *decider) laneIn(j *job) {
	task := d.world.Tasks[j.command.Effect.Task]
	lane := d.prompt
	if id, ok := cell.RequestOf(task.Stream); ok && task.Yields(d.world.Requests[id], d.broker.clock.now()) {
		lane = d.yielding
	}
	lane.put(task.Stream, j)
}

// sort takes in the results that came, all of them: whoever brought one waits for
// it, and what does not yield must not stand behind what does.
func (d *decider) sort() {
	for {
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
	most := batchMost - min(resultsBeside, d.prompt.waiting) - min(yieldingBeside, d.yielding.waiting)
	for len(jobs) < most && len(d.broker.queue) > 0 {
		jobs = append(jobs, <-d.broker.queue)
	}
	if len(jobs) > 0 {
		d.pace.hears(d.broker.Wall())
	}
	return jobs
}

// results decides results of a lane, as many as they may have of the batch, and
// gives the jobs with them.
func (d *decider) results(of *lane, batch *batch, jobs []*job) []*job {
	share := share{batchMost, rowsMost}
	if d.pace.about(d.broker.Wall()) {
		share.most, share.rows = resultsBeside, rowsBeside
		if of == d.yielding {
			share.most = yieldingBeside
		}
	}
	for before := batch.rows(); len(jobs) < batchMost && share.most > 0 && batch.rows()-before < share.rows; share.most-- {
		j := of.take()
		if j == nil {
			break
		}
		d.step(j, batch)
		jobs = append(jobs, j)
	}
	return jobs
}
