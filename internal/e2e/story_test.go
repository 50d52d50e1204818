package e2e_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestStories plays testdata/script, each story in a cell of its own, each person
// in processes and with state of their own. A script with a file "long" waits for
// minutes. Beside testscript's own commands:
//
//	found [host] [envelope] [program] [ladder] [solo] [mail] [witnesses]
//	                          found a cell; host: with a real SSH host; envelope: with a
//	                          scenario that opens some; program: with a program that
//	                          opens groups kept in files; ladder: after a minute leads
//	                          may sign in the place of security; solo: after a minute
//	                          who asked may go in alone, and ann and bob have security
//	                          keys; mail: with a channel by mail beside the pager;
//	                          witnesses: two, who must both cosign
//	serve, down, crash        start the server, interrupt it, kill it
//	NAME ARGS                 in exec: halligan as that person
//	code N COMMAND ARGS       as exec, and demand this exit code
//	let NAME PATH             keep a value of the JSON on stdout in a variable
//	[!] is PATH VALUE         demand a value of the JSON on stdout
//	until NAME ID PATH VALUE  ask for the status until it has that value; it is then on stdout
//	[!] alarm TYPE [COUNT]    wait for alarms; with ! there must be none so far
//	hook hang|answer          what the pager does with alarms from now on
//	[!] letter TYPE           as alarm, by mail; the texts are then on stdout
//	letterbox busy|ready      what the mail server does from now on
//	host up|down|mute         connect the SSH host, cut it off, or end halligan-host alone
//	[!] enter FILE            log in with a credential; with ! it must be refused
//	session WHOSE FILE        log in with a credential and stay
//	[!] ended WHOSE           wait for the end of a session; with ! it must go on
//	past TIME                 wait until an instant is past
//	sql STATEMENT             edit the stopped server's database
//	mode MODE FILE...         demand permissions
//
// and those of machines_test.go, for stories that begin with nothing.
func TestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real servers: left out by -short")
	}
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			if _, err := os.Stat(filepath.Join(env.WorkDir, "long")); err != nil {
				env.Defer(slot())
			}
			bin, err := programs()
			if err != nil {
				return err
			}
			env.Setenv("PATH", strings.Join([]string{filepath.Join(env.WorkDir, "bin"), bin, env.Getenv("PATH")}, string(os.PathListSeparator)))
			env.Setenv("HOME", env.WorkDir)
			s := &story{sessions: map[string]*session{}}
			env.Values[storyKey{}] = s
			env.Defer(func() {
				if s.town != nil {
					if err := s.town.close(); err != nil {
						env.T().Log(err)
					}
				}
			})
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "host":
				return noTarget() == "", nil
			case "soak":
				return soaking(), nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: machineCommands(maps.Clone(commands)),
	})
}

// soaking tells whether the long runs are wanted.
func soaking() bool { return os.Getenv("HALLIGAN_SOAK") != "" }

// story is what a running script has.
type story struct {
	*town
	sessions map[string]*session
	sshAt    string // where the host of machines is
}

type storyKey struct{}

