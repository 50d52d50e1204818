package rotation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/rotation"
	"github.com/halligan-dev/halligan/internal/seal"
)

const (
	region     = "us-east-1"
	envelope   = "prod-key"
	secretName = "prod/db/root"
	childEnv   = "HALLIGAN_ROTATION_CHILD"
)

// custody is a cell of three custodians, of whom two open what is sealed, and who
// all look after it as soon as it is asked whether they have.
type custody struct {
	mu         sync.Mutex
	people     []*age.X25519Identity
	inForce    *held
	waiting    *held
	accepted   int
	superseded bool // another takes the place of whatever waits
}

// held is a sealing as the ledger has it.
type held struct {
	Of          rotation.Sealing
	Description []byte
	Content     []byte
	Shares      [][]byte
}

func newCustody(t testing.TB) *custody {
	t.Helper()
	c := new(custody)
	for range 3 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		c.people = append(c.people, id)
	}
	return c
}

// task is what somebody who seals must know.
type task struct {
	Serial     int64
	Recipients []string
}

func (c *custody) task() task {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := task{Serial: 1}
	for _, of := range []*held{c.inForce, c.waiting} {
		if of != nil {
			out.Serial = of.Of.Serial + 1
		}
	}
	for _, id := range c.people {
		out.Recipients = append(out.Recipients, id.Recipient().String())
	}
	return out
}

// sealFor seals as a member's machine does.
func sealFor(of task, secret []byte) (held, error) {
	order := seal.Order{Origin: "halligan.example.com", Name: envelope, Serial: of.Serial, Threshold: 2}
	for i, recipient := range of.Recipients {
		order.Custodians = append(order.Custodians, seal.Custodian{ID: fmt.Sprintf("keeper%d", i), Recipient: recipient})
	}
	e, err := seal.Seal(order, secret)
	if err != nil {
		return held{}, err
	}
	return held{rotation.Sealing{Serial: of.Serial, Content: canon.Sum(e.Content)}, e.Description.Encode(), e.Content, e.Shares}, nil
}

func (c *custody) Standing(context.Context) (rotation.Standing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out rotation.Standing
	if c.inForce != nil {
		out.InForce = &c.inForce.Of
	}
	if c.waiting != nil && !c.superseded {
		out.Waiting = &c.waiting.Of
	}
	return out, nil
}

func (c *custody) Seal(_ context.Context, secret []byte, keep func(rotation.Sealing) error) error {
	h, err := sealFor(c.task(), secret)
	if err == nil {
		err = keep(h.Of)
	}
	if err == nil {
		c.record(h)
	}
	return err
}

func (c *custody) record(h held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inForce == nil {
		c.inForce = &h
	} else {
		c.waiting = &h
	}
}

// which finds a sealing that counts.
func (c *custody) which(of rotation.Sealing) *held {
	for _, h := range []*held{c.inForce, c.waiting} {
		if h != nil && h.Of == of && (h == c.inForce || !c.superseded) {
			return h
		}
	}
	return nil
}

func (c *custody) Shown(_ context.Context, of rotation.Sealing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.which(of) == nil {
		return rotation.ErrSuperseded
	}
	return nil
}

func (c *custody) Accept(_ context.Context, of rotation.Sealing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.which(of)
	switch {
	case h == nil:
		return rotation.ErrSuperseded
	case h == c.waiting:
		c.inForce, c.waiting = h, nil
		c.accepted++
	}
	return nil
}

// open opens what is in force with the shares of two custodians.
func (c *custody) open(t testing.TB) string {
	t.Helper()
	if c.inForce == nil {
		t.Fatal("nothing is sealed")
	}
	d, err := seal.Decode(c.inForce.Description)
	if err != nil {
		t.Fatal(err)
	}
	var shares []seal.Share
	for i := range 2 {
		s, err := d.OpenShare(fmt.Sprintf("keeper%d", i+1), c.inForce.Shares[i+1], c.people[i+1])
		if err != nil {
			t.Fatal(err)
		}
		shares = append(shares, s)
	}
	secret, err := d.Open(c.inForce.Content, shares)
	if err != nil {
		t.Fatal(err)
	}
	return string(secret)
}

