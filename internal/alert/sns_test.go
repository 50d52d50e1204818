package alert_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/hostile"
)

const (
	topic     = "arn:aws:sns:eu-west-1:123456789012:halligan-alarms"
	keyID     = "AKIAIOSFODNN7EXAMPLE"
	secretKey = "canary-secret-0123456789abcdef"
	token     = "canary-token-fedcba9876543210"
	published = `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>`
)

// call is what the double was asked.
type call struct {
	head http.Header
	form url.Values
}

// topics is a small double of SNS on loopback: it answers with status and body.
type topics struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	body   string
	calls  []call
}

func newTopics(t *testing.T) *topics {
	t.Helper()
	d := &topics{status: http.StatusOK, body: published}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		d.calls = append(d.calls, call{r.Header.Clone(), r.PostForm})
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Location", d.URL+"/elsewhere")
		w.WriteHeader(d.status)
		fmt.Fprint(w, d.body)
	}))
	t.Cleanup(d.Close)
	return d
}

// answers sets what is said from now on, and forgets what was asked.
func (d *topics) answers(status int, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.body, d.calls = status, body, nil
}

func (d *topics) asked() []call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]call(nil), d.calls...)
}

func (d *topics) channel(t *testing.T, arn string) *alert.SNS {
	t.Helper()
	return newSNS(t, alert.Topic{ARN: arn, Endpoint: d.URL}, alert.StaticKeys(keyID, secretKey, token))
}

