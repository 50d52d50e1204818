package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Options is what a demo needs.
type Options struct {
	Program string    // the halligan binary
	Out     io.Writer // where the story is told
	Keep    bool      // leave the server running and the folder in place
}

// window is how long the demo's grant lasts: long enough to log in, short
// enough to watch it expire.
const window = 12 * time.Second

// Run plays the emergency. Its error is the first step that did not go as it
// must.
func Run(ctx context.Context, o Options) (err error) {
	s := &stage{Options: o, begun: time.Now()}
	defer func() { err = errors.Join(err, s.strike()) }()
	for _, act := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"A cell is founded", s.found},
		{"A host is prepared, on a calm day", s.host},
		{"It burns: somebody asks, two people agree", s.agree},
		{"The access is used", s.use},
		{"It ends, and the end is proved", s.end},
		{"Anyone can check", s.check},
	} {
		s.heading(act.title)
		if err := act.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", act.title, err)
		}
	}
	s.closing()
	if o.Keep {
		s.tell("halligan", "left running in %s; interrupt to end it", s.folder)
		<-ctx.Done()
	}
	return nil
}

// stage is where the demo plays.
type stage struct {
	Options
	begun    time.Time
	folder   string // everything of the demo
	secure   string // what sshd wants in a place that only root can write
	url      string
	request  string
	alarms   *receiver
	ending   []func() error // what to end, in the opposite order
	sshd     *sshd          // nil where there is none
	session  chan error     // gets the end of the session that was left running
	accessIn time.Duration  // from asking to holding the credentials
}

// people of the demo: who asks, and who agrees.
var people = []string{"ann", "sam", "sue", "lea", "leo"}

func (s *stage) heading(title string) { fmt.Fprintf(s.Out, "\n%s\n", title) }

// tell prints one line of the story with the time since it began.
func (s *stage) tell(who, format string, args ...any) {
	fmt.Fprintf(s.Out, "  %7.3fs  %-9s %s\n", time.Since(s.begun).Seconds(), who, fmt.Sprintf(format, args...))
}

func (s *stage) path(parts ...string) string {
	return filepath.Join(append([]string{s.folder}, parts...)...)
}

// later remembers what to end.
func (s *stage) later(end func() error) { s.ending = append(s.ending, end) }

// strike ends everything that the demo began.
func (s *stage) strike() error {
	var failed []error
	for i := len(s.ending) - 1; i >= 0; i-- {
		failed = append(failed, s.ending[i]())
	}
	if s.folder != "" {
		failed = append(failed, os.RemoveAll(s.folder))
	}
	if s.secure != "" {
		failed = append(failed, os.RemoveAll(s.secure))
	}
	return errors.Join(failed...)
}

func (s *stage) closing() {
	fmt.Fprintf(s.Out, "\nThe emergency is over. From the first word to access: %s. Alarms that arrived: %d.\n", s.accessIn.Round(time.Millisecond), s.alarms.count())
	fmt.Fprintln(s.Out, "The ledger verified from its anchor, and a single changed byte was found.")
}
