package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Provider is the identity provider that people may sign in at, to read. Its methods
// may be called concurrently. An error that has a method Refused() string says in
// words why what a browser brought is not taken; every other error is that the
// provider does not answer.
type Provider interface {
	// Issuer is who it is, as the roster spells it; Name is what people call it.
	Issuer() string
	Name() string
	// Answers tells whether it does; it waits for no longer than ctx.
	Answers(ctx context.Context) bool
	// Begin gives where a browser goes, with the secrets of one sign-in.
	Begin(ctx context.Context, state, nonce, verifier string) (string, error)
	// Finish redeems a code for a subject of the issuer. It is asked once for a code.
	Finish(ctx context.Context, code, nonce, verifier string) (subject string, err error)
}

const (
	answersLongest = 700 * time.Millisecond // that the page for signing in waits
	signInsMost    = 8                      // codes redeemed at a time
	signInBody     = 8 << 10
	codeMost       = 4096
)

// signInRate bounds the sign-ins at the provider that one address begins or ends.
// Others of that address have their passkeys all the while.
var signInRate = PerMinute(60)

// ways is how people may sign in, beside their keys.
type ways struct {
	Provider *providerState `json:"provider,omitzero"` // none: keys alone
}

// providerState is the identity provider, as it stands.
type providerState struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Answers bool   `json:"answers"`
}

// ways tells how people may sign in, and whether the provider answers.
func (s *service) ways(c *call) error {
	var out ways
	if s.Provider != nil {
		ctx, cancel := context.WithTimeout(c.r.Context(), answersLongest)
		defer cancel()
		out.Provider = &providerState{Name: s.Provider.Name(), Issuer: s.Provider.Issuer(), Answers: s.Provider.Answers(ctx)}
	}
	return c.json(http.StatusOK, out)
}

// toSignIn is the body of who begins a sign-in at the provider.
type toSignIn struct {
	To string `json:"to,omitempty"` // page of ours to go on to; the first one if not given
}

// goes is where a browser goes to sign in.
type goes struct {
	URL string `json:"url"`
}

// beginSignIn sends a browser to the provider, and binds what comes back to it.
func (s *service) beginSignIn(c *call) error {
	if err := s.providing(c); err != nil {
		return err
	}
	var sent toSignIn
	if err := c.words(&sent); err != nil {
		return err
	}
	b := newBegun(s.Ledger.Now().Add(begunLongest), sent.To)
	address, err := s.Provider.Begin(c.r.Context(), b.secret(s.tokens, "state"), b.secret(s.tokens, "nonce"), b.secret(s.tokens, "verifier"))
	if err != nil {
		return s.providerSilent(err)
	}
	http.SetCookie(c.w, b.cookie(s.tokens))
	return c.json(http.StatusOK, goes{address})
}

// words reads a body that must be an object whose members are all texts: null is none.
func (c *call) words(into any) error {
	var members map[string]jsontext.Value
	if jsontext.Value(bytes.TrimSpace(c.body)).Kind() != '{' {
		return malformed("the body must be an object")
	}
	err := json.Unmarshal(c.body, &members)
	for name, value := range members {
		if value.Kind() != '"' {
			return malformed(name + ": must be a text")
		}
	}
	if err == nil {
		err = json.Unmarshal(c.body, into, json.RejectUnknownMembers(true))
	}
	if err != nil {
		return malformed(decodeFault(err))
	}
	return nil
}

// returned is what a browser brings back from the provider (RFC 6749, section 4.1.2;
// RFC 9207).
type returned struct {
	State  string `json:"state"`
	Code   string `json:"code,omitempty"`
	Issuer string `json:"iss,omitempty"`
	Error  string `json:"error,omitempty"`
}

// signedIn is who signed in.
type signedIn struct {
	Person string     `json:"person"`
	Until  canon.Time `json:"until"`
	To     string     `json:"to"`
}

// finishSignIn opens a session to read for whoever the provider says sits at the
// browser that began the sign-in. It proves nothing that is signed asks for.
func (s *service) finishSignIn(c *call) error {
	if err := s.providing(c); err != nil {
		return err
	}
	var sent returned
	if err := c.words(&sent); err != nil {
		return err
	}
	now := s.Ledger.Now()
	b, p := s.begunHere(c, sent.State, now)
	if p != nil {
		return p
	}
	http.SetCookie(c.w, begunCookieOf("", -1))
	switch {
	case sent.Error != "":
		return problem(http.StatusForbidden, reasonProvider, "not signed in", s.Provider.Name()+" "+ofProvider(sent.Error), hintPasskey)
	case sent.Issuer != "" && sent.Issuer != s.Provider.Issuer():
		return problem(http.StatusForbidden, reasonProvider, "not signed in", "another identity provider than "+s.Provider.Name()+" sent this back", hintPasskey)
	case sent.Code == "" || len(sent.Code) > codeMost:
		return malformed("code: must be there, and no longer than codes are")
	}
	if !s.redeeming.take(Network(c.from).String()) {
		return busy("too many are signing in by the identity provider at once; a passkey needs no turn")
	}
	defer s.redeeming.leave(Network(c.from).String())
	subject, err := s.Provider.Finish(c.r.Context(), sent.Code, b.secret(s.tokens, "nonce"), b.secret(s.tokens, "verifier"))
	var no interface {
		error
		Refused() string
	}
	switch {
	case errors.As(err, &no):
		s.Log.Warn("a sign-in at the identity provider is refused", slog.Any("error", err), slog.String("from", c.from.String()))
		s.attempts.stranger("sign-in", Network(c.from))
		return problem(http.StatusForbidden, reasonProvider, "not signed in", s.Provider.Name()+" is not believed: "+no.Refused(), "begin anew; "+hintPasskey)
	case err != nil:
		return s.providerSilent(err)
	}
	return s.welcome(c, roster.Identity{Issuer: s.Provider.Issuer(), Subject: subject}, b.to)
}