// world is a double of AWS and a cell, behind one door that counts what passes.
type world struct {
	t       testing.TB
	aws     *awstest.Double
	custody *custody
	door    *httptest.Server
	folder  string

	mu     sync.Mutex
	passed int
	at     int  // kill at this one
	after  bool // when it has happened
	kill   func()
	said   bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, aws: awstest.New(t), custody: newCustody(t), folder: t.TempDir()}
	w.aws.AddUser("AKIAOPERATOR", "secret-of-the-operator")
	target, err := url.Parse(strings.TrimSuffix(w.aws.Endpoints()["iam"], "/iam/{region}"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}}
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	mux.HandleFunc("/custody/", w.answer)
	w.door = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.pass(mux, rw, r)
	}))
	t.Cleanup(w.door.Close)
	return w
}

// pass counts a call, kills who made it when it is the one, and looks at what is
// written down.
func (w *world) pass(to http.Handler, rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.passed++
	now, after, kill := w.passed == w.at, w.after, w.kill
	w.mu.Unlock()
	w.look()
	if now && !after {
		kill()
		return
	}
	if !now {
		to.ServeHTTP(rw, r)
		return
	}
	to.ServeHTTP(httptest.NewRecorder(), r)
	kill()
}

// look searches the journal for secrets: those of keys, and whatever lies pending.
func (w *world) look() {
	files, err := filepath.Glob(filepath.Join(w.folder, "*"))
	if err != nil {
		w.t.Error(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it is being replaced
		}
		for _, secret := range w.known() {
			if bytes.Contains(data, []byte(secret)) {
				w.t.Errorf("%s holds a secret", name)
			}
		}
	}
}

// known are the secrets that there are now.
func (w *world) known() (all []string) {
	for _, k := range w.aws.UserKeys("breaker") {
		all = append(all, k.Secret)
	}
	for _, value := range w.aws.SecretStages(region, secretName) {
		all = append(all, value)
	}
	if p := w.aws.Password("breaker"); p != "" {
		all = append(all, p)
	}
	return all
}

