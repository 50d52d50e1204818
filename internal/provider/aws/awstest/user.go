package awstest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Number is the account that IAM users and secrets of the double are of.
const Number = "123456789012"

// Keys of users are Active, Inactive or Gone.
const (
	Active   = "Active"
	Inactive = "Inactive"
	Gone     = "Gone"
)

// UserKey is an access key of an IAM user.
type UserKey struct {
	User, ID, Secret, Status string
	Created, Used            time.Time

	before   string // as what it is still taken for a while
	stale    int    // calls
	unlisted int    // lists that leave it out
}

// profile is a user's console password.
type profile struct {
	password string
	set      time.Time
}

// iamUsers are the users of the account.
type iamUsers struct {
	keys     map[string][]*UserKey // by user
	profiles map[string]*profile   // by user; nil: no console password
	policy   string                // the account's password policy, as XML; empty: none
	lag      int
	report   string
	reported time.Time
}

// AddIAMUser makes an IAM user without keys and password.
func (d *Double) AddIAMUser(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.iam.keys[name] = nil
}

// AddUserKey makes an access key of an IAM user by another hand.
func (d *Double) AddUserKey(user string, created time.Time) UserKey {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.newKey(user)
	k.Created, k.stale, k.unlisted = created, 0, 0
	return *k
}

// SetUserKeys has an IAM user have these keys and no other; those that it had before
// are gone.
func (d *Double) SetUserKeys(user string, keys []UserKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.iam.keys[user] {
		k.Status = Gone
	}
	for _, made := range keys {
		if k := d.userKey(made.ID); k != nil {
			k.Status = made.Status
			continue
		}
		d.iam.keys[user] = append(d.iam.keys[user], &made)
	}
}

// UserKeys lists the keys of an IAM user, without those that are gone.
func (d *Double) UserKeys(user string) (keys []UserKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range d.iam.keys[user] {
		if k.Status != Gone {
			keys = append(keys, *k)
		}
	}
	return keys
}

// Password is an IAM user's console password; empty if there is none.
func (d *Double) Password(user string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.iam.profiles[user]; p != nil {
		return p.password
	}
	return ""
}

// SetPassword sets it by another hand, at an instant.
func (d *Double) SetPassword(user, password string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.iam.profiles[user] = &profile{password, at}
}

// PasswordPolicy is what the account demands of passwords, as members of IAM's
// answer.
func (d *Double) PasswordPolicy(members string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.iam.policy = members
}

// Lag has each change of a key be seen by STS, and each new key by lists, only after
// so many calls.
func (d *Double) Lag(calls int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.iam.lag = calls
}

func (d *Double) newKey(user string) *UserKey {
	_, mine, _ := strings.Cut(d.server.Listener.Addr().String(), ":")
	k := &UserKey{User: user, ID: d.next("AKIATEST"), Status: Active, Created: d.now(), before: Gone, stale: d.iam.lag, unlisted: d.iam.lag}
	k.Secret = "secret/of+" + k.ID + mine
	d.iam.keys[user] = append(d.iam.keys[user], k)
	return k
}

func (d *Double) userKey(id string) *UserKey {
	for _, keys := range d.iam.keys {
		for _, k := range keys {
			if k.ID == id {
				return k
			}
		}
	}
	return nil
}

// taken is as what a key is taken now.
func (k *UserKey) taken() string {
	if k.stale > 0 {
		k.stale--
		return k.before
	}
	return k.Status
}

func (d *Double) change(k *UserKey, status string) {
	if k.Status != status {
		k.before, k.stale, k.Status = k.Status, d.iam.lag, status
	}
}

// callerIdentity says whose keys signed.
func (c *request) callerIdentity(w http.ResponseWriter) {
	s, no := c.d.signer(c)
	if no != fine {
		c.fail(w, no)
		return
	}
	arn := "arn:aws:iam::" + Number + ":user/operator"
	switch {
	case s != nil:
		arn = assumed(*s)
	case c.user != nil:
		arn = "arn:aws:iam::" + Number + ":user/" + c.user.User
	}
	c.result(w, "<Arn>"+quoted(arn)+"</Arn><UserId>AIDA</UserId><Account>"+Number+"</Account>")
}

// changeUser is IAM's part of users.
func (c *request) changeUser(w http.ResponseWriter) {
	if s, no := c.d.signer(c); no != fine || s != nil || c.user != nil {
		if no == fine {
			no = accessDenied
		}
		c.fail(w, no)
		return
	}
	form, iam := c.form(), &c.d.iam
	name := form.Get("UserName")
	_, known := iam.keys[name]
	switch c.action {
	case "GetAccessKeyLastUsed":
		c.lastUsed(w)
	case "GetAccountPasswordPolicy":
		if iam.policy == "" {
			c.fail(w, noEntity)
			return
		}
		c.result(w, "<PasswordPolicy>"+iam.policy+"</PasswordPolicy>")
	case "GenerateCredentialReport":
		c.generate(w)
	case "GetCredentialReport":
		c.result(w, fmt.Sprintf("<Content>%s</Content><ReportFormat>text/csv</ReportFormat><GeneratedTime>%s</GeneratedTime>",
			base64.StdEncoding.EncodeToString([]byte(iam.report)), iam.reported.UTC().Format(time.RFC3339)))
	default:
		if !known {
			c.fail(w, noEntity)
			return
		}
		if strings.Contains(c.action, "LoginProfile") {
			c.changePassword(w, name)
			return
		}
		c.changeKey(w, name)
	}
}

