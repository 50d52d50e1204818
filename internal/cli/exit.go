package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/config"
)

// The exit codes of every command.
const (
	exitGood        = 0
	exitInternal    = 1
	exitUsage       = 2
	exitRefused     = 3
	exitNotFound    = 4
	exitUnreachable = 5
	exitUnverified  = 6
	exitNoGrant     = 7
	exitEnded       = 8
	exitUnsigned    = 9
	exitDiffers     = 10
	exitAmber       = 11
	exitRed         = 12
	exitInterrupted = 130
)

// exitMeaning is a line of the table of exit codes.
type exitMeaning struct {
	code  int
	means string
}

// exits is the table of exit codes: scripts rely on it.
var exits = []exitMeaning{
	{exitGood, "done"},
	{exitInternal, "something went wrong inside the program or the server"},
	{exitUsage, "the command line, or a file or key that it names, cannot be used"},
	{exitRefused, "a rule said no; the reason is printed, and recorded in the ledger"},
	{exitNotFound, "there is no such request, change, scenario, target or person, or its keys are on another machine"},
	{exitUnreachable, "the server could not be reached, or what became of the statement is not known"},
	{exitUnverified, "evidence does not verify, or was checked without an anchor; or the server's ledger does not go on from what this machine has seen, or lacks what a receipt proves"},
	{exitNoGrant, "waiting ended without a grant: denied, withdrawn, lapsed or void"},
	{exitEnded, "the grant ended while the command of exec was running, which was ended too"},
	{exitUnsigned, "you said no, or nobody could be asked; nothing was signed"},
	{exitDiffers, "what was compared differs: what is deployed from the blueprint, or a print of a procedure from the one in force"},
	{exitAmber, "ready found nothing red, and something amber or that nobody could look at"},
	{exitRed, "ready found something with which an emergency could not be had, or not be ended"},
	{exitInterrupted, "interrupted from the keyboard"},
}

// Every message on stderr is `error: …`, and where there is something to do
// about it `hint: …` on a line of its own: lower case, no full stop at the end.
// With --json it is one line, the last, that is a JSON object of the same.
// The error says what cannot be done and why, the hint names a command, a flag
// or a person's next step. Neither holds a secret.

// failure is an error as a person reads it, with its exit code.
type failure struct {
	code   int
	text   string
	hint   string
	reason string // of the server's no, for machines
	err    error  // underneath, nil if none
}

// Error is the one line that is printed after "error: ".
func (f *failure) Error() string {
	if f.err != nil && f.text == "" {
		return f.err.Error()
	}
	if f.err != nil {
		return f.text + ": " + f.err.Error()
	}
	return f.text
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.err }

// failf makes a failure without a hint.
func failf(code int, format string, args ...any) *failure {
	err := fmt.Errorf(format, args...)
	return &failure{code: code, text: err.Error()}
}

// because makes a failure of an error: "cannot read the anchor: …".
func because(code int, err error, format string, args ...any) *failure {
	return &failure{code: code, text: fmt.Sprintf(format, args...), err: err}
}

// or adds what to do about it.
func (f *failure) or(format string, args ...any) *failure {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// exited is the exit code of a child that exec ran; nothing is printed for it.
type exited int

// Error is for whoever forgets to ask what it is.
func (e exited) Error() string { return fmt.Sprintf("the command ended with code %d", int(e)) }

// conclude prints what is to be said of an error and gives the exit code.
func (c *call) conclude(err error) int {
	if err == nil {
		return exitGood
	}
	var child exited
	if errors.As(err, &child) {
		return int(child)
	}
	f := classify(err)
	said := spoken{config.Masked(f.Error()), config.Masked(f.hint), f.reason, f.code}
	if c.flags.JSON {
		return c.concludeJSON(said)
	}
	fmt.Fprintf(c.err, "error: %s\n", said.Error)
	if said.Hint != "" {
		fmt.Fprintf(c.err, "hint: %s\n", said.Hint)
	}
	return f.code
}

// spoken is what is said of a failure, without any secret that somebody typed where
// none belongs.
type spoken struct {
	Error  string `json:"error"`
	Hint   string `json:"hint,omitempty"`
	Reason string `json:"reason,omitempty"`
	Code   int    `json:"code"`
}

// concludeJSON prints a failure for programs. Stdout holds answers alone.
func (c *call) concludeJSON(of spoken) int {
	data, err := json.Marshal(of, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		_, _ = io.WriteString(c.rawErr, shownJSON(data)+"\n")
	}
	return of.Code
}

// classify gives any error its exit code and hint.
func classify(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return failf(exitInterrupted, "interrupted")
	}
	return ofClient(err)
}