// answer is the cell, for a process that is not this one.
func (w *world) answer(rw http.ResponseWriter, r *http.Request) {
	reply := func(v any, err error) {
		switch {
		case errors.Is(err, rotation.ErrSuperseded):
			http.Error(rw, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		default:
			if err := json.MarshalWrite(rw, v); err != nil {
				w.t.Error(err)
			}
		}
	}
	var of rotation.Sealing
	switch what := strings.TrimPrefix(r.URL.Path, "/custody/"); what {
	case "standing":
		reply(w.custody.Standing(r.Context()))
	case "task":
		reply(w.custody.task(), nil)
	case "seal":
		var h held
		if err := json.UnmarshalRead(r.Body, &h); err != nil {
			w.t.Error(err)
		}
		w.custody.record(h)
		reply(h.Of, nil)
	case "shown", "accept":
		if err := json.UnmarshalRead(r.Body, &of); err != nil {
			w.t.Error(err)
		}
		if what == "shown" {
			reply(of, w.custody.Shown(r.Context(), of))
		} else {
			reply(of, w.custody.Accept(r.Context(), of))
		}
	}
}

// distant is the cell as another process sees it.
type distant string

func (d distant) ask(what string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := http.Post(string(d)+"/custody/"+what, "application/json", bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusConflict:
		return rotation.ErrSuperseded
	case answer.StatusCode != http.StatusOK:
		return errors.New(string(text))
	}
	return json.Unmarshal(text, out)
}

func (d distant) Standing(context.Context) (s rotation.Standing, err error) {
	return s, d.ask("standing", nil, &s)
}

func (d distant) Seal(_ context.Context, secret []byte, keep func(rotation.Sealing) error) error {
	var of task
	if err := d.ask("task", nil, &of); err != nil {
		return err
	}
	h, err := sealFor(of, secret)
	if err == nil {
		err = keep(h.Of)
	}
	if err != nil {
		return err
	}
	return d.ask("seal", h, new(rotation.Sealing))
}

func (d distant) Shown(_ context.Context, of rotation.Sealing) error {
	return d.ask("shown", of, new(rotation.Sealing))
}

func (d distant) Accept(_ context.Context, of rotation.Sealing) error {
	return d.ask("accept", of, new(rotation.Sealing))
}

// child is what another process is told to do.
type child struct {
	Door, Folder string
	Contents     access.Contents
	Remove       []string
}

// TestMain is also that process.
func TestMain(m *testing.M) {
	text := os.Getenv(childEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var c child
	err := json.Unmarshal([]byte(text), &c)
	if err == nil {
		err = c.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (c child) run() error {
	a, err := rotation.Connect(context.Background())
	if err != nil {
		return err
	}
	_, err = rotation.Run(context.Background(), a, order(c, distant(c.Door)))
	return err
}

// order has a clock whose pauses are short.
func order(c child, of rotation.Custody) rotation.Order {
	return rotation.Order{
		Origin: "halligan.example.com", Envelope: envelope, Contents: &c.Contents, Folder: c.Folder, Remove: c.Remove, Custody: of,
		Tell:  func(text string) { fmt.Fprintln(os.Stderr, text) },
		Now:   time.Now,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// environment is that of whoever rotates.
func (w *world) environment() []string {
	env := []string{
		"AWS_ACCESS_KEY_ID=AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY=secret-of-the-operator", "AWS_REGION=" + region,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true",
	}
	for kind, name := range map[string]string{"iam": "IAM", "sts": "STS", "secretsmanager": "SECRETS_MANAGER"} {
		env = append(env, "AWS_ENDPOINT_URL_"+name+"="+w.door.URL+"/"+kind+"/"+region)
	}
	return env
}

// rotate rotates in a process of its own, which is killed at a call; 0: at none.
// It tells whether the process came to its end, and with what error.
func (w *world) rotate(contents access.Contents, at int, after bool, remove ...string) (ended bool, err error) {
	w.t.Helper()
	text, err := json.Marshal(child{w.door.URL, w.folder, contents, remove})
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(w.environment(), childEnv+"="+string(text), "HOME="+w.t.TempDir(), "PATH="+os.Getenv("PATH"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	killed := false
	w.mu.Lock()
	w.passed, w.at, w.after = 0, at, after
	w.kill = func() {
		killed = true
		_ = cmd.Process.Kill()
	}
	err = cmd.Start()
	w.mu.Unlock()
	if err != nil {
		w.t.Fatal(err)
	}
	err = cmd.Wait()
	for _, secret := range w.known() {
		if strings.Contains(said.String(), secret) {
			w.t.Errorf("the process says a secret: %s", said.String())
		}
	}
	w.said.Reset()
	w.said.Write(said.Bytes())
	if err != nil && !killed {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return !killed, err
}

// here rotates in this process.
func (w *world) here(contents access.Contents, remove ...string) error {
	w.t.Helper()
	return w.hereSet(nil, contents, remove...)
}

// hereSet is here, with somebody who sets a new value where it counts.
func (w *world) hereSet(set func(context.Context, []byte) error, contents access.Contents, remove ...string) error {
	w.t.Helper()
	for _, of := range w.environment() {
		name, value, _ := strings.Cut(of, "=")
		w.t.(*testing.T).Setenv(name, value)
	}
	a, err := rotation.Connect(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	o := order(child{w.door.URL, w.folder, contents, remove}, w.custody)
	o.Set = set
	o.Tell = func(text string) { w.said.WriteString(text + "\n") }
	_, err = rotation.Run(context.Background(), a, o)
	return err
}

// journal tells whether anything is written down as begun.
func (w *world) journal() bool {
	_, err := os.Stat(filepath.Join(w.folder, envelope+".json"))
	return err == nil
}
