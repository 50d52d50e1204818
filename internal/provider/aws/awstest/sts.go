package awstest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// said is what a web identity token says.
type said struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	Issued    int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	ID        string `json:"jti"`
	Source    string `json:"https://aws.amazon.com/source_identity"`
	Tags      struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
}

// webIdentity is AssumeRoleWithWebIdentity.
func (c *request) webIdentity(w http.ResponseWriter) {
	form := c.form()
	token, no := c.d.verify(form.Get("WebIdentityToken"))
	if no != fine {
		c.fail(w, no)
		return
	}
	role, known := c.d.roles[form.Get("RoleArn")]
	tags := map[string]string{}
	for key, values := range token.Tags.Principal {
		if len(values) != 1 {
			c.fail(w, invalidToken)
			return
		}
		tags[key] = values[0]
	}
	switch {
	case !known, token.Audience != role.Audience, !slices.Contains(role.Subjects, token.Subject), !strings.HasPrefix(token.Source, role.Sources),
		len(role.Strengths) > 0 && !slices.Contains(role.Strengths, tags["halligan-strength"]):
		c.fail(w, accessDenied)
		return
	}
	c.begin(w, Session{Role: role.ARN, Name: form.Get("RoleSessionName"), Source: token.Source, Tags: tags, Policy: form.Get("Policy"), Issuer: token.Issuer})
}

// assumeRole is AssumeRole by a user's keys.
func (c *request) assumeRole(w http.ResponseWriter) {
	form := c.form()
	if _, no := c.d.signer(c); no != fine {
		c.fail(w, no)
		return
	}
	role, known := c.d.roles[form.Get("RoleArn")]
	if !known || role.ExternalID == "" || form.Get("ExternalId") != role.ExternalID || !strings.HasPrefix(form.Get("SourceIdentity"), role.Sources) {
		c.fail(w, accessDenied)
		return
	}
	tags := tagsOf(form)
	if len(role.Strengths) > 0 && !slices.Contains(role.Strengths, tags["halligan-strength"]) {
		c.fail(w, accessDenied)
		return
	}
	c.begin(w, Session{Role: role.ARN, Name: form.Get("RoleSessionName"), Source: form.Get("SourceIdentity"), Tags: tags, Policy: form.Get("Policy")})
}

// tasks are the policies that AssumeRoot takes.
var tasks = []string{"IAMAuditRootUserCredentials", "IAMCreateRootUserPassword", "IAMDeleteRootUserCredentials", "S3UnlockBucketPolicy", "SQSUnlockQueuePolicy"}

// assumeRoot is AssumeRoot by a role's session, in a region.
func (c *request) assumeRoot(w http.ResponseWriter) {
	form := c.form()
	s, no := c.d.signer(c)
	if no != fine {
		c.fail(w, no)
		return
	}
	member, task := form.Get("TargetPrincipal"), form.Get("TaskPolicyArn.arn")
	named, policy := strings.CutPrefix(task, "arn:aws:iam::aws:policy/root-task/")
	lasts, err := strconv.Atoi(form.Get("DurationSeconds"))
	switch {
	case err != nil, lasts < 0, lasts > 900, !policy, !slices.Contains(tasks, named):
		c.fail(w, refusal{http.StatusBadRequest, "ValidationError"})
		return
	case s == nil, !slices.Contains(c.d.members, member), !c.may(s, "sts:AssumeRoot", "arn:aws:iam::"+member+":root", facts{"sts:taskpolicyarn": task}):
		c.fail(w, accessDenied)
		return
	}
	d := c.d
	root := Session{Root: member, Task: named, Name: s.Name, Source: s.Source, Begun: d.now(), Until: d.now().Add(time.Duration(lasts) * time.Second), Timed: true}
	root.Key, root.Secret, root.Token = d.keys()
	kept, answered := root, root
	d.sessions[root.Key] = &kept
	if d.lie != nil {
		d.lie(&answered)
	}
	c.result(w, credentials(answered)+"<SourceIdentity>"+quoted(answered.Source)+"</SourceIdentity>")
}

