package cli

import (
	"errors"
	"net/http"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ofClient gives an error of the client its exit code and hint.
func ofClient(err error) *failure {
	var no *client.Problem
	var fault *ledger.Fault
	switch {
	case errors.Is(err, client.ErrForked): // before what the server said no with, when it was asked for the proof
		return because(exitUnverified, err, "").or("sign nothing; keep what you have seen, and tell security")
	case errors.As(err, &no):
		return ofProblem(no)
	case errors.Is(err, client.ErrServerKey):
		return because(exitUnverified, err, "").or("compare the server's key with whoever runs it; a new one belongs into server_key of the profile")
	case errors.Is(err, client.ErrReceipt):
		return because(exitUnverified, err, "").or("it may stand in the ledger all the same: halligan status tells; sign nothing more, and tell security")
	case errors.As(err, &fault) && !errors.Is(err, client.ErrUnreachable):
		return because(exitUnverified, err, "").or("sign nothing; keep what you have seen, and tell security")
	case errors.Is(err, client.ErrUnreachable):
		return because(exitUnreachable, err, "").or("see whether the server runs, and whether url in your profile is right; another way in: halligan which")
	case errors.Is(err, client.ErrNoKey):
		return because(exitUsage, err, "").or("name your key with --key, or ssh-add it")
	case errors.Is(err, client.ErrNewEpoch):
		return because(exitUnverified, err, "").or("sign nothing, and ask people of the change quorum whether they began it")
	}
	return because(exitInternal, err, "")
}

// ofProblem gives the server's no its exit code; the hint is the server's.
func ofProblem(no *client.Problem) *failure {
	f := &failure{code: exitInternal, text: no.Error() + " (" + no.Reason + ")", hint: no.Hint, reason: no.Reason}
	switch {
	case no.Reason == "malformed-query", no.Reason == "ambiguous":
		f.code = exitUsage
		f.suggest("halligan status --all lists requests, halligan change show changes that wait")
	case no.Status == http.StatusServiceUnavailable, no.Status == http.StatusTooManyRequests, no.Status == http.StatusBadGateway, no.Status == http.StatusGatewayTimeout:
		f.code = exitUnreachable
	case no.Status == http.StatusNotFound:
		f.code = exitNotFound
		f.suggest("halligan status --all lists requests, halligan change show changes that wait")
	case no.Status >= 400 && no.Status < 500:
		f.code = exitRefused
	}
	return f
}

// suggest adds what to do where the server said nothing.
func (f *failure) suggest(hint string) {
	if f.hint == "" {
		f.hint = hint
	}
}

// hinting gives the server's no for a reason another hint, of what the command
// itself can say better.
func hinting(err error, reason, format string, args ...any) error {
	if !refusedFor(err, reason) {
		return err
	}
	better := *classify(err)
	return better.or(format, args...)
}

// refusedFor tells whether an error is the server's no for a reason.
func refusedFor(err error, reason string) bool {
	var no *client.Problem
	return errors.As(err, &no) && no.Reason == reason
}
