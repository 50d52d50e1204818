package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/halligan-dev/halligan/internal/canon"
)

// SNSDeadline bounds one attempt by SNS, from the look for credentials to the answer.
const SNSDeadline = 10 * time.Second

const (
	subjectMost = 99  // "less than 100 characters", says SNS of Publish
	fifoMost    = 128 // of a deduplication id or a group
	fifoWhole   = "cell"
)

// fifoLetters are what a deduplication id and a group are made of here.
const fifoLetters = canon.Alnum + "_:.-"

// Topic is where the alarms of a channel are published.
type Topic struct {
	ARN      string // its region is the one that is asked
	Endpoint string // empty: AWS's own for that region
}

// SNS is one channel: a topic of Amazon SNS. It is safe for concurrent use, and
// prints without topic and credentials.
type SNS struct {
	channel  string
	endpoint string // scheme and host
	fifo     bool
	deadline time.Duration
	idle     func()
	forget   func() // lets credentials be looked for again
	publish  func(ctx context.Context, in *sns.PublishInput) (*sns.PublishOutput, error)
}

// errNoKeys says that there were no credentials to sign with.
var errNoKeys = errors.New("no credentials of AWS were found")

// topicShape is a topic of a region: partition, region and name.
var topicShape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}:([A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo)$`)
})

// refusals are the names of SNS's errors that the same attempt meets again. All
// others may be over soon: busy, a clock, credentials that are renewed.
var refusals = []string{
	"NotFound", "NotFoundException", "AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException",
	"InvalidParameter", "InvalidParameterException", "InvalidParameterValue", "InvalidParameterValueException", "ParameterValueInvalid",
	"ValidationError", "ValidationException",
}

// NewSNS makes the channel of that id. Keys are the credentials to sign with; nil
// asks the SDK's default chain at the first alarm. Client is as for NewWebhook. No
// error quotes the topic or a credential.
func NewSNS(channel string, to Topic, keys sdk.CredentialsProvider, client *http.Client) (*SNS, error) {
	if err := canon.CheckID(channel); err != nil {
		return nil, fmt.Errorf("cannot make a channel: %w", err)
	}
	fail := func(err error) (*SNS, error) { return nil, fmt.Errorf("channel %s: %w", channel, err) }
	parts := topicShape().FindStringSubmatch(to.ARN)
	if parts == nil {
		return fail(errors.New("cannot use this topic: want arn:aws:sns:REGION:ACCOUNT:NAME"))
	}
	region, name := parts[2], parts[3]
	address := to.Endpoint
	if address == "" {
		address = "https://sns." + region + ".amazonaws.com"
		if parts[1] == "aws-cn" {
			address += ".cn"
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || len(address) > urlLimit || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && u.Scheme != "http":
		return fail(errors.New("cannot use this endpoint: want https:// and a host"))
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fail(errors.New("cannot use http but for this machine itself: want https"))
	}
	t, err := transport(client, isLoopback(u.Hostname()))
	if err != nil {
		return fail(err)
	}
	forget := func() {}
	if keys == nil {
		c := &chain{region: region}
		keys, forget = c, c.forget
	}
	api := sns.New(sns.Options{
		Region: region, BaseEndpoint: &address, Credentials: keys, Retryer: sdk.NopRetryer{}, Logger: logging.Nop{},
		HTTPClient: &http.Client{Transport: brieflyAnswered{t}, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // nothing that we sign for goes elsewhere
		}},
	})
	s := &SNS{
		channel: channel, endpoint: u.Scheme + "://" + u.Host, fifo: strings.HasSuffix(name, ".fifo"),
		deadline: SNSDeadline, idle: t.CloseIdleConnections, forget: forget,
	}
	topic := to.ARN
	s.publish = func(ctx context.Context, in *sns.PublishInput) (*sns.PublishOutput, error) {
		in.TopicArn = &topic
		return api.Publish(ctx, in)
	}
	return s, nil
}

// Channel is the id of the channel.
func (s *SNS) Channel() string { return s.channel }

// Endpoint is scheme and host of SNS: what may be shown of the channel.
func (s *SNS) Endpoint() string { return s.endpoint }

// Close lets go of idle connections. The channel can be used further.
func (s *SNS) Close() { s.idle() }

// Send makes one attempt within SNSDeadline. It is a receipt that SNS gave the
// message an id; everything else is an *Undelivered. A failed attempt may yet have
// been published: the alarm is published again with the same id among its
// attributes, and what is no FIFO topic then carries it twice.
func (s *SNS) Send(ctx context.Context, m Message) (Receipt, error) {
	in, err := m.publication(s.fifo)
	if err != nil {
		return Receipt{}, &Undelivered{Channel: s.channel, Endpoint: s.endpoint, Class: Malformed, Permanent: true}
	}
	attempt, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	out, err := s.publish(attempt, in)
	at := time.Now()
	if err == nil && sdk.ToString(out.MessageId) != "" {
		return Receipt{Status: http.StatusOK, At: at}, nil
	}
	u := s.judge(ctx, attempt, err) // err may quote what was sent: it ends here
	if u.Class == Answered && !u.Permanent {
		s.forget()
	}
	return Receipt{}, u
}

// judge tells what became of an attempt. What is not an answer in SNS's own words
// never gives an alarm up for good.
func (s *SNS) judge(caller, attempt context.Context, err error) *Undelivered {
	u := &Undelivered{Channel: s.channel, Endpoint: s.endpoint, Class: Broken}
	var named smithy.APIError
	var answer *smithyhttp.ResponseError
	switch {
	case err == nil: // 2xx without an id: whoever answered is not SNS
	case errors.As(err, &answer) && answer.HTTPStatusCode()/100 == 3:
		u.Class, u.Status = Redirected, answer.HTTPStatusCode()
	case errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusBadRequest:
		u.Class, u.Status = Answered, answer.HTTPStatusCode()
		u.Permanent = u.Status < http.StatusInternalServerError && errors.As(err, &named) && slices.Contains(refusals, named.ErrorCode())
	case errors.Is(err, errNoKeys) && caller.Err() == nil && attempt.Err() == nil:
		u.Class = Unsigned
	default:
		u.Class = classify(caller, attempt, err)
	}
	return u
}

// publication is a message for SNS: the webhook's payload, with attributes that
// filter policies go by. It is the same at each attempt, and fails with ErrMessage.
func (m Message) publication(fifo bool) (*sns.PublishInput, error) {
	body, err := m.Encode()
	if err != nil {
		return nil, err
	}
	d := m.data()
	in := &sns.PublishInput{
		Message: sdk.String(string(body)), Subject: sdk.String(plainSubject(m.Type, d)),
		MessageAttributes: map[string]types.MessageAttributeValue{},
	}
	for name, value := range map[string]string{"id": m.ID, "type": m.Type, "severity": d.Severity, "scenario": d.Scenario} {
		if value != "" { // SNS refuses an empty one, and so the alarm
			in.MessageAttributes[name] = types.MessageAttributeValue{DataType: sdk.String("String"), StringValue: sdk.String(value)}
		}
	}
	if fifo {
		in.MessageDeduplicationId, in.MessageGroupId = sdk.String(fifoWord(m.ID)), sdk.String(fifoWord(d.Request))
	}
	return in, nil
}

// plainSubject is the subject of a mail that SNS makes of a message: ASCII that
// prints, fewer than 100 characters.
func plainSubject(kind string, d data) string {
	text := strings.TrimSpace(d.Severity + " " + kind)
	if d.Scenario != "" {
		text += ": " + d.Scenario
	}
	if d.Cell != "" {
		text += " at " + d.Cell
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return strings.TrimSpace(ascii[:min(len(ascii), subjectMost)])
}

// fifoWord is text as a group or deduplication id: itself, or its digest where SNS
// would refuse it. What belongs to no request is a group of its own.
func fifoWord(text string) string {
	switch {
	case text == "":
		return fifoWhole
	case len(text) > fifoMost || !canon.MadeOf(text, fifoLetters):
		return canon.Sum([]byte(text)).String()
	}
	return text
}

// String names the channel without its secrets.
func (s *SNS) String() string { return fmt.Sprintf("sns %s (%s)", s.channel, s.endpoint) }

// Format prints String whatever the verb.
func (s *SNS) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue is String.
func (s *SNS) LogValue() slog.Value { return slog.StringValue(s.String()) }

// brieflyAnswered cuts off an answer that is longer than any of SNS's.
type brieflyAnswered struct{ next http.RoundTripper }

// RoundTrip does what http.RoundTripper says.
func (b brieflyAnswered) RoundTrip(ask *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(ask)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, answerLimit), answer.Body}
	return answer, nil
}
