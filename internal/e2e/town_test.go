package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// people of every story: ann and bob are called at night, three are security, two
// lead the database.
var people = []string{"ann", "bob", "sam", "sue", "sid", "lea", "leo"}

const groups = "groups:\n  on-call: [ann, bob]\n  security: [sam, sue, sid]\n  leads: [lea, leo]\n\n"

// origin is the name of the cell.
const origin = "halligan.example.com"

// town is one cell and everything around it, below one folder: cell/ is the
// server's machine, people/NAME/ is a person's machine, bin/NAME types as that
// person.
type town struct {
	dir     string
	bin     string // the programs
	web     string // where the server listens
	metrics string
	hooks   map[string]*hook
	host    *target // nil: a host that nobody can reach
	server  *process
	wrap    []string // what the server is started with, such as strace
	serveAs []string // arguments of serve besides the folder
	ends    []func() error

	watchers map[string]*watcher // witnesses, by name
	letters  *letterbox          // of the channel desk; nil without
	secrets  []string            // of the server's environment
	sockets  map[string]string   // of people's ssh-agents, by person
	provider *oidctest.Provider  // that people sign in at; nil without
	trusts   []string            // digests of keys that browsers trust besides the server's
}

// founding is what a cell is founded with.
type founding struct {
	channels []string // of alarms; none: pager
	host     bool     // a real sshd
	program  bool     // the program of docs/howto opens groups, beside the host
	long     bool     // the test waits for minutes: it takes no slot
	ladder   bool     // after a minute leads may sign in the place of security
	solo     bool     // after a minute who asked may go in alone; who may ask has a security key
	envelope bool     // a second scenario, which opens envelopes
	contents string   // of the envelope prod-root, as YAML; none: nobody but who seals it knows
	mail     bool     // a channel more: desk, by mail
	symptoms bool     // of the scenario, looked at from two networks
	passkeys bool     // everybody has a passkey beside their own key
	recovery bool     // both leads are a recovery quorum; changes take two of security
	watchers []string // names of witnesses, all of whom must cosign

	aws      *awstest.Double        // plays an AWS account that the scenario opens as well
	center   bool                   // the organisation has an Identity Center, and the scenario a permission set
	runs     bool                   // and a document of Systems Manager
	outlives bool                   // its role may begin sessions of Systems Manager
	reader   bool                   // the server may read what IAM says there
	base     bool                   // it takes no token: the server has credentials of its own
	provider *oidctest.Provider     // that people may sign in at; nil: there is none
	maker    *attestationtest.Maker // of security keys, named acme; nil: the cell names none
}

func (f founding) scenarios() []string {
	if f.envelope {
		return []string{"database-locked-out", "cloud-root-locked-out"}
	}
	return []string{"database-locked-out"}
}

func (w *town) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// found writes the cell's files, has every founder sign and gives each person
// a machine. Nothing runs yet but the listeners of alarms.
func found(dir string, f founding) (*town, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	if len(f.channels) == 0 {
		f.channels = []string{"pager"}
	}
	w := &town{dir: dir, bin: bin, hooks: map[string]*hook{}, provider: f.provider}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if w.web, err = freeAddress(); err != nil {
		return nil, err
	}
	if w.metrics, err = freeAddress(); err != nil {
		return nil, err
	}
	args := []string{"init", w.path("cell"), "--name", origin, "--host", "db1=" + address}
	for _, channel := range f.channels {
		args = append(args, "--channel", channel)
	}
	for _, person := range people {
		if err := makeKey(w.path("people", person, "key")); err != nil {
			return nil, err
		}
		args = append(args, "--person", person+"="+w.path("people", person, "key.pub"))
	}
	if _, err := output(exec.Command(w.program("halligan"), args...)); err != nil {
		return nil, err
	}
	steps := []func() error{
		func() error { return w.reach(f.host, address) },
		func() error { return w.rewrite(f.channels, f.scenarios()) },
		func() error { return w.contents(f.contents) },
		func() error { return w.programs(f.program) },
		func() error { return w.account(f) },
		func() error { return w.center(f.aws, f.center) },
		func() error { return w.documents(f.aws, f.runs) },
		func() error { return w.ladder(f.ladder) },
		func() error { return w.solo(f.solo) },
		func() error { return w.secure(f.solo) },
		func() error { return w.maker(f.maker) },
		func() error { return w.mail(f.mail) },
		func() error { return w.symptoms(f.symptoms) },
		func() error { return w.recovery(f.recovery) },
		func() error { return w.passkeys(f.passkeys) },
		func() error { return w.signInAt(f.provider) },
	}
	if len(f.watchers) > 0 {
		steps = append(steps, func() error { return w.watched(f.watchers...) }, w.seal, w.introduce, w.desks)
	} else {
		steps = append(steps, w.seal, w.desks)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return w, err
		}
	}
	return w, nil
}

