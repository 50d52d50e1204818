package alert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/halligan-dev/halligan/internal/alert"
)

// motoServer starts a double of AWS that others made (scripts/deps.sh gets it), and
// gives its address and a way to call AWS's own command line against it.
func motoServer(t *testing.T) (address string, line func(args ...string) string) {
	t.Helper()
	folder := os.Getenv("HALLIGAN_MOTO")
	if folder == "" {
		t.Skip("HALLIGAN_MOTO does not name the folder with moto_server and aws: make test does (scripts/deps.sh gets them)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	address = "http://" + listener.Addr().String()
	listener.Close()
	home := t.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=" + keyID,
		"AWS_SECRET_ACCESS_KEY=x", "AWS_DEFAULT_REGION=eu-west-1", "AWS_CONFIG_FILE=" + filepath.Join(home, "config")}
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "moto_server"), "-H", host, "-p", port)
	cmd.Stdout, cmd.Stderr, cmd.Env = &said, &said, env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-over })
	for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(address + "/moto-api/data.json")
		if err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(limit) || len(over) > 0 {
			t.Fatalf("moto does not start: %s", said.String())
		}
	}
	return address, func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(folder, "aws"), append([]string{"--endpoint-url", address, "--output", "json"}, args...)...)
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
