package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mattn/go-isatty"

	"github.com/halligan-dev/halligan/internal/config"
)

// Streams is what a command reads and writes. Out and Err are made safe for
// terminals before anything reaches them.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// call is one run of one command.
type call struct {
	ctx      context.Context
	in       *bufio.Reader
	out, err io.Writer // screens
	raw      io.Writer // Out as it is: for JSON that was made safe, and for what exec runs
	rawErr   io.Writer // Err as it is: for what exec runs
	stdin    io.Reader // In as it is: for what exec runs
	rest     []string  // what stood after "--"
	asks     bool      // a person sits at In and can be asked
	live     bool      // a person watches Err
	flags    globals
	now      func() time.Time
}

func newCall(ctx context.Context, s Streams) *call {
	s.Out, s.Err = shared(s.Out), shared(s.Err)
	return &call{
		ctx: ctx, in: bufio.NewReader(s.In), out: screen{s.Out}, err: screen{s.Err}, raw: s.Out,
		rawErr: s.Err, stdin: s.In,
		asks: terminal(s.In), live: terminal(s.Err), now: time.Now,
	}
}

// shared is a writer that several may write to at once, as what exec runs and
// exec itself do. A file is one already, and must stay itself to be a terminal.
func shared(to io.Writer) io.Writer {
	if _, file := to.(*os.File); file {
		return to
	}
	return &turns{to: to}
}

// turns is a writer that is written to by turns.
type turns struct {
	mu sync.Mutex
	to io.Writer
}

// Write does what io.Writer says.
func (t *turns) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.to.Write(p)
}

// terminal tells whether a stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// say prints one line.
func (c *call) say(format string, args ...any) {
	fmt.Fprintf(c.out, format+"\n", args...)
}

// print prints text as it is laid out.
func (c *call) print(text string) { _, _ = io.WriteString(c.out, text) }

// toPeople prints text for whoever sits there; with --json stdout is for programs,
// so that it goes to stderr.
func (c *call) toPeople(text string) {
	if c.flags.JSON {
		_, _ = io.WriteString(c.err, text)
		return
	}
	c.print(text)
}

// tell prints one line beside the answer: progress, and what to do next. Errors
// among what is told may quote what somebody typed.
func (c *call) tell(format string, args ...any) {
	for i, arg := range args {
		if err, failed := arg.(error); failed {
			args[i] = config.Masked(err.Error())
		}
	}
	fmt.Fprintf(c.err, format+"\n", args...)
}

// answer prints a value as JSON if --json was given, and else what text says.
func (c *call) answer(v any, text func()) error {
	if !c.flags.JSON {
		text()
		return nil
	}
	return c.json(v)
}

// json prints a value as JSON, indented; what is JSON already keeps its order.
func (c *call) json(v any) error {
	options := []json.Options{jsontext.WithIndent("  ")}
	if _, verbatim := v.(jsontext.Value); !verbatim {
		options = append(options, json.Deterministic(true))
	}
	data, err := json.Marshal(v, options...)
	if err != nil {
		return because(exitInternal, err, "cannot write the answer as JSON")
	}
	_, err = io.WriteString(c.raw, shownJSON(data)+"\n")
	return err
}

// jsonLine prints a value as JSON on one line.
func (c *call) jsonLine(v any) error {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return because(exitInternal, err, "cannot write the answer as JSON")
	}
	_, err = io.WriteString(c.raw, shownJSON(data)+"\n")
	return err
}

// silence is how long nothing is said while something takes its time.
const silence = 2 * time.Second

// patience says that we are still here when something takes long, until it is
// called off.
func (c *call) patience() (off func()) { return c.patienceFor("the key or the server") }

// patienceFor is patience that says for what.
func (c *call) patienceFor(what string) (off func()) {
	timer := time.AfterFunc(silence, func() { c.tell("still waiting for %s …", what) })
	return func() { timer.Stop() }
}

// busyEvery is how often it is said that something still goes on.
const busyEvery = 30 * time.Second

// busy says what this machine does when that takes long, and now and then for how
// long it has, until it is called off.
func (c *call) busy(doing string) (off func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		began, wait := time.Now(), silence
		for {
			select {
			case <-over:
				return
			case <-time.After(wait):
				c.tell("still %s, for %s …", doing, time.Since(began).Round(time.Second))
				wait = busyEvery
			}
		}
	}()
	return sync.OnceFunc(func() { close(over); <-ended })
}

// ask asks a person for one line.
func (c *call) ask(prompt string) (string, error) {
	if !c.asks {
		return "", errNobody
	}
	_, _ = io.WriteString(c.err, prompt)
	type read struct {
		text string
		err  error
	}
	lines := make(chan read, 1)
	go func() {
		text, err := c.in.ReadString('\n')
		lines <- read{text, err}
	}()
	select {
	case <-c.ctx.Done():
		return "", c.ctx.Err()
	case got := <-lines:
		text := strings.TrimSpace(got.text)
		if errors.Is(got.err, io.EOF) && text == "" {
			return "", errNobody
		}
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return "", because(exitInternal, got.err, "cannot read the answer")
		}
		return text, nil
	}
}

// errNobody says that there is no terminal to ask on.
var errNobody = errors.New("nobody can be asked here")

// confirm asks a person to type a word before something is signed. Where nobody
// can be asked, the flags of the command line were the answer.
func (c *call) confirm(yes bool, word string) error {
	if yes || !c.asks {
		return nil
	}
	text, err := c.ask(fmt.Sprintf("Type %q to sign: ", word))
	if err != nil && !errors.Is(err, errNobody) {
		return err
	}
	if text != word {
		return failf(exitUnsigned, "you did not type %q; nothing was signed", word)
	}
	return nil
}