func of(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

var commands = map[string]func(*testscript.TestScript, bool, []string){
	"found": plain(func(ts *testscript.TestScript, s *story, args []string) (err error) {
		f := founding{host: slices.Contains(args, "host"), envelope: slices.Contains(args, "envelope"), program: slices.Contains(args, "program"),
			ladder: slices.Contains(args, "ladder"), solo: slices.Contains(args, "solo"), mail: slices.Contains(args, "mail"),
			symptoms: slices.Contains(args, "symptoms"), recovery: slices.Contains(args, "recovery")}
		if slices.Contains(args, "witnesses") {
			f.watchers = []string{"wit1", "wit2"}
		}
		s.town, err = found(ts.Getenv("WORK"), f)
		return err
	}),
	"serve": plain(func(_ *testscript.TestScript, s *story, _ []string) error { return s.serve() }),
	"down":  plain(func(_ *testscript.TestScript, s *story, _ []string) error { return s.stopServer(syscall.SIGINT) }),
	"crash": plain(func(_ *testscript.TestScript, s *story, _ []string) error { return s.stopServer(syscall.SIGKILL) }),
	"code":  plain(exitCode),
	"past": plain(func(_ *testscript.TestScript, s *story, args []string) error {
		return until(patience, args[0]+" to be over", func() (bool, error) {
			end, err := time.Parse(time.RFC3339Nano, args[0])
			return time.Now().After(end), err
		})
	}),
	"let": plain(func(ts *testscript.TestScript, _ *story, args []string) error {
		value, err := at(ts.ReadFile("stdout"), args[1])
		if err == nil && value == "" {
			err = fmt.Errorf("there is no %s", args[1])
		}
		ts.Setenv(args[0], value)
		return err
	}),
	"is": func(ts *testscript.TestScript, neg bool, args []string) {
		value, err := at(ts.ReadFile("stdout"), args[0])
		ts.Check(err)
		if want := strings.Join(args[1:], " "); (value == want) == neg {
			ts.Fatalf("%s is %q, want %q (not: %v)", args[0], value, want, neg)
		}
	},
	"until": plain(untilStatus),
	"alarm": alarm,
	"hook": plain(func(_ *testscript.TestScript, s *story, args []string) error {
		switch args[0] {
		case "hang":
			s.hooks["pager"].hang()
		case "answer":
			s.hooks["pager"].answer()
		}
		return nil
	}),
	"letter": letter,
	"letterbox": plain(func(_ *testscript.TestScript, s *story, args []string) error {
		s.letters.busy.Store(args[0] == "busy")
		return nil
	}),
	"host": plain(func(_ *testscript.TestScript, s *story, args []string) error {
		switch args[0] {
		case "down":
			return s.host.down()
		case "mute":
			return s.host.keeper.end(syscall.SIGKILL)
		}
		return s.host.up()
	}),
	"enter": func(ts *testscript.TestScript, neg bool, args []string) {
		in, err := of(ts).host.accepts(ts.MkAbs(args[0]))
		ts.Check(err)
		if in == neg {
			ts.Fatalf("the host accepts the credential: %v", in)
		}
	},
	"session": plain(func(ts *testscript.TestScript, s *story, args []string) (err error) {
		s.sessions[args[0]], err = s.host.session(ts.MkAbs(args[1]))
		return err
	}),
	"ended": func(ts *testscript.TestScript, neg bool, args []string) {
		s := of(ts).sessions[args[0]]
		if !neg {
			ts.Check(s.ended())
			return
		}
		if !s.alive() {
			ts.Fatalf("the session is over")
		}
	},
	"sql":     plain(editDatabase),
	"witness": plain(watch),
	"mode":    plain(modes),
}

// plain is a command that cannot be negated.
func plain(do func(*testscript.TestScript, *story, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		ts.Check(do(ts, of(ts), args))
	}
}

func exitCode(ts *testscript.TestScript, _ *story, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got, err = exit.ExitCode(), nil
	}
	if err == nil && got != want {
		err = fmt.Errorf("the exit code is %d, want %d", got, want)
	}
	return err
}

func untilStatus(ts *testscript.TestScript, s *story, args []string) error {
	person, id, path, want := args[0], args[1], args[2], strings.Join(args[3:], " ")
	last := ""
	err := until(3*patience, path+" to be "+want, func() (bool, error) {
		out, err := s.as(person, "status", id, "--json")
		if err != nil {
			return false, err
		}
		last = out
		value, err := at(out, path)
		return value == want, err
	})
	fmt.Fprint(ts.Stdout(), last)
	return err
}

func alarm(ts *testscript.TestScript, neg bool, args []string) {
	h, least := of(ts).hooks["pager"], 1
	if neg {
		if n := len(h.of(args[0])); n > 0 {
			ts.Fatalf("%d alarms of %s arrived", n, args[0])
		}
		return
	}
	if len(args) > 1 {
		var err error
		least, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	longest := 3 * patience
	if soaking() {
		longest = 20 * patience
	}
	ts.Check(until(longest, "alarm "+args[0], func() (bool, error) { return len(h.of(args[0])) >= least, nil }))
	for _, m := range h.of(args[0]) {
		ts.Logf("%s: %s", m.Type, m.Text)
	}
}

// editDatabase does what an administrator can.
func editDatabase(_ *testscript.TestScript, s *story, args []string) error {
	if s.server.running() {
		return errors.New("stop the server first")
	}
	db, err := sql.Open("sqlite", s.path("cell", "data", "cell.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	result, err := db.Exec(strings.Join(args, " "))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("nothing was changed: %v", err)
	}
	return nil
}

func modes(ts *testscript.TestScript, _ *story, args []string) error {
	want, err := strconv.ParseUint(args[0], 8, 32)
	if err != nil {
		return err
	}
	for _, name := range args[1:] {
		info, err := os.Lstat(ts.MkAbs(name))
		if err != nil {
			return err
		}
		if info.Mode().Perm() != fs.FileMode(want) {
			return fmt.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
	return nil
}
