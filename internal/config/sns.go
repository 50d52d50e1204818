package config

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// snsFile is the topic of a channel of kind sns.
type snsFile struct {
	Mark
	Topic           word `yaml:"topic,required"`
	Endpoint        word `yaml:"endpoint"`
	CredentialsFile word `yaml:"credentials_file"`
}

func (*snsFile) planned() []string {
	return []string{"region", "profile", "role", "access_key_id", "secret_access_key", "proxy"}
}

// SNS is the topic that alarms of one channel are published on.
type SNS struct {
	Topic    string // ARN
	Endpoint string // empty: AWS's own
	Keys     *AWSKeys
}

// AWSKeys are credentials that stand in a file.
type AWSKeys struct{ ID, Secret, Token Secret }

const keysMend = "write [default], aws_access_key_id, aws_secret_access_key and, where there is one, aws_session_token into it, and nothing else"

var (
	topicShape = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sns:[a-z]{2}(-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:([A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo)$`)
	})
	keyShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[!-~]+$`) })
)

func (s *serverFacts) topics() {
	for _, e := range s.file.SNS {
		if !idOf(s.findings, e.key) || s.elsewhere(e.key, "webhooks", keysOf(s.file.Webhooks)) || s.elsewhere(e.key, "mail", keysOf(s.file.Mail)) {
			continue
		}
		to := SNS{Topic: e.value.Topic.text, Endpoint: e.value.Endpoint.text}
		if w := e.value.Topic; w.text != "" && !topicShape().MatchString(w.text) {
			s.errorf(w.at, "write its ARN, such as arn:aws:sns:eu-west-1:123456789012:halligan-alarms", "%s is not a topic of SNS", show(w.text))
		}
		s.snsEndpoint(e.value.Endpoint)
		if w := e.value.CredentialsFile; w.text != "" {
			data, ok := s.readSecretFile(w)
			if !ok {
				continue
			}
			if to.Keys, ok = decodeAWSKeys(string(data)); !ok {
				s.errorf(w.at, keysMend, "%s does not hold credentials of AWS", show(w.text))
				continue
			}
		}
		if to.Topic == "" {
			continue
		}
		if s.out.SNS == nil {
			s.out.SNS = map[string]SNS{}
		}
		s.out.SNS[e.key.text] = to
	}
}

func (s *serverFacts) snsEndpoint(w word) {
	const mend = "write https:// and the host of your VPC endpoint"
	if w.text == "" {
		return
	}
	u, err := url.Parse(w.text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		s.errorf(w.at, mend, "%s is not the address of an endpoint", show(w.text))
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		s.errorf(w.at, mend, "alarms to %s would travel in the clear", show(w.text))
	}
}

// decodeAWSKeys reads the form of AWS's shared credentials, of which it takes one
// profile with keys that stand there. A file that runs a program or points at a role
// is refused: it would be more than a secret.
func decodeAWSKeys(text string) (*AWSKeys, bool) {
	keys := &AWSKeys{}
	into := map[string]*Secret{"aws_access_key_id": &keys.ID, "aws_secret_access_key": &keys.Secret, "aws_session_token": &keys.Token}
	begun := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		to := into[strings.TrimSpace(name)]
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line == "[default]" && !begun:
			begun = true
		case !begun || to == nil || to.key != nil || !keyShape().MatchString(value):
			return nil, false
		default:
			to.key = []byte(value)
		}
	}
	return keys, keys.ID.key != nil && keys.Secret.key != nil
}
