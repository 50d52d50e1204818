package cli

import (
	"errors"
	"net/http"

	"github.com/halligan-dev/halligan/client"
)

// ofClient gives an error of the client its exit code and hint.
func ofClient(err error) *failure {
	var no *client.Problem
	var fork *client.Fork
	switch {
	case errors.As(err, &no):
		return ofProblem(no, err)
	case errors.As(err, &fork):
		return because(exitUnverified, err, "").or("sign nothing; keep both checkpoints, and show them to security")
	case errors.Is(err, client.ErrServerKey):
		return because(exitUnverified, err, "").or("compare the server's key with whoever runs it, and mend server_key in the profile")
	case errors.Is(err, client.ErrUnknown):
		return because(exitUnreachable, err, "").or("repeat the command with the same words only after halligan status shows that it was not taken")
	}
	return because(exitInternal, err, "")
}

// ofProblem gives the server's no its exit code; its hint is the server's.
func ofProblem(no *client.Problem, err error) *failure {
	f := because(exitInternal, err, "")
	f.hint = no.Hint
	switch {
	case no.Reason == client.ReasonUnknown || no.Temporary():
		f.code = exitUnreachable
	case no.Status == http.StatusNotFound:
		f.code = exitNotFound
	case no.Status >= 400 && no.Status < 500:
		f.code = exitRefused
	}
	if f.code == exitRefused || f.code == exitNotFound {
		f.text, f.err = no.Error()+" ("+no.Reason+")", nil
	}
	return f
}

// refusedFor tells whether an error is the server's no for a reason.
func refusedFor(err error, reason string) bool {
	var no *client.Problem
	return errors.As(err, &no) && no.Reason == reason
}
