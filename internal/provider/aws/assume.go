package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// keys are what STS gave. They print as nothing.
type keys struct {
	id, secret, token string
	until             canon.Time
	region            string // whose STS gave them
}

// String hides them.
func (keys) String() string { return "(keys of a session)" }

// GoString hides them.
func (k keys) GoString() string { return k.String() }

// Retrieve gives them to a client of the SDK.
func (k keys) Retrieve(context.Context) (sdk.Credentials, error) {
	return sdk.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret, SessionToken: k.token}, nil
}

// begun is when a session that lives so long began, by the clock of STS, to the second.
func (k keys) begun(lives canon.Seconds) canon.Time { return k.until.Add(-lives.Duration()) }

// assume begins a session of a role. Whether the call had its effect although it
// failed does not matter: the session is over by itself, and nobody has its keys.
func (a *AWS) assume(ctx context.Context, s access.Session) (keys, error) {
	r, err := a.roleOf(s.RoleARN)
	if err != nil {
		return keys{}, err
	}
	if err := checkRegions(s.Regions); err != nil {
		return keys{}, err
	}
	if !sessionShape.MatchString(s.Name) {
		return keys{}, fmt.Errorf("%q is not a session's name: %w", s.Name, provider.ErrRefused)
	}
	var got keys
	err = a.inTurn(ctx, s.Regions, func(ctx context.Context, region string) (err error) {
		if s.Door == access.DoorExternalID {
			got, err = a.byExternalID(ctx, s, r, region)
		} else {
			got, err = a.byIssuers(ctx, s, r, region)
		}
		return err
	})
	if err != nil {
		return keys{}, err // never keys together with an error
	}
	return got, nil
}

// byIssuers offers one region's STS the token of each issuer, until it can use one.
func (a *AWS) byIssuers(ctx context.Context, s access.Session, r role, region string) (keys, error) {
	err := error(&fault{tried: "assume " + r.arn(), said: "nothing: the cell names no issuer", kind: provider.ErrRefused})
	for _, url := range a.Cell().Issuers {
		s.Issuer = url
		token, wrong := a.sign(claimsOf(s))
		if wrong != nil {
			return keys{}, wrong
		}
		var got keys
		if got, err = a.byToken(ctx, s, token, region); err == nil || classOf(err) != issuer {
			return got, err
		}
	}
	return keys{}, err
}

// byToken is AssumeRoleWithWebIdentity, once.
func (a *AWS) byToken(ctx context.Context, s access.Session, token, region string) (keys, error) {
	ctx, cancel := context.WithTimeout(ctx, stsLongest)
	defer cancel()
	r, err := a.roleOf(s.RoleARN)
	if err != nil {
		return keys{}, err
	}
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &s.RoleARN, RoleSessionName: &s.Name, Policy: &s.Policy, WebIdentityToken: &token, DurationSeconds: seconds(s.Duration),
	}
	out, err := a.sts(r, region, sdk.AnonymousCredentials{}).AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return keys{}, judge(ctx, "assume "+r.arn()+" in "+region, err)
	}
	return a.accept(s, r, answer{out.Credentials, out.AssumedRoleUser, out.SourceIdentity, region})
}

// byExternalID is AssumeRole by the server's own credentials, once. Where those are of a
// role STS calls it chaining and gives an hour at most: we ask for a quarter, or, for a
// console, for nothing, which is an hour.
func (a *AWS) byExternalID(ctx context.Context, s access.Session, r role, region string) (keys, error) {
	ctx, cancel := context.WithTimeout(ctx, stsLongest)
	defer cancel()
	if _, err := a.Base.Retrieve(ctx); err != nil {
		return keys{}, &fault{tried: "assume " + r.arn() + " with the server's own credentials", said: "nothing, for there are none that can be used", kind: provider.ErrUnreachable}
	}
	in := &sts.AssumeRoleInput{
		RoleArn: &s.RoleARN, RoleSessionName: &s.Name, Policy: &s.Policy, DurationSeconds: seconds(s.Duration),
		ExternalId: &s.Subject, SourceIdentity: &s.SourceIdentity,
	}
	for _, tag := range s.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: &tag.Key, Value: &tag.Value})
		in.TransitiveTagKeys = append(in.TransitiveTagKeys, tag.Key)
	}
	out, err := a.sts(r, region, a.Base).AssumeRole(ctx, in)
	if err != nil {
		return keys{}, judge(ctx, "assume "+r.arn()+" by an external id in "+region, err)
	}
	return a.accept(s, r, answer{out.Credentials, out.AssumedRoleUser, out.SourceIdentity, region})
}

func (a *AWS) sts(r role, region string, by sdk.CredentialsProvider) *sts.Client {
	at := a.at("sts", r, region)
	return sts.New(sts.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: a.client, Credentials: by, Retryer: noRetry})
}

func seconds(d canon.Seconds) *int32 {
	if d == 0 {
		return nil
	}
	n := int32(d)
	return &n
}

// answer is what STS answers to both calls.
type answer struct {
	credentials *types.Credentials
	user        *types.AssumedRoleUser
	source      *string
	region      string
}

// accept takes an answer only if it is the session that was asked for: of this role
// in this account, under this name and source identity, over when it should be.
func (a *AWS) accept(s access.Session, r role, got answer) (keys, error) {
	wrong := func(what string) (keys, error) {
		return keys{}, &fault{tried: "use what STS gave for " + r.arn(), said: "something else than was asked: " + what, kind: provider.ErrRefused}
	}
	k, whole := keysOf(got.credentials, got.region)
	if !whole {
		return keys{}, silent("assume " + r.arn() + " in " + got.region)
	}
	longest := s.Duration.Duration()
	if longest == 0 {
		longest = access.ConsoleLives.Duration()
	}
	switch until, now := k.until, a.Now(); {
	case got.user == nil || sdk.ToString(got.user.Arn) != r.session(s.Name):
		return wrong("another role, account or session name")
	case got.source != nil && *got.source != s.SourceIdentity:
		return wrong("another source identity")
	case until.After(now.Add(longest + time.Minute)):
		return wrong("a longer session")
	case !until.After(now):
		return wrong("a session that is over; compare this server's clock")
	}
	return k, nil
}

// keysOf are the keys in an answer of a region's STS, if it has them all.
func keysOf(c *types.Credentials, region string) (keys, bool) {
	if c == nil || c.Expiration == nil {
		return keys{}, false
	}
	k := keys{sdk.ToString(c.AccessKeyId), sdk.ToString(c.SecretAccessKey), sdk.ToString(c.SessionToken), canon.At(*c.Expiration), region}
	return k, k.id != "" && k.secret != "" && k.token != ""
}

// inTurn tries a call in one region after the other, and again after a pause where
// all were busy or silent. What AWS refused is not tried elsewhere.
func (a *AWS) inTurn(ctx context.Context, regions []string, once func(ctx context.Context, region string) error) error {
	var last error
	for round := range roundsMost {
		for _, region := range regions {
			err := once(ctx, region)
			if err == nil || classOf(err) == final {
				return err
			}
			if last = err; ctx.Err() != nil {
				return last
			}
		}
		if round == roundsMost-1 || classOf(last) == issuer {
			break
		}
		pause := pauseFirst << round
		if a.Wait(ctx, pause/2+rand.N(pause)) != nil {
			break
		}
	}
	return last
}

// errOver says that a fetch came too late for its token.
var errOver = errors.New("cannot ask AWS: what was authorised for this fetch is over; fetch anew")
