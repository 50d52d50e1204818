package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands of stories that begin with nothing, each machine being a folder that
// shares nothing with the others:
//
//	machines NAME...     one folder for each; the first will have the server. Sets
//	                     WEB and METRICS, where it is to listen, and SSH, where the
//	                     host is. "on NAME COMMAND" types at a machine
//	reach                fill in what init left open, with a real SSH host if one can
//	                     be had
//	doors COMMAND        start the server and wait for its words, kept in WORDS
//	serving              wait until the server of a sealed cell answers
//	between              somebody between the machines and the server, who ends TLS
//	                     with a key of their own, at MIDDLE
func machineCommands(all map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	all["machines"] = plain(machines)
	all["reach"] = plain(func(_ *testscript.TestScript, s *story, _ []string) error { return s.reachFirst() })
	all["doors"] = plain(func(ts *testscript.TestScript, s *story, args []string) error {
		words, err := s.doors(ts, args)
		ts.Setenv("WORDS", words)
		return err
	})
	all["serving"] = plain(func(ts *testscript.TestScript, s *story, _ []string) error {
		return until(patience, "the server to be ready", func() (bool, error) {
			answer, err := http.Get("http://" + s.metrics + "/readyz")
			if err != nil {
				return false, err
			}
			return answer.StatusCode == http.StatusOK, answer.Body.Close()
		})
	})
	all["between"] = plain(between)
	return all
}

// onto types at a machine: with its home, and nothing else of anybody's.
const onto = `#!/bin/sh
cd %[1]s/"$1" && shift && exec env -i PATH="$PATH" HOME="$PWD" LANG=C.UTF-8 "$@"
`

func machines(ts *testscript.TestScript, s *story, names []string) error {
	bin, err := programs()
	if err != nil {
		return err
	}
	work := ts.Getenv("WORK")
	s.town = &town{dir: filepath.Join(work, names[0]), bin: bin}
	address := ""
	for name, to := range map[string]*string{"WEB": &s.web, "METRICS": &s.metrics, "SSH": &address} {
		if *to, err = freeAddress(); err != nil {
			return err
		}
		ts.Setenv(name, *to)
	}
	s.sshAt = address
	if err := errors.Join(os.MkdirAll(filepath.Join(work, "bin"), 0o700), os.MkdirAll(s.path("bin"), 0o700)); err != nil {
		return err
	}
	for _, name := range names {
		typed := fmt.Sprintf("#!/bin/sh\nPATH=%s:$PATH exec %s/bin/on %s halligan \"$@\"\n", bin, work, name)
		if err := errors.Join(os.MkdirAll(filepath.Join(work, name), 0o700), os.WriteFile(s.path("bin", name), []byte(typed), 0o700)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(work, "bin", "on"), fmt.Appendf(nil, onto, work), 0o700)
}

// reachFirst gives the cell of the first machine its host. At a real one, people
// log in as root, for there is no other account.
func (s *story) reachFirst() error {
	if err := s.reach(noTarget() == "", s.sshAt); err != nil {
		return err
	}
	return edit(s.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "principals: [emergency-dba]", "principals: [emergency-dba]\n      user: root", 1)
	})
}

// doors starts the server of a cell that is not sealed, and gives the words that
// it shows.
func (s *story) doors(ts *testscript.TestScript, args []string) (words string, err error) {
	log := filepath.Join(ts.Getenv("WORK"), "server.log")
	cmd := exec.Command(filepath.Join(ts.Getenv("WORK"), "bin", args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	if s.server, err = start(log, cmd); err != nil {
		return "", err
	}
	return words, until(patience, "the server to show its words", func() (bool, error) {
		if !s.server.running() {
			return true, fmt.Errorf("it ended:\n%s", text(log))
		}
		_, rest, ok := strings.Cut(text(log), "\nWords: ")
		words, _, _ = strings.Cut(rest, "\n")
		return ok && strings.Contains(rest, "init seal"), nil
	})
}

// between is a proxy that ends TLS with another key and passes everything on. To
// the server it speaks like any client that does not know it.
func between(ts *testscript.TestScript, s *story, _ []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{origin}}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: s.web})
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made}, PrivateKey: key}}})
	if err != nil {
		return err
	}
	passing := &http.Server{Handler: proxy, ReadHeaderTimeout: patience}
	go func() { _ = passing.Serve(l) }()
	s.ends = append(s.ends, passing.Close)
	ts.Setenv("MIDDLE", l.Addr().(*net.TCPAddr).String())
	return nil
}
