package cli

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/internal/canon"
)

type credentialCommand struct {
	ID     string `arg:"" help:"Your granted request: its id, or the first 8 or more digits of it."`
	Target string `arg:"" optional:"" help:"The target. Needed only if the request has several."`
	Output string `short:"o" help:"Write key and certificate to FILE, FILE-cert.pub and FILE-known_hosts instead, for you alone to read." placeholder:"FILE" xor:"where"`
	Print  bool   `help:"Print the certificate on stdout instead; the key stays where it is." xor:"where"`
	accountFlags
	memberFlags
}

// Help is the long help of `credential`.
func (credentialCommand) Help() string {
	return `A certificate lives five minutes at most. It goes into your ssh-agent, which forgets it when it is over; fetch again for another, or use halligan exec, which renews by itself. Each fetch is signed with the key that was made for the request, so it works only on the machine that asked.

An AWS account gives a session of a quarter of an hour at most, sealed to the request's key and opened here. Its keys are printed or written only where a flag says so. A profile makes every program that knows credential_process fetch by itself while the grant lives.

Examples:

    halligan credential 5f0c1a2b
    halligan credential 5f0c1a2b db-1
    halligan credential 5f0c1a2b db-1 --output ./emergency
    halligan credential 5f0c1a2b db-1 --print
    halligan credential 5f0c1a2b prod --aws-process
    halligan credential 5f0c1a2b prod --env
    halligan credential 5f0c1a2b prod --aws-profile emergency --output ~/.aws/config`
}

// credentialAnswer is a fetched credential, as JSON. It holds no secret.
type credentialAnswer struct {
	Target      string     `json:"target"`
	Serial      string     `json:"serial"`
	KeyID       string     `json:"key_id"`
	After       canon.Time `json:"after"`
	Before      canon.Time `json:"before"`
	Certificate string     `json:"certificate"`
	SSH         []string   `json:"ssh"`
	Where       string     `json:"where"` // ssh-agent, stdout, or the file of the key
	Unwitnessed bool       `json:"unwitnessed,omitzero"`
}

// Run fetches.
func (cmd credentialCommand) Run(c *call) error {
	if err := cmd.check(); err != nil {
		return err
	}
	m, err := c.open(cmd.memberFlags)
	if err != nil {
		return err
	}
	defer m.way.foresee(c.ctx)()
	h, err := m.holder(cmd.ID)
	if err != nil {
		return err
	}
	target, err := h.target(cmd.Target)
	if err != nil {
		return err
	}
	open, err := m.opening(h, target)
	if err != nil {
		return err
	}
	if flags := cmd.given(); lends(open) || len(flags) > 0 {
		account, err := wanted(open, flags...)
		if err != nil {
			return err
		}
		return cmd.lend(m, h, account)
	}
	return cmd.login(m, h, target)
}

// login fetches a certificate and puts it where it is wanted.
func (cmd credentialCommand) login(m *member, h *holder, target string) error {
	c := m.c
	var to agent.Agent
	if cmd.Output == "" && !cmd.Print {
		conn, err := dialAgent()
		if err != nil {
			return err
		}
		defer conn.Close()
		to = agent.NewClient(conn)
	}
	l, err := m.fetch(h, target)
	if err != nil {
		return err
	}
	out := credentialAnswer{
		Target: target, Serial: l.serial, KeyID: l.cert.KeyId, After: l.after, Before: l.before,
		Certificate: l.line(), SSH: l.sshTo(), Unwitnessed: l.unwitnessed,
	}
	switch {
	case cmd.Print:
		out.Where = "stdout"
	case cmd.Output != "":
		out.Where = cmd.Output
		out.SSH = l.sshTo("-i", cmd.Output, "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile="+cmd.Output+"-known_hosts")
		err = l.writeFiles(cmd.Output)
	default:
		out.Where = "ssh-agent"
		err = l.addTo(to, c.now())
	}
	if err != nil {
		return err
	}
	if text := l.uncosigned(); text != "" {
		c.tell("%s", text)
	}
	return c.answer(out, func() { out.say(c) })
}

func (a credentialAnswer) say(c *call) {
	if a.Where == "stdout" {
		c.say("%s", a.Certificate)
		return
	}
	c.say("A certificate for %s, serial %s, is in %s until %s.", a.Target, a.Serial, a.Where, a.Before.Std().Format("15:04:05 UTC"))
	c.say("  %s", strings.Join(a.SSH, " "))
}

// dialAgent reaches the person's ssh-agent, before anything is fetched that
// could not be put anywhere.
func dialAgent() (net.Conn, error) {
	const hint = "start one with eval $(ssh-agent), or use --output, --print or halligan exec"
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, failf(exitUsage, "there is no ssh-agent to put it into: SSH_AUTH_SOCK is not set").or(hint)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, because(exitUsage, err, "cannot reach ssh-agent").or(hint)
	}
	return conn, nil
}

// addTo puts key and certificate into an agent that forgets them when the
// certificate is over.
func (l *login) addTo(a agent.Agent, now time.Time) error {
	left := l.before.Std().Sub(now)
	if left < time.Second {
		return failf(exitInternal, "the certificate was over at %s already", l.before).or("check this machine's clock")
	}
	err := a.Add(agent.AddedKey{
		PrivateKey: l.key, Certificate: l.cert, Comment: l.comment(), LifetimeSecs: uint32(left / time.Second),
	})
	if err != nil {
		return because(exitUsage, err, "ssh-agent does not take the certificate").or("use --output, or halligan exec")
	}
	return nil
}

// writeFiles writes key, certificate and known hosts. It never writes over a
// key that is another's; the same key's certificate is renewed in place.
func (l *login) writeFiles(path string) error {
	if !l.isIn(path) {
		key, err := l.privateKey()
		if err != nil {
			return because(exitInternal, err, "cannot encode the key")
		}
		if err := writeNew(path, key); err != nil {
			return err
		}
	}
	for name, data := range map[string]string{path + "-cert.pub": l.line() + "\n", path + "-known_hosts": l.knownHosts()} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return because(exitUsage, err, "cannot write %s anew", name)
		}
		if err := writeNew(name, []byte(data)); err != nil {
			return err
		}
	}
	return nil
}

// isIn tells whether a file holds the very key of the login.
func (l *login) isIn(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return false
	}
	return bytes.Equal(signer.PublicKey().Marshal(), l.cert.Key.Marshal())
}

// writeNew writes a file that only its owner may read, and that is not there yet.
func writeNew(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if errors.Is(err, fs.ErrExist) {
			return failf(exitUsage, "cannot write %s: it is there already", path).or("name a file that is not there yet")
		}
		return because(exitUsage, err, "cannot write %s", path).or("name a file in a folder that is there, and that you may write to")
	}
	defer func() {
		if closed := f.Close(); err == nil && closed != nil {
			err = because(exitInternal, closed, "cannot write %s", path)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return because(exitInternal, err, "cannot write %s", path)
	}
	return nil
}

// opensshKey is a private key in OpenSSH's form.
func opensshKey(key any, comment string) ([]byte, error) {
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the key: %w", err)
	}
	return pem.EncodeToMemory(block), nil
}

// serveAgent answers for a keyring on a connection until it ends.
func serveAgent(keys agent.Agent, conn io.ReadWriteCloser) {
	defer conn.Close()
	_ = agent.ServeAgent(keys, conn) // always an error: the peer went, or spoke nonsense
}
