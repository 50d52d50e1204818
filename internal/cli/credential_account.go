package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
)

// accountFlags are of AWS accounts alone.
type accountFlags struct {
	AWSProcess bool   `name:"aws-process" help:"Of an AWS account: print the keys as a credential_process does." xor:"where"`
	Keep       bool   `help:"With --aws-process: keep the session, sealed to the request's key, beside that key until half of it is over, and print it again meanwhile."`
	Env        bool   `help:"Of an AWS account: print lines that a shell reads, with the keys." xor:"where"`
	AWSProfile string `name:"aws-profile" help:"Of an AWS account: print a profile of this name for ~/.aws/config, which fetches by itself; with --output add it to that file. It holds no key." placeholder:"NAME"`
}

// given names the flags of these that were given.
func (f accountFlags) given() (flags []string) {
	for _, flag := range []struct {
		name string
		is   bool
	}{{"--aws-process", f.AWSProcess}, {"--env", f.Env}, {"--aws-profile", f.AWSProfile != ""}} {
		if flag.is {
			flags = append(flags, flag.name)
		}
	}
	return flags
}

// check refuses flags that do not go together.
func (cmd credentialCommand) check() error {
	switch {
	case cmd.Keep && !cmd.AWSProcess:
		return failf(exitUsage, "--keep goes with --aws-process alone")
	case cmd.AWSProfile != "" && (cmd.AWSProcess || cmd.Env || cmd.Print):
		return failf(exitUsage, "--aws-profile fetches nothing: leave the other flag out").or("the profile that it prints fetches by itself")
	}
	return nil
}

// lend gives the session of an account to whoever asked for it, in the form that
// was asked for, and nowhere else.
func (cmd credentialCommand) lend(m *member, h *holder, target lender) error {
	c := m.c
	switch {
	case cmd.AWSProfile != "" && target.Root:
		return failf(exitUsage, "a profile fetches by itself, and a session of a root user cannot be taken back").or("halligan exec %s %s -- COMMAND, or --env: one session for each time that you ask", h.id.Short(), target.Name)
	case cmd.AWSProfile != "":
		return cmd.writeProfile(m, h, target)
	case cmd.Print:
		return failf(exitUsage, "%s is an AWS account, which gives no certificate", target.Name).or("use --aws-process, --env, or halligan exec")
	case !cmd.AWSProcess && !cmd.Env && cmd.Output == "" && !c.flags.JSON:
		return failf(exitUsage, "say where the keys of %s are to go: --aws-process, --env, --output FILE or --json", target.Name).
			or("halligan exec %s %s -- COMMAND gives them to one command, and renews them", h.id.Short(), target.Name)
	}
	l, err := m.lent(h, target, cmd.Keep)
	if err != nil {
		return err
	}
	if text := l.uncosigned(); text != "" {
		c.tell("%s", text)
	}
	session := l.process()
	switch {
	case cmd.AWSProcess:
		return c.jsonLine(session)
	case cmd.Env:
		c.tell("They are good until %s, and not renewed.", clockText(l.ends))
		c.print(l.exports())
		return nil
	case cmd.Output != "":
		data, err := json.Marshal(session, json.Deterministic(true))
		if err != nil {
			return because(exitInternal, err, "cannot write the session")
		}
		if err := writeNew(cmd.Output, append(data, '\n')); err != nil {
			return err
		}
		out := l.answer()
		out.File = cmd.Output
		return c.answer(out, func() {
			c.say("A session of %s, serial %s, is in %s until %s.", target.Name, l.serial, cmd.Output, clockText(l.ends))
		})
	}
	out := l.answer()
	out.Session = &session
	return c.json(out)
}

// lent borrows; with keep, what was borrowed and sealed before is used again while
// more than half of it is left. It lies there as it came, so that the request's key
// is needed to read it, which lies beside it and could fetch another.
func (m *member) lent(h *holder, target lender, keep bool) (*loan, error) {
	if !keep {
		return m.borrow(h, target, false)
	}
	file := m.loanFile(h, target)
	if data, err := os.ReadFile(file); err == nil {
		sealed := new(client.Credential)
		if json.Unmarshal(data, sealed) == nil {
			l, err := m.opened(h, target, sealed)
			if err == nil && l.left(m.c.now()) > l.ends.Sub(l.after)/2 {
				return l, nil
			}
		}
		_ = os.Remove(file) // over, or nothing that can be read: another takes its place
	}
	l, err := m.borrow(h, target, false)
	if err != nil {
		return nil, err
	}
	data, err := canon.Encode(l.sealed)
	if err == nil {
		err = writeAnew(file, data)
	}
	if err != nil {
		m.c.tell("halligan: the session could not be kept for the next call: %v", err)
	}
	return l, nil
}

