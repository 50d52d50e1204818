package e2e_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// secured are the people who have a security key beside their own.
var secured = []string{"ann", "bob"}

// authenticator is an ssh-agent with one security key whose owner touches it, and
// gives it their PIN, whenever they are asked.
type authenticator struct {
	agent.Agent // everything else that an agent could do is refused below
	key         ed25519.PrivateKey
	line        ssh.PublicKey

	mu    sync.Mutex
	count uint32
}

// application is what security keys sign for ssh.
const application = "ssh:"

func newAuthenticator() (*authenticator, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	wire := ssh.Marshal(struct{ Name, Key, Application string }{ssh.KeyAlgoSKED25519, string(public), application})
	line, err := ssh.ParsePublicKey(wire)
	return &authenticator{key: private, line: line}, err
}

// List is of agent.Agent.
func (a *authenticator) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: a.line.Type(), Blob: a.line.Marshal(), Comment: "security key"}}, nil
}

// Sign is of agent.Agent: present and verified are said beside the signature.
func (a *authenticator) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	a.mu.Lock()
	a.count++
	told := binary.BigEndian.AppendUint32([]byte{5}, a.count)
	a.mu.Unlock()
	of, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	blob := ed25519.Sign(a.key, slices.Concat(of[:], told, message[:]))
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: blob, Rest: told}, nil
}

// secure gives people security keys, each in an agent of theirs, which the cell
// knows. The paths of sockets must be short.
func (w *town) secure(wanted bool) error {
	if !wanted {
		return nil
	}
	folder, err := os.MkdirTemp("", "sk")
	if err != nil {
		return err
	}
	w.sockets = map[string]string{}
	w.ends = append(w.ends, func() error { return os.RemoveAll(folder) })
	for _, person := range secured {
		a, err := newAuthenticator()
		if err != nil {
			return err
		}
		line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(a.line)))
		if err := os.WriteFile(w.path("people", person, "secure.pub"), []byte(line+"\n"), 0o644); err != nil {
			return err
		}
		own, err := os.ReadFile(w.path("people", person, "key.pub"))
		if err != nil {
			return err
		}
		quoted := fmt.Sprintf("- %q", strings.TrimSpace(string(own)))
		if err := edit(w.path("cell", "cell.yaml"), func(text string) string {
			return strings.Replace(text, quoted, quoted+fmt.Sprintf("\n      - %q", line), 1)
		}); err != nil {
			return err
		}
		w.sockets[person] = filepath.Join(folder, person)
		listener, err := net.Listen("unix", w.sockets[person])
		if err != nil {
			return err
		}
		w.ends = append(w.ends, listener.Close)
		go answerAll(listener, a)
	}
	return nil
}

// answerAll serves an agent until its socket is closed.
func answerAll(listener net.Listener, a agent.Agent) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go func() {
				_ = agent.ServeAgent(a, conn) // ends with the connection
				_ = conn.Close()
			}()
		}
	}
}

// solo gives the scenario a ladder that ends alone: after a minute, with nobody
// asked before, for two minutes, to the first target.
func (w *town) solo(wanted bool) error {
	if !wanted {
		return nil
	}
	return edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "opens:", "ladder:\n  - { after: 1m, solo: { longest: 2m, raise_to: SEV1, opens: [primary] } }\nopens:", 1)
	})
}
