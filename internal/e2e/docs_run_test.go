package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pageLongest bounds one page, in time.
const pageLongest = 12 * time.Minute

// Marks around what a step prints.
const (
	begins = "\x1e"
	ends   = "\x1f"
)

// examples are what pages show and a run has otherwise: the address and the key
// of the server, ids of the request and of the change that the setup made, and
// the ports that are free here. What comes first is replaced first.
var examples = []struct{ shown, real string }{
	{"https://halligan.example.com:7878", "https://127.0.0.1:$PORT"},
	{"ef1366d4a058a85ee36c260cde75205670553603bb1355f512131114cc47d715", "$pin"},
	{"5f0c1a2b9d3e4f60", "$id"},
	{"77a0c1de5b2f8a94", "$change"},
	{"7878", "$PORT"},
	{"7879", "$METRICS"},
	{"2222", "$SSH"},
	{"9099", "$HOOK"},
}

// run runs the steps of a page in one shell.
func (p *page) run(t *testing.T, bin string) {
	own := slices.Contains(p.needs, "root")
	need(t, p.needs)
	if p.browses() {
		chromium(t)
	}
	home := t.TempDir()
	script := filepath.Join(home, "page.sh")
	if err := os.WriteFile(script, []byte(p.script()), 0o700); err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Abs("testdata/docs")
	if err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, "PORT", "METRICS", "SSH", "HOOK")
	folder := filepath.Join(home, "here")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	command := []string{"bash", script}
	if own { // what the page changes below /etc, /var and /run ends with it
		command = append([]string{"unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", filepath.Join(docs, "machine.sh")}, script)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pageLongest)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append([]string{
		"HOME=" + home, "PATH=" + bin + ":" + os.Getenv("PATH"), "DOCS=" + docs, "BUILT=" + bin, "LANG=C.UTF-8", "TZ=UTC", "USER=ann",
	}, ports...)
	if cache, err := os.UserCacheDir(); err == nil { // or a page that builds something builds the standard library first
		cmd.Env = append(cmd.Env, "GOCACHE="+filepath.Join(cache, "go-build"))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	out := filepath.Join(home, "page.out")
	to, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	cmd.Stdout, cmd.Stderr = to, to
	failed := p.attend(t, cmd, home)
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Error(err) // what the page left running ends with it
	}
	printed, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p.judge(t, string(printed), ports, failed)
}

// need skips where a program is missing, or where a page cannot have a machine
// of its own.
func need(t *testing.T, needs []string) {
	t.Helper()
	own := slices.Contains(needs, "root")
	if own && os.Getuid() != 0 {
		t.Skip("needs root, to give the page a machine of its own")
	}
	tools := append([]string{"bash", "ssh-keygen"}, needs...)
	if own {
		tools = append(tools, "/usr/sbin/sshd", "ssh", "unshare", "pgrep", "useradd")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil && tool != "root" {
			t.Skipf("%s is missing (Debian: openssh-server, openssh-client, util-linux, procps, passwd, openssl, curl, python3)", tool)
		}
	}
	if !own {
		return
	}
	if out, err := exec.Command("unshare", "--mount", "--pid", "--fork", "true").CombinedOutput(); err != nil {
		t.Skipf("namespaces cannot be made here: %s", out)
	}
}

// freePorts gives NAME=PORT for each name.
func freePorts(t *testing.T, names ...string) (all []string) {
	t.Helper()
	for _, name := range names {
		address, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(address, ":")
		all = append(all, name+"="+port)
	}
	return all
}

// script is the page as one shell script that marks where each step begins and
// ends, and stops at the first that fails.
func (p *page) script() string {
	var b strings.Builder
	b.WriteString(browserSteps)
	b.WriteString("become() { export HALLIGAN_PROFILE=$HOME/people/$1/profile.json HALLIGAN_KEY=$HOME/people/$1/key USER=$1; }\nrc=0\n")
	for i, s := range p.steps {
		command := s.command
		for _, e := range examples {
			if s.line > 0 { // what a reader does not see says what it means
				command = regexp.MustCompile(`\b`+regexp.QuoteMeta(e.shown)+`\b`).ReplaceAllLiteralString(command, e.real)
			}
		}
		fmt.Fprintf(&b, "printf '%s%%d\\n' %d; (exit $rc)\n%s\nrc=$?; printf '%s%%d %%d\\n' %d $rc\n", begins, i, command, ends, i)
		if !s.mayFail {
			b.WriteString("[ $rc = 0 ] || exit 1\n")
		}
	}
	return b.String()
}

// judge compares what each step printed with what the page says.
func (p *page) judge(t *testing.T, printed string, ports []string, failed error) {
	t.Helper()
	for _, pair := range ports {
		name, port, _ := strings.Cut(pair, "=")
		for _, e := range examples {
			if e.real == "$"+name {
				printed = strings.ReplaceAll(strings.ReplaceAll(printed, "https://127.0.0.1:"+port, examples[0].shown), port, e.shown)
			}
		}
	}
	for i, s := range p.steps {
		where := fmt.Sprintf("%s:%d", p.name, s.line)
		if s.line == 0 {
			where = p.name + ": before the next block"
		}
		_, rest, ok := strings.Cut(printed, fmt.Sprintf("%s%d\n", begins, i))
		got, code, ended := strings.Cut(rest, fmt.Sprintf("%s%d ", ends, i))
		if !ok || !ended {
			t.Fatalf("%s: $ %s\ndid not come to its end (%v):\n%s", where, s.command, failed, got)
		}
		code, _, _ = strings.Cut(code, "\n")
		if code != "0" && !s.mayFail {
			t.Fatalf("%s: $ %s\nended with code %s:\n%s", where, s.command, code, got)
		}
		if s.prints != nil && !prints(s.prints, got) {
			t.Errorf("%s: $ %s\nprinted\n%s\nand the page says\n%s", where, s.command, got, strings.Join(s.prints, "\n"))
		}
	}
	if failed != nil && !t.Failed() {
		t.Errorf("the shell ended with %v", failed)
	}
}