// symptoms gives the scenario a symptom that is there and one that is not, to be
// looked at from two networks, and an incident whose tracker nobody can ask.
func (w *town) symptoms(wanted bool) error {
	if !wanted {
		return nil
	}
	dead, err := freeAddress()
	if err != nil {
		return err
	}
	return errors.Join(
		edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
			return strings.Replace(text, "may_request:", fmt.Sprintf("symptoms:\n  - { name: port, tcp: %q }\n  - { name: page, tcp: %q }\n  - { name: ticket, incident: tracker }\nmay_request:", dead, w.web), 1)
		}),
		edit(w.path("cell", "cell.yaml"), func(text string) string { return text + "\nnetworks: [mobile, office]\n" }),
		edit(w.path("cell", "server.yaml"), func(text string) string {
			return text + fmt.Sprintf("\nnetworks:\n  office: { from: 127.0.0.1, control: %q }\n  mobile: { from: 127.0.0.2, control: %q }\n", w.web, w.web)
		}),
	)
}

// ladder gives the scenario a ladder.
func (w *town) ladder(wanted bool) error {
	if !wanted {
		return nil
	}
	return edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "opens:", "ladder:\n  - { after: 1m, widen: group:leads, legs: [\"group:security\"] }\nopens:", 1)
	})
}

// recovery gives the cell a recovery quorum.
func (w *town) recovery(wanted bool) error {
	if !wanted {
		return nil
	}
	return edit(w.path("cell", "cell.yaml"), func(text string) string {
		return strings.Replace(text, "\npending:", "\nrecovery:\n  quorum: [{ from: group:leads, count: 2 }]\npending:", 1)
	})
}

func (w *town) program(name string) string { return filepath.Join(w.bin, name) }

// makeKey makes an SSH key pair.
func makeKey(path string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, filepath.Base(filepath.Dir(path)))
	if err != nil {
		return err
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(line), 0o644)
}

// reach gives the cell's host its keys: those of a real one, or of none.
func (w *town) reach(real bool, address string) (err error) {
	hostKey, report := w.path("host", "hostkey"), w.path("host", "report")
	for _, key := range []string{hostKey, report} {
		if err := makeKey(key); err != nil {
			return err
		}
	}
	reportLine, err := os.ReadFile(report + ".pub")
	if err != nil {
		return err
	}
	if real {
		if w.host, err = w.newTarget(address, hostKey); err != nil {
			return err
		}
		reportLine = []byte(w.host.report)
	}
	hostLine, err := os.ReadFile(hostKey + ".pub")
	if err != nil {
		return err
	}
	return edit(w.path("cell", "cell.yaml"), func(text string) string {
		return strings.NewReplacer(
			"host_keys: []", fmt.Sprintf("host_keys: [%q]", strings.TrimSpace(string(hostLine))),
			`report_key: ""`, fmt.Sprintf("report_key: %q", strings.TrimSpace(string(reportLine))),
			`other_way: ""`, "other_way: serial console, account in the safe",
		).Replace(text)
	})
}

// edit changes a text file.
func edit(path string, change func(string) string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	after := change(string(data))
	if after == string(data) {
		return fmt.Errorf("nothing to change in %s", path)
	}
	return os.WriteFile(path, []byte(after), 0o600)
}