// keys are those of a new session: two doubles give none alike.
func (d *Double) keys() (key, secret, token string) {
	key = d.next("ASIA")
	_, mine, _ := strings.Cut(d.server.Listener.Addr().String(), ":")
	return key, "secret-of-" + key + "-" + mine, "session-token-of-" + key + "-" + mine
}

// credentials are a session's in an answer.
func credentials(s Session) string {
	return fmt.Sprintf(`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>`,
		s.Key, s.Secret, s.Token, s.Until.UTC().Format(time.RFC3339))
}

func tagsOf(form url.Values) map[string]string {
	tags := map[string]string{}
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		tags[form.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	return tags
}

// begin begins a session and answers with it.
func (c *request) begin(w http.ResponseWriter, s Session) {
	d, lasts := c.d, time.Hour
	if text := c.form().Get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			c.fail(w, refusal{http.StatusBadRequest, "ValidationError"})
			return
		}
		lasts, s.Timed = time.Duration(n)*time.Second, true
	}
	if len(s.Policy) > 2048 || len(s.Name) < 2 || len(s.Name) > 64 {
		c.fail(w, refusal{http.StatusBadRequest, "ValidationError"})
		return
	}
	if _, err := readPolicy(s.Policy); s.Policy != "" && err != nil {
		c.fail(w, refusal{http.StatusBadRequest, "MalformedPolicyDocument"})
		return
	}
	s.Begun = d.now()
	s.Until = s.Begun.Add(lasts)
	s.Key, s.Secret, s.Token = d.keys()
	kept, answered := s, s
	d.sessions[s.Key] = &kept
	if d.lie != nil {
		d.lie(&answered)
	}
	c.result(w, credentials(answered)+fmt.Sprintf(`<AssumedRoleUser><Arn>%s</Arn><AssumedRoleId>AROA:%s</AssumedRoleId></AssumedRoleUser><SourceIdentity>%s</SourceIdentity>`,
		quoted(assumed(answered)), quoted(answered.Name), quoted(answered.Source)))
}

// assumed is the ARN of a session.
func assumed(s Session) string {
	arn := strings.Replace(s.Role, ":iam:", ":sts:", 1)
	return strings.Replace(arn, ":role/", ":assumed-role/", 1) + "/" + s.Name
}

// verify reads a web identity token: RS256, by a key that its issuer shows now, and
// not over.
func (d *Double) verify(token string) (said, refusal) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return said{}, invalidToken
	}
	var header struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
		Type      string `json:"typ"`
	}
	var claims said
	value, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !unpack(parts[0], &header) || !unpack(parts[1], &claims) || header.Algorithm != "RS256" {
		return said{}, invalidToken
	}
	keys, known := d.issuers[claims.Issuer]
	if !known {
		return said{}, invalidToken
	}
	set, err := keys()
	if err != nil {
		return said{}, refusal{http.StatusBadRequest, "IDPCommunicationError"}
	}
	key, ok := keyOf(set, header.Key)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ok || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], value) != nil {
		return said{}, invalidToken
	}
	switch now := d.now().Unix(); {
	case claims.Expires <= now:
		return said{}, refusal{http.StatusBadRequest, "ExpiredTokenException"}
	case claims.NotBefore > now+300 || claims.ID == "" || claims.Expires-claims.Issued > 60:
		return said{}, invalidToken
	}
	return claims, fine
}

func unpack(part string, v any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, v) == nil
}

// keyOf finds a key in a JWK set.
func keyOf(set []byte, id string) (*rsa.PublicKey, bool) {
	var keys struct {
		Keys []struct {
			Type     string `json:"kty"`
			ID       string `json:"kid"`
			Modulus  string `json:"n"`
			Exponent string `json:"e"`
		} `json:"keys"`
	}
	if json.Unmarshal(set, &keys) != nil {
		return nil, false
	}
	for _, k := range keys.Keys {
		n, wrong := base64.RawURLEncoding.DecodeString(k.Modulus)
		e, alsoWrong := base64.RawURLEncoding.DecodeString(k.Exponent)
		if k.ID == id && k.Type == "RSA" && wrong == nil && alsoWrong == nil {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, true
		}
	}
	return nil, false
}
