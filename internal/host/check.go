package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// Finding is one line of a check: it holds, it is doubtful, or it is wrong.
type Finding struct {
	State string `json:"state"` // "ok", "warn", "bad"
	What  string `json:"what"`
	Hint  string `json:"hint,omitempty"`
}

// findings collects them.
type findings []Finding

func (f *findings) ok(format string, a ...any) {
	*f = append(*f, Finding{State: "ok", What: fmt.Sprintf(format, a...)})
}

func (f *findings) warn(hint, format string, a ...any) {
	*f = append(*f, Finding{"warn", fmt.Sprintf(format, a...), hint})
}

func (f *findings) bad(hint, format string, a ...any) {
	*f = append(*f, Finding{"bad", fmt.Sprintf(format, a...), hint})
}

// CheckInput is what a check looks at besides the configuration.
type CheckInput struct {
	ConfigPath string
	Program    string // this program's path, as sshd_config names it
	// SSHD prints sshd's effective settings as "sshd -T" does.
	SSHD func(context.Context) ([]byte, error)
	// Passwd is the file that lists users; "/etc/passwd".
	Passwd string
}

// Check looks at everything that would keep the host from obeying the list or
// its people from getting in, and changes nothing.
func Check(ctx context.Context, c *Config, in CheckInput) []Finding {
	var f findings
	checkFiles(&f, c, in)
	checkList(&f, c)
	checkServers(ctx, &f, c)
	out, err := in.SSHD(ctx)
	if err != nil {
		f.bad("run as root where sshd is installed", "cannot read sshd's settings: %v", err)
		return f
	}
	settings := parseSettings(out)
	checkSettings(&f, c, in, settings)
	checkOtherWay(&f, in, settings)
	return f
}

func checkFiles(f *findings, c *Config, in CheckInput) {
	if err := ownedByRoot(in.Program); err != nil {
		f.bad("sshd runs it only if root alone can change it and every folder above", "program: %v", err)
	} else {
		f.ok("program %s belongs to root all the way up", in.Program)
	}
	for what, path := range map[string]string{
		"configuration": in.ConfigPath, "principals": c.Principals, "list": c.KRL,
	} {
		if err := ownedByRoot(path); err != nil {
			f.bad("chown root, chmod go-w, also the folders above", "%s: %v", what, err)
		}
	}
	if _, err := readPrincipals(c.Principals, "root"); err != nil {
		f.bad("write one line a user: \"user: principal principal\"", "%v", err)
	} else {
		f.ok("principals in %s are readable", c.Principals)
	}
	if _, err := readReportKey(c.ReportKey); err != nil {
		f.bad("halligan-host init makes one", "%v", err)
	} else {
		f.ok("report key is readable for root alone")
	}
	switch info, err := os.Stat(c.Run); {
	case errors.Is(err, fs.ErrNotExist):
		f.ok("directory for logins %s will be made at the first one", c.Run)
	case err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0:
		f.bad("chmod 0700", "directory for logins %s is open to others or no directory", c.Run)
	}
	slices.SortStableFunc(*f, func(a, b Finding) int { return strings.Compare(a.What, b.What) })
}

func checkList(f *findings, c *Config) {
	list, err := newKeep(c).installed()
	switch {
	case err == nil:
		f.ok("list %d of %s is readable: %d key ids", list.Number, list.At.Format("2006-01-02 15:04:05Z"), len(list.KeyIDs))
	case errors.Is(err, fs.ErrNotExist):
		f.bad("halligan-host once writes one", "there is no list at %s: sshd refuses every key while RevokedKeys names it", c.KRL)
	case errors.Is(err, errForeign):
		f.bad("name a path of its own for krl in the configuration", "%s: %v", c.KRL, err)
	default:
		f.bad("halligan-host once writes it anew", "list is damaged, sshd refuses every key: %v", err)
	}
}

func checkServers(ctx context.Context, f *findings, c *Config) {
	client := newClient(c)
	defer client.http.CloseIdleConnections()
	got, err := client.fetch(ctx)
	if err != nil {
		f.warn("logins go on; ended grants are not seen until a server answers", "%v", err)
		return
	}
	if _, err := revocation.OpenList(c.Origin, c.ListKey, got.data); err != nil {
		f.bad("compare origin and list_key with the cell's anchor", "list of %s: %v", got.server, err)
		return
	}
	f.ok("%s serves a list that is rightly signed", got.server)
}

// settings are sshd's, by lower-case name, with the rest of each line.
type settings map[string][]string

