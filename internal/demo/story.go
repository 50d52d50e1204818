package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// asked is what request prints.
type asked struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Words string `json:"words"`
}

// shown is the part of a request that the demo looks at.
type shown struct {
	State string `json:"state"`
	Known string `json:"known"`
	Grant *struct {
		Until time.Time `json:"until"`
	} `json:"grant"`
	Leases []struct {
		Target string `json:"target"`
		State  string `json:"state"`
		Worked bool   `json:"worked"`
		Proofs []struct {
			Kind string `json:"kind"`
		} `json:"proofs"`
	} `json:"leases"`
}

// agree asks, and has two people in two legs agree.
func (s *stage) agree(ctx context.Context) error {
	var a asked
	began := time.Now()
	err := s.into(ctx, "ann", &a, "request", "database-locked-out", "--why", "pool exhausted, nobody can connect", "--incident", "PD-4711", "--for", window.String())
	if err != nil {
		return err
	}
	s.request = a.ID
	s.tell("ann", "asks for database-locked-out, SEV1, for %s: %q", window, "pool exhausted, nobody can connect")
	s.tell("ann", "reads out on the phone: %s", a.Words)
	for _, approver := range []string{"sam", "lea"} {
		var signed struct {
			State string `json:"state"`
			Words string `json:"words"`
		}
		if err := s.into(ctx, approver, &signed, "approve", a.ID, "--check", "call-back", "--yes"); err != nil {
			return err
		}
		if signed.Words != a.Words {
			return fmt.Errorf("%s saw the words %q, ann read %q", approver, signed.Words, a.Words)
		}
		s.tell(approver, "verified the evidence from the anchor, saw the same words, called back, signed: %s", signed.State)
	}
	s.accessIn = time.Since(began)
	return nil
}

// look reads the request as ann.
func (s *stage) look(ctx context.Context) (shown, error) {
	var r shown
	return r, s.into(ctx, "ann", &r, "status", s.request)
}

// use fetches credentials and logs in.
func (s *stage) use(ctx context.Context) error {
	began := time.Now()
	for _, target := range []string{"primary", "replica"} {
		err := until(ctx, 10*time.Second, func() (bool, error) {
			_, err := s.as(ctx, "ann", "credential", s.request, target, "--output", s.path("home", "ann", target))
			return err == nil, err
		})
		if err != nil {
			return err
		}
		s.tell("ann", "holds a certificate for %s: entry first, then minted, bound to a key that never left the machine", target)
	}
	s.accessIn += time.Since(began)
	if s.sshd == nil {
		return nil
	}
	out, err := output(s.ssh(ctx, "primary", "echo in as $(id -un)"))
	if err != nil {
		return err
	}
	s.tell("ann", "ssh to db1: %s", strings.TrimSpace(string(out)))
	session := s.ssh(context.WithoutCancel(ctx), "primary", "sleep 600")
	if err := session.Start(); err != nil {
		return err
	}
	s.session = make(chan error, 1)
	go func() { s.session <- session.Wait() }()
	s.later(func() error { _ = session.Process.Kill(); return nil })
	s.tell("ann", "leaves a session running on primary, as people do")
	return until(ctx, 15*time.Second, func() (bool, error) {
		r, err := s.look(ctx)
		worked := err == nil
		for _, l := range r.Leases {
			worked = worked && l.Worked
		}
		return worked, err
	})
}

