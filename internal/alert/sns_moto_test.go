package alert_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// motoServer starts a double of AWS that others made (scripts/deps.sh gets it), and
// gives its address and a way to call AWS's own command line against it.
func motoServer(t *testing.T) (address string, line func(args ...string) string) {
	t.Helper()
	program := mototest.Program(t, "aws")
	address = mototest.Start(t)
	home := t.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=" + keyID,
		"AWS_SECRET_ACCESS_KEY=x", "AWS_DEFAULT_REGION=eu-west-1", "AWS_CONFIG_FILE=" + filepath.Join(home, "config")}
	return address, func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append([]string{"--endpoint-url", address, "--output", "json"}, args...)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
}

// envelope is what SNS puts into a queue.
type envelope struct {
	Subject, Message  string
	MessageAttributes map[string]struct{ Type, Value string }
}

// arrived are the envelopes in a queue.
func arrived(t *testing.T, text string) (all []envelope) {
	t.Helper()
	var queue struct{ Messages []struct{ Body string } }
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &queue); err != nil {
		t.Fatal(err)
	}
	for _, m := range queue.Messages {
		var e envelope
		if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// TestMotoSNS: what is published arrives in a queue that subscribed to it, with a
// filter policy that goes by our attributes; an ordered topic keeps a repeat back, and
// a topic that is not there gives the alarm up.
func TestMotoSNS(t *testing.T) {
	address, line := motoServer(t)
	client := sns.New(sns.Options{Region: "eu-west-1", BaseEndpoint: &address, Credentials: alert.StaticKeys(keyID, "x", "")})
	for suffix, copies := range map[string]int{"": 2, ".fifo": 1} {
		name, attributes := "halligan-alarms"+suffix, map[string]string(nil)
		queue := []string{"sqs", "create-queue", "--queue-name", name}
		if suffix != "" {
			attributes = map[string]string{"FifoTopic": "true"}
			queue = append(queue, "--attributes", "FifoQueue=true")
		}
		made, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		var where struct{ QueueURL string }
		if err := json.Unmarshal([]byte(line(queue...)), &where); err != nil {
			t.Fatal(err)
		}
		_, err = client.Subscribe(t.Context(), &sns.SubscribeInput{
			TopicArn: made.TopicArn, Protocol: sdk.String("sqs"), Endpoint: sdk.String("arn:aws:sqs:eu-west-1:123456789012:" + name),
			Attributes: map[string]string{"FilterPolicy": `{"severity":["SEV1"]}`},
		})
		if err != nil {
			t.Fatal(err)
		}
		channel := newSNS(t, alert.Topic{ARN: *made.TopicArn, Endpoint: address}, alert.StaticKeys(keyID, "x", ""))
		minor := sample()
		minor.ID, minor.Severity = alert.MessageID("another"), "SEV3"
		for _, m := range []alert.Message{sample(), sample(), minor} {
			if receipt, err := channel.Send(t.Context(), m); err != nil || receipt.Status != 200 {
				t.Fatalf("Send = %+v, %v", receipt, err)
			}
		}
		body, _ := sample().Encode()
		got := arrived(t, line("sqs", "receive-message", "--queue-url", where.QueueURL, "--max-number-of-messages", "10"))
		if len(got) != copies {
			t.Errorf("%s: %d messages arrived, want %d: %+v", name, len(got), copies, got)
		}
		for _, e := range got {
			if e.Message != string(body) || e.Subject != "SEV1 request.made: db-down at cell.example.com" || e.MessageAttributes["id"].Value != sample().ID {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	gone := newSNS(t, alert.Topic{ARN: topic + "-gone", Endpoint: address}, alert.StaticKeys(keyID, "x", ""))
	if u := unpublished(t, t.Context(), gone); u.Class != alert.Answered || u.Status != 404 || !u.Permanent {
		t.Errorf("a topic that is not there: %+v", u)
	}
}