// rewrite makes the sample files those of the stories, and names the channels.
func (w *town) rewrite(channels, scenarios []string) error {
	err := edit(w.path("cell", "cell.yaml"), func(text string) string {
		begin, end := strings.Index(text, "groups:\n"), strings.Index(text, "# May stop and attest")
		if begin < 0 || end < begin {
			return text
		}
		return text[:begin] + groups + text[end:]
	})
	if err != nil {
		return err
	}
	if err := os.RemoveAll(w.path("cell", "scenarios")); err != nil {
		return err
	}
	if err := os.Mkdir(w.path("cell", "scenarios"), 0o700); err != nil {
		return err
	}
	for _, name := range scenarios {
		data, err := os.ReadFile(filepath.Join("testdata", "cell", name+".yaml"))
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), "[pager]", "["+strings.Join(channels, ", ")+"]")
		if err := os.WriteFile(w.path("cell", "scenarios", name+".yaml"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	settings := fmt.Sprintf("listen: %s\nmetrics_listen: %s\nwebhooks:\n", w.web, w.metrics)
	for _, channel := range channels {
		secret, err := alert.GenerateSecret(rand.Reader)
		if err != nil {
			return err
		}
		if err := os.WriteFile(w.path("cell", channel+".secret"), []byte(secret+"\n"), 0o600); err != nil {
			return err
		}
		h, err := listen(secret)
		if err != nil {
			return err
		}
		w.hooks[channel] = h
		w.ends = append(w.ends, h.close)
		settings += fmt.Sprintf("  %s: { url: %q, secret_file: %s.secret }\n", channel, h.url, channel)
	}
	return os.WriteFile(w.path("cell", "server.yaml"), []byte(settings), 0o600)
}

// seal has the files linted, every founder sign, and begins the ledger.
func (w *town) seal() error {
	if _, err := output(exec.Command(w.program("halligan"), "lint", w.path("cell"))); err != nil {
		return err
	}
	args := []string{"init", "seal", w.path("cell"), "--url", "https://" + w.web}
	for _, person := range people {
		args = append(args, "--with", person+"="+w.path("people", person, "key"))
	}
	_, err := output(exec.Command(w.program("halligan"), args...))
	return err
}

// desk is how a person types: with the key, profile and state of that person and
// nothing else of anybody's.
const desk = `#!/bin/sh
exec env -i PATH="$PATH" HOME=%[1]s USER=%[2]s LANG=C.UTF-8 HALLIGAN_PROFILE=%[1]s/profile.json HALLIGAN_KEY=%[1]s/key HALLIGAN_STATE=%[1]s/state SSH_AUTH_SOCK=%[4]s %[3]s "$@"
`

// desks gives each person what the cell hands out, and a command by their name.
func (w *town) desks() error {
	if err := os.MkdirAll(w.path("bin"), 0o700); err != nil {
		return err
	}
	anchor, err := os.ReadFile(w.path("cell", "anchor.json"))
	if err != nil {
		return err
	}
	for _, person := range people {
		profile, err := os.ReadFile(w.path("cell", "profiles", person+".json"))
		if err != nil {
			return err
		}
		script := fmt.Sprintf(desk, w.path("people", person), person, w.program("halligan"), w.sockets[person])
		if err := errors.Join(
			os.WriteFile(w.path("people", person, "profile.json"), profile, 0o600),
			os.WriteFile(w.path("people", person, "anchor.json"), anchor, 0o600),
			os.WriteFile(w.path("bin", person), []byte(script), 0o700),
		); err != nil {
			return err
		}
	}
	return nil
}

// as runs a command as a person.
func (w *town) as(person string, args ...string) (string, error) {
	return output(exec.Command(w.path("bin", person), args...))
}

// serve starts the server and waits until it answers.
func (w *town) serve() error {
	args := append(append(append([]string(nil), w.wrap...), w.program("halligan"), "serve", w.path("cell")), w.serveAs...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = w.environment()
	var err error
	if w.server, err = start(w.path("serve.log"), cmd); err != nil {
		return err
	}
	return until(patience, "the server to be ready", func() (bool, error) {
		if !w.server.running() {
			return true, fmt.Errorf("it ended:\n%s", text(w.path("serve.log")))
		}
		answer, err := http.Get("http://" + w.metrics + "/readyz")
		if err != nil {
			return false, err
		}
		return answer.StatusCode == http.StatusOK, answer.Body.Close()
	})
}

// stopServer ends the server: SIGINT as people do, SIGKILL as fate does.
func (w *town) stopServer(with syscall.Signal) error { return w.server.end(with) }

// close ends everything.
func (w *town) close() error {
	var failed []error
	failed = append(failed, w.server.end(syscall.SIGINT))
	if w.host != nil {
		failed = append(failed, w.host.close())
	}
	for i := len(w.ends) - 1; i >= 0; i-- {
		failed = append(failed, w.ends[i]())
	}
	return errors.Join(failed...)
}

// grant asks as ann and has sam and lea agree; it gives the request's id.
func (w *town) grant(length time.Duration, targets string) (string, error) {
	id, err := w.ask("ann", length, targets)
	if err != nil {
		return "", err
	}
	for _, person := range []string{"sam", "lea"} {
		if _, err := w.as(person, "approve", id, "--check", "call-back", "--yes"); err != nil {
			return id, err
		}
	}
	return id, nil
}

func (w *town) ask(person string, length time.Duration, targets string) (string, error) {
	out, err := w.as(person, "request", "database-locked-out", "--why", "pool exhausted, nobody can connect", "--for", length.String(), "--only", targets, "--json")
	if err != nil {
		return "", err
	}
	return at(out, "id")
}