// loanFile is where a sealed session is kept.
func (m *member) loanFile(h *holder, target lender) string {
	return filepath.Join(m.way.client.Folder(), "holders", h.id.String()+"-"+target.Name+".sealed")
}

// writeAnew puts a private file in the place of another, whole or not at all.
func writeAnew(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".sealed-*") // readable for its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// profileName is a name that no program takes for anything else.
var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// writeProfile prints a profile that fetches by itself, or adds it to a file. It
// speaks to no account, and holds no secret.
func (cmd credentialCommand) writeProfile(m *member, h *holder, target lender) error {
	if !profileName.MatchString(cmd.AWSProfile) {
		return failf(exitUsage, "%q cannot be the name of a profile", cmd.AWSProfile).or("use letters, digits, dot, underscore and hyphen")
	}
	command, err := cmd.processLine(m, h, target)
	if err != nil {
		return err
	}
	known, err := m.founding()
	if err != nil {
		return err
	}
	s := new(sheet)
	s.say("[profile %s]", cmd.AWSProfile)
	if region := regionOf(known, target); region != "" {
		s.say("region = %s", region)
	}
	s.say("credential_process = %s", command)
	out := struct {
		Profile string `json:"profile"`
		Text    string `json:"text"`
		File    string `json:"file,omitempty"`
	}{cmd.AWSProfile, s.String(), cmd.Output}
	if cmd.Output == "" {
		return m.c.answer(out, func() { m.c.print(s.String()) })
	}
	if err := addProfile(cmd.Output, cmd.AWSProfile, s.String()); err != nil {
		return err
	}
	return m.c.answer(out, func() {
		m.c.say("Profile %s is in %s. It works while the grant lives: aws --profile %s …", cmd.AWSProfile, cmd.Output, cmd.AWSProfile)
	})
}

// processLine is the command that a profile runs. Programs part it in ways of
// their own, so that no word of it may need more than double quotes.
func (cmd credentialCommand) processLine(m *member, h *holder, target lender) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", because(exitInternal, err, "cannot tell where this program lies")
	}
	words := []string{self, "credential", h.id.String(), target.Name, "--aws-process", "--keep"}
	for _, named := range []variable{{"--profile", cmd.Profile}, {"--key", cmd.Key}} {
		path := named.value
		if path == "" {
			continue
		}
		if !strings.HasPrefix(path, "SHA256:") {
			if path, err = filepath.Abs(path); err != nil {
				return "", because(exitUsage, err, "cannot name %s", named.value)
			}
		}
		words = append(words, named.name, path)
	}
	for i, word := range words {
		switch {
		case strings.ContainsAny(word, "\"'\\$`%\n\r"):
			return "", failf(exitUsage, "%q cannot stand in a profile: programs read it in different ways", word).or("move it to a path of letters, digits and hyphens")
		case strings.ContainsAny(word, " \t#;&|<>()*?[]{}~!"):
			words[i] = `"` + word + `"`
		}
	}
	return strings.Join(words, " "), nil
}

// addProfile adds a profile to a file, which may be there; another of the same name
// is left alone.
func addProfile(path, name, text string) error {
	before, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return because(exitUsage, err, "cannot read %s", path)
	}
	if strings.Contains(string(before), text) {
		return nil
	}
	for line := range strings.Lines(string(before)) {
		if strings.Join(strings.Fields(line), " ") == "[profile "+name+"]" {
			return failf(exitUsage, "%s has another profile %s already", path, name).or("take it out, or choose another name")
		}
	}
	if len(before) > 0 {
		text = "\n" + text
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return because(exitUsage, err, "cannot write %s", path)
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return because(exitInternal, err, "cannot write %s", path)
	}
	return nil
}
