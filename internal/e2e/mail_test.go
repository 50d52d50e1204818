package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/halligan-dev/halligan/internal/alert/mailtest"
)

// What the cell signs in with at its mail server.
const (
	mailUser     = "canary-user-b21d"
	mailPassword = "canary-password-77e0 with words"
)

// letterbox is the other end of the channel desk: a mail server that demands
// STARTTLS and a sign-in, and may be made to have no time.
type letterbox struct {
	*mailtest.Server
	busy atomic.Bool
}

// mail makes the channel desk, by mail, beside the others.
func (w *town) mail(wanted bool) (err error) {
	if !wanted {
		return nil
	}
	box := &letterbox{}
	box.Server, err = mailtest.Start(mailtest.Options{
		TLS: mailtest.StartTLS, User: mailUser, Password: mailPassword,
		Answer: func(c mailtest.Command) string {
			if c.Verb == "DATA" && box.busy.Load() {
				return "451 no time"
			}
			return ""
		},
	})
	if err != nil {
		return err
	}
	w.letters = box
	w.ends = append(w.ends, box.Close)
	for name, data := range map[string][]byte{"cell/desk.secret": []byte(mailPassword + "\n"), "authority.pem": box.Authority()} {
		if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
			return err
		}
	}
	err = edit(w.path("cell", "cell.yaml"), func(text string) string {
		return strings.Replace(text, "\nchannels:\n", "\nchannels:\n  - { id: desk, kind: smtp }\n", 1)
	})
	if err != nil {
		return err
	}
	err = edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "[pager]", "[pager, desk]", 1)
	})
	if err != nil {
		return err
	}
	return edit(w.path("cell", "server.yaml"), func(text string) string {
		return text + fmt.Sprintf("mail:\n  desk: { server: %q, tls: starttls, from: halligan@example.com, to: [oncall@example.com], username: %s, password_file: desk.secret }\n", box.Address(), mailUser)
	})
}

// environment is what the server is started with: it takes the authority of the
// letterbox for one of the system.
func (w *town) environment() []string {
	all := append(os.Environ(), w.secrets...)
	if w.letters != nil {
		all = append(all, "SSL_CERT_FILE="+w.path("authority.pem"))
	}
	return all
}

// of are the texts of the letters of a type, each once, and fails on one that came
// in the clear, without a sign-in or to somebody else.
func (b *letterbox) of(kind string) (texts []string, err error) {
	seen := map[string]bool{}
	for _, letter := range b.Letters() {
		if !letter.Secure || letter.User != mailUser || letter.From != "halligan@example.com" || strings.Join(letter.To, " ") != "oncall@example.com" {
			return nil, fmt.Errorf("a letter from %s to %v, secure: %v, of %s", letter.From, letter.To, letter.Secure, letter.User)
		}
		m, err := mail.ReadMessage(bytes.NewReader(letter.Data))
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			return nil, err
		}
		id, subject := m.Header.Get("Message-ID"), m.Header.Get("Subject")
		if !strings.HasSuffix(id, "@"+origin+">") || !strings.HasSuffix(subject, " at "+origin) {
			return nil, fmt.Errorf("a letter %s about %q", id, subject)
		}
		if !seen[id] && strings.Contains(subject, kind+":") {
			seen[id] = true
			texts = append(texts, string(text))
		}
	}
	return texts, nil
}

// letter waits for mail about something; with ! there must be none so far.
func letter(ts *testscript.TestScript, neg bool, args []string) {
	b := of(ts).letters
	if neg {
		texts, err := b.of(args[0])
		ts.Check(err)
		if len(texts) > 0 {
			ts.Fatalf("%d letters about %s arrived", len(texts), args[0])
		}
		return
	}
	var texts []string
	ts.Check(until(3*patience, "a letter about "+args[0], func() (_ bool, err error) {
		texts, err = b.of(args[0])
		return len(texts) > 0, err
	}))
	for _, text := range texts {
		_, err := fmt.Fprintln(ts.Stdout(), text)
		ts.Check(err)
	}
}
