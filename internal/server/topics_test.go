package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestAlarmsBySNS: what server.yaml says of a topic is what is asked and signed with.
func TestAlarmsBySNS(t *testing.T) {
	const arn = "arn:aws:sns:eu-north-1:123456789012:halligan-alarms"
	var got []string
	double := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.FormValue("TopicArn"), r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"))
		fmt.Fprint(w, "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>")
	}))
	defer double.Close()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"server.yaml":  "sns: { cloud: { topic: \"" + arn + "\", endpoint: \"" + double.URL + "\", credentials_file: cloud.secret } }\n",
		"cloud.secret": "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = canary\naws_session_token = token\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, _, err := config.LoadServer(filepath.Join(folder, "server.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := alert.Message{ID: "msg_1", At: time.Now(), Type: "request.made"}
	if err := server.SendBy(t.Context(), settings, "cloud", m); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0] != arn || !strings.Contains(got[1], "Credential=AKIAIOSFODNN7EXAMPLE/") || !strings.Contains(got[1], "/eu-north-1/sns/") || got[2] != "token" {
		t.Errorf("asked %q", got)
	}
}
