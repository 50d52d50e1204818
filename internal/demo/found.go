package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// found writes the cell's files, has every founder sign, seals, and serves.
func (s *stage) found(ctx context.Context) error {
	var err error
	if s.folder, err = os.MkdirTemp("", "halligan-demo-"); err != nil {
		return err
	}
	args := []string{"init", s.path("cell"), "--name", "halligan.example.com", "--channel", "pager"}
	for _, person := range people {
		if err := s.key("keys", person); err != nil {
			return err
		}
		args = append(args, "--person", person+"="+s.path("keys", person+".pub"))
	}
	address, err := freePort()
	if err != nil {
		return err
	}
	if _, err := output(exec.CommandContext(ctx, s.Program, append(args, "--host", "db1="+address)...)); err != nil {
		return err
	}
	s.tell("founders", "%s each made a key; cell.yaml and a scenario are written", strings.Join(people, ", "))
	if err := s.listen(); err != nil {
		return err
	}
	if err := s.prepare(ctx, address); err != nil {
		return err
	}
	if err := s.files(); err != nil {
		return err
	}
	if _, err := output(exec.CommandContext(ctx, s.Program, "lint", s.path("cell"))); err != nil {
		return err
	}
	return s.seal(ctx)
}

// key makes an SSH key pair.
func (s *stage) key(folder, name string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		return err
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return err
	}
	path := s.path(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".pub", []byte(strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line)))+" "+name+"\n"), 0o644)
}

const scenario = `scenario: database-locked-out
title: Production database refuses everyone
use_when:
  - Customers cannot pay and the cause is in the database
do_not_use_when:
  - A read-only look is enough
may_request: [group:on-call]
severities:
  SEV1:
    longest: 1h
    quorum:
      - { from: group:security, count: 1 }
      - { from: group:leads, count: 1 }
    review_due: 24h
opens:
  - ssh: { name: primary, host: db1, user: %[1]s, principals: [emergency-dba], source_address: request }
  - ssh: { name: replica, host: db1, user: %[1]s, principals: [emergency-dba], source_address: request }
alarms: { to: [pager] }
`

// files makes the sample files those of the demo: two legs, two targets.
func (s *stage) files() error {
	path := s.path("cell", "cell.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(data)
	begin, end := strings.Index(text, "groups:\n"), strings.Index(text, "# May stop and attest")
	if begin < 0 || end < begin {
		return fmt.Errorf("%s is not as init writes it", path)
	}
	groups := "groups:\n  on-call: [ann]\n  security: [sam, sue]\n  leads: [lea, leo]\n\n"
	if err := os.WriteFile(path, []byte(text[:begin]+groups+text[end:]), 0o600); err != nil {
		return err
	}
	if err := os.RemoveAll(s.path("cell", "scenarios")); err != nil {
		return err
	}
	if err := os.MkdirAll(s.path("cell", "scenarios"), 0o700); err != nil {
		return err
	}
	user := os.Getenv("USER")
	if os.Geteuid() == 0 || user == "" {
		user = "root"
	}
	if err := os.WriteFile(s.path("cell", "scenarios", "database-locked-out.yaml"), fmt.Appendf(nil, scenario, user), 0o600); err != nil {
		return err
	}
	web := strings.TrimPrefix(s.url, "https://")
	metrics, err := freePort()
	if err != nil {
		return err
	}
	settings := fmt.Sprintf("listen: %s\nmetrics_listen: %s\nwebhooks:\n  pager: { url: %q, secret_file: pager.secret }\n", web, metrics, s.alarms.url)
	return os.WriteFile(s.path("cell", "server.yaml"), []byte(settings), 0o600)
}

func (s *stage) seal(ctx context.Context) error {
	args := []string{"init", "seal", s.path("cell"), "--url", s.url}
	for _, person := range people {
		args = append(args, "--with", person+"="+s.path("keys", person))
	}
	out, err := output(exec.CommandContext(ctx, s.Program, args...))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	s.tell("founders", "all signed genesis; %s", first)
	if _, err := s.background("server.log", s.Program, "serve", s.path("cell")); err != nil {
		return err
	}
	err = until(ctx, 20*time.Second, func() (bool, error) {
		_, err := s.as(ctx, "ann", "status")
		return err == nil, err
	})
	s.tell("server", "answers at %s, with a certificate that every profile pins", s.url)
	return err
}
