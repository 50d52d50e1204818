package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// deviceFile is where this machine keeps the public line of the person's code device.
const deviceFile = "code-device.pub"

// codeSigner signs with codes of the person's app: of the device whose public line is
// in the file that was named, else of the one that was enrolled on this machine.
func (c *call) codeSigner(named string, p client.Profile) (client.Signer, error) {
	file := named
	if file == "" {
		folder, err := stateFolder(p)
		if err != nil {
			return nil, err
		}
		file = filepath.Join(folder, deviceFile)
	}
	line, err := os.ReadFile(file)
	if err != nil {
		return nil, because(exitUsage, err, "cannot find your code device").
			or("halligan enrol --totp makes one; on another machine, name a file with its public line with --key: halligan people --json shows it")
	}
	signer, err := client.CodeSigner(p, string(line), c.askCode)
	if err != nil {
		return nil, because(exitUsage, err, "").or("name the file with the public line of your code device with --key")
	}
	return signer, nil
}

// what a statement of a kind does, for whoever reads a code for it.
var codeFor = map[statement.Kind]string{
	statement.KindSession: "to read", statement.KindRequest: "to sign the request", statement.KindDecision: "to sign the decision",
	statement.KindWithdraw: "to withdraw", statement.KindStop: "to stop it", statement.KindExtend: "to ask for more time",
}

// askCode asks for the six digits at the terminal, or takes the next line of stdin.
func (c *call) askCode(ctx context.Context, kind statement.Kind, refused error) (string, error) {
	if refused != nil {
		c.tell("%s.", refused)
		var no *client.Problem
		if errors.As(refused, &no) && no.Hint != "" {
			c.tell("%s.", no.Hint)
		}
	}
	return c.digits("Code of your app, "+codeFor[kind]+" (the server signs; it is worth its word): ", refused)
}

// digits asks for six digits. Apps show them in two halves, so that spaces are taken
// out here, before anything is asked of anybody.
func (c *call) digits(prompt string, refused error) (string, error) {
	var text string
	var err error
	if c.asks {
		text, err = c.ask(prompt)
	} else if text, err = c.in.ReadString('\n'); errors.Is(err, io.EOF) && strings.TrimSpace(text) != "" {
		err = nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, errNobody) {
		if refused != nil {
			return "", refused
		}
		return "", failf(exitUnsigned, "no code came").or("type the six digits of your app at the prompt, or send them on stdin, a line for each signature")
	}
	if err != nil {
		return "", err
	}
	digits := strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	if len(digits) != 6 || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", failf(exitUsage, "what came is no code of six digits").or("read it off the app; it is never an argument")
	}
	return digits, nil
}

// keepDevice remembers a code device on this machine.
func keepDevice(p client.Profile, line string) error {
	folder, err := stateFolder(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return because(exitInternal, err, "cannot keep the public line of your code device")
	}
	if err := os.WriteFile(filepath.Join(folder, deviceFile), []byte(line+"\n"), 0o600); err != nil {
		return because(exitInternal, err, "cannot keep the public line of your code device")
	}
	return nil
}

// invitationCode reads the code out of the address of an invitation, or the code alone.
func invitationCode(text string) (code canon.Key32, err error) {
	text = strings.TrimSpace(text)
	if _, fragment, found := strings.Cut(text, "#"); found {
		text = fragment
	}
	if err := code.UnmarshalText([]byte(text)); err != nil || code.IsZero() {
		return code, failf(exitUsage, "what came is no address of an invitation").or("paste the whole address that you were given, with what stands behind its #")
	}
	return code, nil
}
