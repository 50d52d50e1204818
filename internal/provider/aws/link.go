package aws

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// linkLives is how long a sign-in link may be used, by AWS.
const linkLives = 15 * time.Minute

const signInMost = 8 << 10

var signInShape = regexp.MustCompile(`^[A-Za-z0-9_+/=.~-]+$`)

// link has the federation endpoint make a sign-in token of a session, and gives the
// link that uses it. It names no duration: a session that a role began must not.
// The keys are in the URL that is asked, so no error of the client is passed on.
func (a *AWS) link(ctx context.Context, s access.Session, k keys) (string, error) {
	r, err := a.roleOf(s.RoleARN)
	if err != nil {
		return "", err
	}
	session := canon.MustEncode(map[string]string{"sessionId": k.id, "sessionKey": k.secret, "sessionToken": k.token})
	defer clear(session)
	// The region that gave the keys answered a moment ago.
	regions := append([]string{k.region}, s.Regions...)
	var token string
	var from place
	err = a.inTurn(ctx, regions, func(ctx context.Context, region string) error {
		from = a.at("signin", r, region)
		token, err = a.signIn(ctx, from.url+"/federation?"+url.Values{"Action": {"getSigninToken"}, "Session": {string(session)}}.Encode())
		return err
	})
	if err != nil {
		return "", err
	}
	return from.url + "/federation?" + url.Values{
		"Action": {"login"}, "Issuer": {a.Cell().Issuers[0]}, "SigninToken": {token},
		"Destination": {"https://" + suffixes[r.partition].console + "/"},
	}.Encode(), nil
}

// signIn asks for a sign-in token, once.
func (a *AWS) signIn(ctx context.Context, address string) (string, error) {
	const tried = "make a sign-in link"
	ctx, cancel := context.WithTimeout(ctx, readLongest)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", silent(tried)
	}
	answer, err := a.client.Do(ask)
	if err != nil {
		return "", silent(tried)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		return "", said(tried, "Throttling")
	case answer.StatusCode >= http.StatusInternalServerError:
		return "", silent(tried)
	case answer.StatusCode != http.StatusOK:
		return "", &fault{tried: tried, said: http.StatusText(answer.StatusCode), kind: provider.ErrRefused}
	}
	var got struct {
		SigninToken string
	}
	if json.UnmarshalRead(answer.Body, &got) != nil || len(got.SigninToken) > signInMost || !signInShape.MatchString(got.SigninToken) {
		return "", silent(tried)
	}
	return got.SigninToken, nil
}