var noEntity = refusal{http.StatusNotFound, "NoSuchEntity"}

func (c *request) changeKey(w http.ResponseWriter, user string) {
	keys := slices.DeleteFunc(slices.Clone(c.d.iam.keys[user]), func(k *UserKey) bool { return k.Status == Gone })
	at := slices.IndexFunc(keys, func(k *UserKey) bool { return k.ID == c.form().Get("AccessKeyId") })
	switch {
	case c.action == "ListAccessKeys":
		var b strings.Builder
		for _, k := range keys {
			if k.unlisted > 0 {
				k.unlisted--
				continue
			}
			fmt.Fprintf(&b, "<member>%s</member>", k.xml(false))
		}
		c.result(w, "<IsTruncated>false</IsTruncated><AccessKeyMetadata>"+b.String()+"</AccessKeyMetadata>")
	case c.action == "CreateAccessKey" && len(keys) >= 2:
		c.fail(w, refusal{http.StatusConflict, "LimitExceeded"})
	case c.action == "CreateAccessKey":
		c.result(w, "<AccessKey>"+c.d.newKey(user).xml(true)+"</AccessKey>")
	case at < 0:
		c.fail(w, noEntity)
	case c.action == "UpdateAccessKey":
		c.d.change(keys[at], c.form().Get("Status"))
		c.result(w, "")
	default:
		c.d.change(keys[at], Gone)
		c.result(w, "")
	}
}

func (k *UserKey) xml(secret bool) string {
	text := fmt.Sprintf("<UserName>%s</UserName><AccessKeyId>%s</AccessKeyId><Status>%s</Status><CreateDate>%s</CreateDate>",
		k.User, k.ID, k.Status, k.Created.UTC().Format(time.RFC3339))
	if secret {
		text += "<SecretAccessKey>" + k.Secret + "</SecretAccessKey>"
	}
	return text
}

func (c *request) lastUsed(w http.ResponseWriter) {
	k := c.d.userKey(c.form().Get("AccessKeyId"))
	switch {
	case k == nil:
		c.fail(w, accessDenied)
	case k.Used.IsZero():
		c.result(w, "<UserName>"+k.User+"</UserName><AccessKeyLastUsed><Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed>")
	default:
		c.result(w, "<UserName>"+k.User+"</UserName><AccessKeyLastUsed><LastUsedDate>"+k.Used.UTC().Format(time.RFC3339)+"</LastUsedDate><Region>us-east-1</Region><ServiceName>sts</ServiceName></AccessKeyLastUsed>")
	}
}

func (c *request) changePassword(w http.ResponseWriter, user string) {
	had := c.d.iam.profiles[user]
	switch {
	case c.action == "CreateLoginProfile" && had != nil:
		c.fail(w, refusal{http.StatusConflict, "EntityAlreadyExists"})
	case c.action != "CreateLoginProfile" && had == nil:
		c.fail(w, noEntity)
	case c.action == "GetLoginProfile":
		c.result(w, "<LoginProfile><UserName>"+user+"</UserName><CreateDate>"+had.set.UTC().Format(time.RFC3339)+"</CreateDate></LoginProfile>")
	default:
		c.d.iam.profiles[user] = &profile{c.form().Get("Password"), c.d.now()}
		c.result(w, "<LoginProfile><UserName>"+user+"</UserName><CreateDate>"+c.d.now().UTC().Format(time.RFC3339)+"</CreateDate></LoginProfile>")
	}
}

// generate makes a credential report, unless one of the last four hours is there.
func (c *request) generate(w http.ResponseWriter) {
	iam := &c.d.iam
	if iam.report == "" || c.d.now().Sub(iam.reported) >= 4*time.Hour {
		iam.report, iam.reported = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed\n", c.d.now()
		for user := range iam.keys {
			changed := "N/A"
			if p := iam.profiles[user]; p != nil {
				changed = p.set.UTC().Format("2006-01-02T15:04:05+00:00")
			}
			iam.report += fmt.Sprintf("%s,arn:aws:iam::%s:user/%s,2026-01-01T00:00:00+00:00,true,no_information,%s\n", user, Number, user, changed)
		}
	}
	c.result(w, "<State>COMPLETE</State>")
}