func newSNS(t *testing.T, to alert.Topic, keys sdk.CredentialsProvider) *alert.SNS {
	t.Helper()
	s, err := alert.NewSNS("desk", to, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func sayError(code string) string {
	return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + topic + " " + secretKey + "</Message></Error></ErrorResponse>"
}

// unpublished sends, and wants it to fail.
func unpublished(t *testing.T, ctx context.Context, s *alert.SNS) *alert.Undelivered {
	t.Helper()
	receipt, err := s.Send(ctx, sample())
	var u *alert.Undelivered
	if !errors.As(err, &u) || receipt != (alert.Receipt{}) || u.Channel != "desk" || u.Endpoint != s.Endpoint() {
		t.Fatalf("Send = %+v, %v; want *Undelivered", receipt, err)
	}
	return u
}

// attributes are those of a call, by name.
func attributes(form url.Values) map[string]string {
	out := map[string]string{}
	for i := 1; ; i++ {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name := form.Get(entry + "Name")
		if name == "" {
			return out
		}
		out[name] = form.Get(entry+"Value.DataType") + " " + form.Get(entry+"Value.StringValue")
	}
}

func TestSNSPublishes(t *testing.T) {
	d := newTopics(t)
	before := time.Now()
	receipt, err := d.channel(t, topic).Send(t.Context(), sample())
	if err != nil || receipt.Status != 200 || receipt.At.Before(before) {
		t.Fatalf("Send = %+v, %v", receipt, err)
	}
	calls := d.asked()
	if len(calls) != 1 {
		t.Fatalf("%d calls", len(calls))
	}
	signed := calls[0].head.Get("Authorization")
	if !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 Credential="+keyID+"/") || !strings.Contains(signed, "/eu-west-1/sns/aws4_request") {
		t.Errorf("signed by %q", signed)
	}
	if got := calls[0].head.Get("X-Amz-Security-Token"); got != token {
		t.Errorf("session token %q", got)
	}
	body, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	form := calls[0].form
	for name, want := range map[string]string{
		"Action": "Publish", "TopicArn": topic, "Message": string(body), "Subject": "SEV1 request.made: db-down at cell.example.com",
		"MessageStructure": "", "MessageGroupId": "", "MessageDeduplicationId": "",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	want := fmt.Sprint(map[string]string{"id": "String " + sample().ID, "type": "String request.made", "severity": "String SEV1", "scenario": "String db-down"})
	if got := fmt.Sprint(attributes(form)); got != want {
		t.Errorf("attributes %s, want %s", got, want)
	}
}

// TestSNSOrderedTopics: a repeat is known by its id, and each request is a line of
// its own; words that SNS would refuse become others that it takes.
func TestSNSOrderedTopics(t *testing.T) {
	d := newTopics(t)
	s := d.channel(t, topic+".fifo")
	odd, bare := sample(), alert.Message{ID: strings.Repeat("a", 200), At: night, Type: "change.proposed"}
	odd.Request = "no request ä"
	for _, m := range []alert.Message{sample(), odd, bare} {
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	calls := d.asked()
	if got := calls[0].form; got.Get("MessageDeduplicationId") != sample().ID || got.Get("MessageGroupId") != sample().Request {
		t.Errorf("fields %v", got)
	}
	if got := calls[1].form.Get("MessageGroupId"); len(got) != 64 {
		t.Errorf("group %q", got)
	}
	if got := calls[2].form; len(got.Get("MessageDeduplicationId")) != 64 || got.Get("MessageGroupId") != "cell" || len(attributes(got)) != 2 {
		t.Errorf("fields %v", got)
	}
}

// TestSNSGivesUpOnlyWhatSNSRefuses: an alarm is given up by SNS's own word that it
// will never be; all else is tried again, by the scheduler and not here.
func TestSNSGivesUpOnlyWhatSNSRefuses(t *testing.T) {
	d := newTopics(t)
	s := d.channel(t, topic)
	for _, c := range []struct {
		status    int
		body      string
		class     alert.Class
		permanent bool
	}{
		{404, sayError("NotFound"), alert.Answered, true},
		{403, sayError("AuthorizationError"), alert.Answered, true},
		{400, sayError("InvalidParameter"), alert.Answered, true},
		{400, sayError("ParameterValueInvalid"), alert.Answered, true},
		{400, sayError("Throttling"), alert.Answered, false},
		{429, sayError("Throttled"), alert.Answered, false},
		{403, sayError("ExpiredToken"), alert.Answered, false},
		{403, sayError("InvalidClientTokenId"), alert.Answered, false},
		{400, sayError("KMSThrottling"), alert.Answered, false},
		{500, sayError("InternalError"), alert.Answered, false},
		{500, sayError("NotFound"), alert.Answered, false},
		{404, "<html>no such page</html>", alert.Answered, false},
		{302, "", alert.Redirected, false},
		{200, "<html>welcome to the hotel</html>", alert.Broken, false},
		{200, strings.Replace(published, "94f20ce6-13c5-43a0-9a9e-ca52d816e90b", "", 1), alert.Broken, false},
		{200, "<PublishResponse>" + strings.Repeat(" ", alert.AnswerLimit) + strings.TrimPrefix(published, "<PublishResponse"), alert.Broken, false},
	} {
		d.answers(c.status, c.body)
		u := unpublished(t, t.Context(), s)
		status := c.status
		if c.class == alert.Broken {
			status = 0
		}
		if u.Class != c.class || u.Permanent != c.permanent || u.Status != status {
			t.Errorf("%d %.60s: %+v", c.status, c.body, u)
		}
		if n := len(d.asked()); n != 1 {
			t.Errorf("%d %.60s: asked %d times", c.status, c.body, n)
		}
	}
}

func TestSNSIsNotHeldUp(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	s := newSNS(t, alert.Topic{ARN: topic, Endpoint: silent.URL}, alert.StaticKeys(keyID, secretKey, ""))
	s.SetDeadline(50 * time.Millisecond)
	if u := unpublished(t, t.Context(), s); u.Class != alert.TimedOut || u.Permanent {
		t.Errorf("%+v", u)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if u := unpublished(t, gone, s); u.Class != alert.Interrupted || u.Permanent {
		t.Errorf("%+v", u)
	}
	s = newSNS(t, alert.Topic{ARN: topic, Endpoint: nobodyAt(t)}, alert.StaticKeys(keyID, secretKey, ""))
	if u := unpublished(t, t.Context(), s); u.Class != alert.Unreachable || u.Permanent {
		t.Errorf("%+v", u)
	}
	if _, err := s.Send(t.Context(), alert.Message{}); err == nil || !strings.HasSuffix(err.Error(), "malformed") {
		t.Errorf("a message that is none: %v", err)
	}
}

// TestSNSAsksTheChain: without a file the credentials are those of the environment,
// and when there are none the alarm waits for them.
func TestSNSAsksTheChain(t *testing.T) {
	d := newTopics(t)
	folder := t.TempDir()
	for name, value := range map[string]string{
		"HOME": folder, "AWS_CONFIG_FILE": filepath.Join(folder, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(folder, "credentials"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		t.Setenv(name, value)
	}
	s := newSNS(t, alert.Topic{ARN: topic, Endpoint: d.URL}, nil)
	if u := unpublished(t, t.Context(), s); u.Class != alert.Unsigned || u.Permanent || len(d.asked()) != 0 {
		t.Errorf("without credentials: %+v", u)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "credentials"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[default]\naws_access_key_id = " + keyID + "\n" + secretKey + " " + secretKey + "\n")
	if u := unpublished(t, t.Context(), s); u.Class != alert.Unsigned || u.Permanent || len(d.asked()) != 0 {
		t.Errorf("with half of them: %+v", u)
	}
	for _, id := range []string{keyID, "AKIAI44QH8DHBEXAMPLE"} {
		write("[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secretKey + "\n")
		d.answers(http.StatusOK, published)
		if _, err := s.Send(t.Context(), sample()); err != nil {
			t.Fatal(err)
		}
		if got := d.asked()[0].head.Get("Authorization"); !strings.Contains(got, "Credential="+id+"/") {
			t.Errorf("signed by %q, want %s", got, id)
		}
		d.answers(http.StatusForbidden, sayError("ExpiredToken"))
		unpublished(t, t.Context(), s)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", keyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	d.answers(http.StatusOK, published)
	if _, err := newSNS(t, alert.Topic{ARN: topic, Endpoint: d.URL}, nil).Send(t.Context(), sample()); err != nil {
		t.Error(err)
	}
}

func TestSNSRefusesWhatItCannotUse(t *testing.T) {
	for name, to := range map[string]alert.Topic{
		"nothing":        {},
		"a queue":        {ARN: "arn:aws:sqs:eu-west-1:123456789012:canary"},
		"no region":      {ARN: "arn:aws:sns::123456789012:canary"},
		"a long name":    {ARN: topic + strings.Repeat("a", 257)},
		"other ordered":  {ARN: topic + ".fifo.x"},
		"a region's dot": {ARN: "arn:aws:sns:eu-west-1.canary.example.com:123456789012:x"},
		"in the clear":   {ARN: topic, Endpoint: "http://canary.example.com"},
		"no scheme":      {ARN: topic, Endpoint: "canary.example.com"},
		"a user":         {ARN: topic, Endpoint: "https://canary:canary@example.com"},
		"a query":        {ARN: topic, Endpoint: "https://example.com/?canary"},
	} {
		if _, err := alert.NewSNS("desk", to, nil, nil); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := alert.NewSNS("No id", alert.Topic{ARN: topic}, nil, nil); err == nil {
		t.Error("a channel without an id was made")
	}
	for arn, want := range map[string]string{
		topic: "https://sns.eu-west-1.amazonaws.com",
		"arn:aws-cn:sns:cn-north-1:123456789012:a":        "https://sns.cn-north-1.amazonaws.com.cn",
		"arn:aws-us-gov:sns:us-gov-west-1:123456789012:a": "https://sns.us-gov-west-1.amazonaws.com",
	} {
		if got := newSNS(t, alert.Topic{ARN: arn}, nil).Endpoint(); got != want {
			t.Errorf("%s is at %s, want %s", arn, got, want)
		}
	}
}

// TestSNSTakesHostileTexts (T11): whatever stands in an alarm, it has a subject and
// attributes that SNS takes, and its text is what every surface shows.
func TestSNSTakesHostileTexts(t *testing.T) {
	d := newTopics(t)
	s := d.channel(t, topic+".fifo")
	texts := hostile.Texts()
	for _, raw := range append(hostile.Harmless(), strings.Repeat("ä", 300), "\n", " ", "", "ü\r\nBcc: a@example.com") {
		texts = append(texts, hostile.Text{Name: raw, Raw: raw})
	}
	for _, text := range texts {
		d.answers(http.StatusOK, published)
		m := sample()
		m.Text, m.Person, m.Target, m.Scenario, m.Severity, m.Cell, m.Request = text.Raw, text.Raw, text.Raw, text.Raw, text.Raw, text.Raw, text.Raw
		if _, err := s.Send(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", text.Name, err)
		}
		form := d.asked()[0].form
		subject := form.Get("Subject")
		if subject == "" || len(subject) >= 100 || subject[0] <= ' ' || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: subject %q", text.Name, subject)
		}
		body, err := m.Encode()
		if err != nil || form.Get("Message") != string(body) || len(body) > alert.PayloadLimit {
			t.Errorf("%s: message %q, %v", text.Name, form.Get("Message"), err)
		}
		for name, value := range attributes(form) {
			if value = strings.TrimPrefix(value, "String "); value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '\u202e' || r == 0x7f }) {
				t.Errorf("%s: attribute %s is %q", text.Name, name, value)
			}
		}
		if group := form.Get("MessageGroupId"); group == "" || len(group) > 128 || strings.ContainsFunc(group, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s: group %q", text.Name, group)
		}
	}
}

// TestSNSSecretsOccurNowhere (T61): neither credentials nor the topic are in anything
// that can be printed, whatever SNS says.
func TestSNSSecretsOccurNowhere(t *testing.T) {
	clean := func(name, text string) {
		t.Helper()
		for _, secret := range []string{keyID, secretKey, token, "canary", topic, "halligan-alarms"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q holds %q", name, text, secret)
			}
		}
		if text == "" {
			t.Errorf("%s: printed nothing", name)
		}
	}
	d := newTopics(t)
	s := d.channel(t, topic)
	printed(clean, "sns", s)
	printed(clean, "field", struct{ hidden *alert.SNS }{s})
	for _, status := range []int{200, 302, 400, 403, 500} {
		d.answers(status, sayError(secretKey))
		_, err := s.Send(t.Context(), sample())
		printed(clean, fmt.Sprint(status), inHand{Message: sample(), Err: err})
	}
	told := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) { return sdk.Credentials{}, errors.New(secretKey) })
	_, err := newSNS(t, alert.Topic{ARN: topic, Endpoint: d.URL}, told).Send(t.Context(), sample())
	printed(clean, "credentials", inHand{Message: sample(), Err: err})
	if len(d.asked()) == 0 {
		t.Error("the credentials were not used: this test proves nothing")
	}
	if got := fmt.Sprintf("%v %#v", s, s); got != "sns desk ("+d.URL+") sns desk ("+d.URL+")" {
		t.Errorf("a channel prints as %s", got)
	}
}