func parseSettings(out []byte) settings {
	s := make(settings)
	for line := range bytes.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		s[strings.ToLower(name)] = append(s[strings.ToLower(name)], value)
	}
	return s
}

func (s settings) get(name string) string {
	if v := s[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func checkSettings(f *findings, c *Config, in CheckInput, s settings) {
	const hint = "take the lines that halligan-host init prints"
	if got := s.get("revokedkeys"); got == c.KRL {
		f.ok("sshd obeys the list %s", c.KRL)
	} else {
		f.bad(hint, "sshd's RevokedKeys is %q and not %q", got, c.KRL)
	}
	if file := s.get("trustedusercakeys"); trustsAll(file, c.authorities) {
		f.ok("sshd trusts the cell's authority (%s)", file)
	} else {
		f.bad(hint, "sshd's TrustedUserCAKeys %q lacks an authority of the configuration", file)
	}
	command := strings.Fields(s.get("authorizedprincipalscommand"))
	want := []string{in.Program, "principals", "--config", in.ConfigPath, "--", "%u", "%i", "%s"}
	if slices.Equal(command, want) && s.get("authorizedprincipalscommanduser") == "root" {
		f.ok("sshd asks this program for principals")
	} else {
		f.bad(hint, "sshd's AuthorizedPrincipalsCommand is %q as %q", strings.Join(command, " "), s.get("authorizedprincipalscommanduser"))
	}
	if file := s.get("authorizedprincipalsfile"); file != "" && file != "none" {
		f.bad("remove AuthorizedPrincipalsFile", "sshd also admits by %s: such logins are not on record and cannot be ended", file)
	}
}

func trustsAll(file string, authorities [][]byte) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	trusted := make(map[string]bool)
	for len(data) > 0 {
		key, _, _, rest, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			break
		}
		trusted[string(key.Marshal())] = true
		data = rest
	}
	return !slices.ContainsFunc(authorities, func(a []byte) bool { return !trusted[string(a)] })
}

// checkOtherWay looks for a way in that depends on no certificate. A plain key
// helps when the cell or its authority is lost. A password or a console helps
// even when the list cannot be read, which shuts out plain keys too.
func checkOtherWay(f *findings, in CheckInput, s settings) {
	var ways []string
	if s.get("passwordauthentication") == "yes" || s.get("kbdinteractiveauthentication") == "yes" {
		ways = append(ways, "a password")
	}
	for _, user := range usersOf(in.Passwd) {
		plain, authority := keysOf(s["authorizedkeysfile"], user)
		if plain != "" && s.get("pubkeyauthentication") != "no" {
			ways = append(ways, fmt.Sprintf("a plain key of %s (%s)", user.name, plain))
		}
		if authority != "" {
			f.warn("if it is the cell's, remove the line: TrustedUserCAKeys is enough",
				"%s trusts an authority: logins by it are not on record and cannot be ended", authority)
		}
	}
	if len(ways) == 0 {
		f.bad("give one person a plain key or a password, and write down how to reach the console",
			"there is no way into this host without a certificate")
		return
	}
	const remark = " (plain keys too are refused while the list cannot be read: keep a console)"
	f.ok("another way in without a certificate: %s%s", strings.Join(ways[:min(len(ways), 4)], ", "), remark)
}

type user struct{ name, home string }

func usersOf(passwd string) (out []user) {
	data, err := os.ReadFile(passwd)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) == 7 && !strings.HasSuffix(f[6], "/nologin") && !strings.HasSuffix(f[6], "/false") {
			out = append(out, user{f[0], f[5]})
		}
	}
	return out
}

// keysOf returns the first authorized keys file of the user that holds a plain
// key, and the first that trusts an authority.
func keysOf(patterns []string, u user) (plain, authority string) {
	for pattern := range strings.FieldsSeq(strings.Join(patterns, " ")) {
		path := strings.NewReplacer("%h", u.home, "%u", u.name, "%%", "%").Replace(pattern)
		if !filepath.IsAbs(path) {
			path = filepath.Join(u.home, path)
		}
		data, err := os.ReadFile(path)
		for err == nil && len(data) > 0 {
			var options []string
			_, _, options, data, err = ssh.ParseAuthorizedKey(data)
			switch {
			case err != nil:
			case slices.Contains(options, "cert-authority"):
				authority = cmp.Or(authority, path)
			default:
				plain = cmp.Or(plain, path)
			}
		}
	}
	return plain, authority
}