const hintPasskey = "sign in with a passkey, which needs nobody but this server"

// welcome opens the session of an identity, if it is somebody's.
func (s *service) welcome(c *call, as roster.Identity, to string) error {
	person, ok := s.Live.Identified(as)
	if !ok {
		s.attempts.stranger("sign-in", Network(c.from))
		s.Log.Warn("an identity is nobody's", slog.String("issuer", as.Issuer), slog.String("from", c.from.String()))
		return problem(http.StatusForbidden, reasonIdentity, "nobody in this cell",
			"at "+as.Issuer+" you are "+as.Subject+", and nobody in this cell has that identity",
			"somebody of the change quorum adds issuer and subject to you in cell.yaml, under oidc, and proposes the change; until then "+hintPasskey)
	}
	if s.Live.Silenced(person) {
		s.Log.Warn("somebody whose keys are suspended would sign in by the identity provider", slog.String("person", person), slog.String("from", c.from.String()))
		return problem(http.StatusForbidden, reasonIdentity, "not signed in", "every key of "+person+" is suspended, and until one signs again nobody reads as "+person,
			"if all your keys are in your hands, call two of security: they lift it")
	}
	now := s.Ledger.Now()
	of := providedSession{Person: person, Issuer: as.Issuer, Subject: as.Subject, At: now, Until: now.Add(statement.SessionLongest.Duration())}
	rand.Read(of.Session[:])
	if c.from.IsValid() {
		of.From = c.from.String()
	}
	if err := s.provided.add(of, now); err != nil {
		return err
	}
	s.Log.Info("signed in by the identity provider", slog.String("person", person), slog.String("from", of.From))
	opens := session{Token: s.tokens.make(ticket{Person: person, Until: of.Until, Digest: of.Session, Key: of.key()}), Until: of.Until}
	s.intoCookie(c, &opens)
	return c.json(http.StatusOK, signedIn{person, of.Until, to})
}

// providing refuses where there is no provider, where a page of another site asks,
// and where an address asks too often.
func (s *service) providing(c *call) error {
	if s.Provider == nil {
		return notFound("identity provider")
	}
	if p := c.foreign(); p != nil {
		return p
	}
	if !s.signIns.take(Network(c.from)) {
		return tooMany()
	}
	return nil
}

// begunHere is the sign-in that this browser began and that a state belongs to. It
// comes back once.
func (s *service) begunHere(c *call, state string, now canon.Time) (begun, *Problem) {
	no := problem(http.StatusForbidden, reasonBegun, "not begun here",
		"this sign-in was not begun in this browser, was finished before, or took over ten minutes", "begin anew at the page for signing in")
	cookies := c.r.CookiesNamed(begunCookie)
	if len(cookies) != 1 {
		return begun{}, no
	}
	b, ok := readBegun(s.tokens, cookies[0].Value)
	if !ok || !now.Before(b.until) || subtle.ConstantTimeCompare([]byte(state), []byte(b.secret(s.tokens, "state"))) != 1 || !s.onces.take(b, now) {
		return begun{}, no
	}
	return b, nil
}

// providerSilent says that the provider does not answer, and logs how.
func (s *service) providerSilent(err error) *Problem {
	s.Log.Warn("the identity provider does not answer", slog.Any("error", err))
	p := problem(http.StatusServiceUnavailable, reasonSilent, "the identity provider does not answer",
		s.Provider.Name()+" does not answer as it should, and nobody signs in by it for now", hintPasskey+"; nothing in an emergency needs the identity provider")
	p.after = 10
	return p
}

// ofProvider says an error code of RFC 6749 and of OpenID Connect Core 1.0. Others are
// a stranger's words, and nobody is shown those.
func ofProvider(code string) string {
	switch code {
	case "access_denied":
		return "did not let you in, or you went back"
	case "login_required", "interaction_required", "account_selection_required", "consent_required":
		return "wants something of you that it did not ask for; go to its own page first"
	case "temporarily_unavailable", "server_error":
		return "says that it is not well"
	case "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_response_type":
		return "does not know this server as it should: whoever runs both compares client and address"
	}
	return "gave an error that this server has no words for"
}