// ssh is a login at a target with the credential that ann fetched.
func (s *stage) ssh(ctx context.Context, target, command string) *exec.Cmd {
	host, port, _ := strings.Cut(s.sshd.address, ":")
	key := s.path("home", "ann", target)
	return exec.CommandContext(ctx, "ssh", "-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile="+key+"-known_hosts", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-p", port, "root@"+host, command)
}

// end releases one target early, lets the other expire, and waits for proof.
func (s *stage) end(ctx context.Context) error {
	if _, err := s.as(ctx, "ann", "release", s.request, "replica"); err != nil {
		return err
	}
	s.tell("ann", "releases replica early; primary is left to expire")
	if s.sshd == nil {
		return s.attested(ctx)
	}
	if err := s.closed(ctx, "replica"); err != nil {
		return err
	}
	if err := s.closed(ctx, "primary"); err != nil {
		return err
	}
	select {
	case <-s.session:
		s.tell("db1", "ended the session that was still running, and lists none")
	case <-time.After(5 * time.Second):
		return errors.New("the session that was running is still there")
	}
	if out, err := s.ssh(ctx, "primary", "true").CombinedOutput(); err == nil {
		return errors.New("the old credential still opens the host")
	} else if !strings.Contains(string(out), "denied") {
		return fmt.Errorf("the login failed otherwise than by refusal: %s", out)
	}
	s.tell("ann", "tries the old certificate once more: refused")
	return s.told(ctx)
}

// closed waits until a target's lease is proved dead.
func (s *stage) closed(ctx context.Context, target string) error {
	var kinds []string
	err := until(ctx, window+90*time.Second, func() (bool, error) {
		r, err := s.look(ctx)
		for _, l := range r.Leases {
			if l.Target == target && l.State == "closed" {
				for _, p := range l.Proofs {
					kinds = append(kinds, p.Kind)
				}
				return true, nil
			}
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("%s was not proved dead: %w", target, err)
	}
	s.tell("halligan", "%s is closed, proved by: %s", target, strings.Join(kinds, " and "))
	return nil
}

// attested shows what is left where a host cannot be asked: a person's word.
func (s *stage) attested(ctx context.Context) error {
	err := until(ctx, window+30*time.Second, func() (bool, error) {
		r, err := s.look(ctx)
		closing := 0
		for _, l := range r.Leases {
			if l.State == "closing" {
				closing++
			}
		}
		return closing == 2, err
	})
	if err != nil {
		return err
	}
	r, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.tell("halligan", "the truth, unproved: %s", r.Known)
	for _, target := range []string{"primary", "replica"} {
		if _, err := s.as(ctx, "sam", "attest", s.request, target, "--why", "went to the serial console: nobody is logged in"); err != nil {
			return err
		}
		if err := s.closed(ctx, target); err != nil {
			return err
		}
	}
	return s.told(ctx)
}

// told waits for the alarm that the last lease is closed.
func (s *stage) told(ctx context.Context) error {
	err := until(ctx, 20*time.Second, func() (bool, error) {
		return s.alarms.heard("request.made") && s.alarms.heard("grant.agreed") && s.alarms.heard("lease.closed"), nil
	})
	if err != nil {
		return fmt.Errorf("alarms are missing: %w", err)
	}
	s.tell("pager", "%d signed alarms arrived, %d refused", s.alarms.count(), s.alarms.forged)
	return nil
}

// check exports the evidence, verifies it, changes a byte, and finds it.
func (s *stage) check(ctx context.Context) error {
	folder, anchor := s.path("evidence"), s.path("cell", "anchor.json")
	if _, err := s.as(ctx, "sue", "evidence", "--all", "-o", folder); err != nil {
		return err
	}
	s.tell("sue", "exported the whole ledger with everything beside it")
	out, err := s.as(ctx, "sue", "verify", folder, "--anchor", anchor)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fmt.Fprintf(s.Out, "             │ %s\n", line)
	}
	changed, err := changeOne(filepath.Join(folder, "tile", "entries"))
	if err != nil {
		return err
	}
	if out, err = s.as(ctx, "sue", "verify", folder, "--anchor", anchor); err == nil {
		return fmt.Errorf("a changed byte in %s was not found:\n%s", changed, out)
	}
	s.tell("sue", "one byte of a copy was changed, and verify says:")
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n")[:1] {
		fmt.Fprintf(s.Out, "             │ %s\n", line)
	}
	return nil
}

// changeOne changes one byte in the first bundle of entries.
func changeOne(folder string) (string, error) {
	var file string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && file == "" {
			file = path
		}
		return err
	})
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	data[len(data)/2] ^= 1
	return file, os.WriteFile(file, data, 0o644)
}
