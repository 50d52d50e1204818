package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/halligan-dev/halligan/internal/revocation"
)

type configFlag struct {
	Config string `default:"${config}" help:"Configuration file." type:"path"`
}

type initCmd struct {
	configFlag
	Origin    string   `required:"" help:"Ledger origin of the cell."`
	Host      string   `required:"" help:"This host's name as in cell.yaml."`
	Server    []string `required:"" help:"Base URL of a server; repeat for more."`
	ListKey   string   `required:"" help:"Verifier key of the revocation list."`
	Authority []string `required:"" sep:"none" help:"Public key line of the cell's SSH authority; repeat for more."`
	Pin       string   `help:"SHA-256 of the server's public key, in hex; default: the system's roots."`
	Dir       string   `default:"/var/lib/halligan-host" help:"Directory of the list." type:"path"`
	RunDir    string   `default:"/run/halligan-host" help:"Directory of the records of logins." type:"path"`
}

// Run writes the files that are missing. With a configuration already there,
// that one counts.
func (c *initCmd) Run(s *surroundings) error {
	etc := filepath.Dir(c.Config)
	conf, err := LoadConfig(c.Config)
	if errors.Is(err, fs.ErrNotExist) {
		conf, err = &Config{
			Origin: c.Origin, Host: c.Host, Servers: c.Server, Pin: c.Pin,
			ListKey: c.ListKey, Authorities: c.Authority,
			ReportKey: filepath.Join(etc, "report.key"), Principals: filepath.Join(etc, "principals"),
			KRL: filepath.Join(c.Dir, "revoked.krl"), Run: c.RunDir,
		}, nil
	}
	if err != nil {
		return err
	}
	return Setup(conf, c.Config, rand.Reader, s.out)
}

type runCmd struct{ configFlag }

func (c *runCmd) Run(s *surroundings) error {
	h, err := c.open(s)
	if err != nil {
		return err
	}
	return errors.Join(h.Run(s.ctx), h.Close())
}

func (c configFlag) open(s *surroundings) (*Host, error) {
	conf, err := LoadConfig(c.Config)
	if err != nil {
		return nil, err
	}
	return New(conf, Options{Log: slog.New(slog.NewTextHandler(s.errOut, nil))})
}

type onceCmd struct{ configFlag }

func (c *onceCmd) Run(s *surroundings) error {
	h, err := c.open(s)
	if err != nil {
		return err
	}
	out := h.Once(s.ctx)
	if err := h.Close(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "list %d, %d key ids; %d sessions, %d ended; reported: %v\n",
		out.List.Number, len(out.List.KeyIDs), len(out.Sessions), len(out.Ended), out.Reported)
	for _, p := range out.Problems {
		fmt.Fprintln(s.errOut, "problem:", strings.ReplaceAll(p, "\n", "; "))
	}
	if len(out.Problems) > 0 {
		return errFound
	}
	return nil
}

type sessionsCmd struct {
	configFlag
	JSON bool `help:"Print JSON."`
}

type shownSession struct {
	KeyID   string    `json:"key_id"`
	Serial  uint64    `json:"serial,string"`
	User    string    `json:"user"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

func (c *sessionsCmd) Run(s *surroundings) error {
	conf, err := LoadConfig(c.Config)
	if err != nil {
		return err
	}
	sessions, err := Sessions(conf, Options{})
	if err != nil {
		return err
	}
	if c.JSON {
		shown := make([]shownSession, len(sessions))
		for i, v := range sessions {
			shown[i] = shownSession(v)
		}
		return s.json(shown)
	}
	return printSessions(s, sessions)
}

func printSessions(s *surroundings, sessions []revocation.Session) error {
	if len(sessions) == 0 {
		_, err := fmt.Fprintln(s.out, "no sessions by certificate")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY ID\tSERIAL\tUSER\tPID\tSINCE")
	for _, v := range sessions {
		fmt.Fprintf(w, "%s\t%d\t%q\t%d\t%s\n", v.KeyID, v.Serial, v.User, v.PID, v.Started.Format("2006-01-02 15:04:05Z"))
	}
	return w.Flush()
}

type checkCmd struct {
	configFlag
	JSON       bool   `help:"Print JSON."`
	SSHDConfig string `name:"sshd-config" help:"sshd's configuration, if not the default." type:"path"`
	SSHD       string `name:"sshd" default:"/usr/sbin/sshd" help:"Path of sshd."`
}

func (c *checkCmd) Run(s *surroundings) error {
	conf, err := LoadConfig(c.Config)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	found := Check(s.ctx, conf, CheckInput{ConfigPath: c.Config, Program: program, SSHD: c.effective, Passwd: "/etc/passwd"})
	if c.JSON {
		err = s.json(found)
	} else {
		err = printFindings(s, found)
	}
	for _, f := range found {
		if f.State == "bad" && err == nil {
			err = errFound
		}
	}
	return err
}

// effective asks sshd for the settings that count for a login by root.
func (c *checkCmd) effective(ctx context.Context) ([]byte, error) {
	args := []string{"-T", "-C", "user=root,host=localhost,addr=127.0.0.1"}
	if c.SSHDConfig != "" {
		args = append(args, "-f", c.SSHDConfig)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.SSHD, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

func printFindings(s *surroundings, found []Finding) error {
	for _, f := range found {
		fmt.Fprintf(s.out, "%-4s  %s\n", f.State, strings.ReplaceAll(f.What, "\n", "; "))
		if f.Hint != "" {
			fmt.Fprintf(s.out, "      hint: %s\n", f.Hint)
		}
	}
	return nil
}

// principalsTime is how long sshd waits for us at most: then nobody is admitted.
const principalsTime = 3 * time.Second

type principalsCmd struct {
	configFlag
	User   string `arg:"" help:"The user to log in as (%u)."`
	KeyID  string `arg:"" help:"The certificate's key id (%i)."`
	Serial string `arg:"" help:"The certificate's serial (%s)."`
}

func (c *principalsCmd) Run(s *surroundings) error {
	watchdog := time.AfterFunc(principalsTime, func() { os.Exit(exitFailed) })
	defer watchdog.Stop()
	conf, err := LoadConfig(c.Config)
	if err != nil {
		return err
	}
	allowed, err := Admit(conf, Offer{User: c.User, KeyID: c.KeyID, Serial: c.Serial}, Options{})
	if err != nil || len(allowed) == 0 {
		return err
	}
	_, err = fmt.Fprintln(s.out, strings.Join(allowed, "\n"))
	return err
}

type versionCmd struct{}

func (versionCmd) Run(s *surroundings) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(s.out, "halligan-host", version)
	return err
}
