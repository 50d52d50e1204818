package witness_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/witness"
)

func FuzzOffer(f *testing.F) {
	l := newLog(f, origin).grow(300, "a")
	f.Add(l.offer(f, 0).Encode())
	f.Add(l.offer(f, 7).Encode())
	f.Add([]byte("old 0\n\nx"))
	f.Add([]byte("old 1\nAAAA\n\nx"))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := witness.DecodeOffer(body)
		if err != nil {
			return
		}
		if again := o.Encode(); !bytes.Equal(again, body) || len(o.Proof) > witness.ProofMost {
			t.Fatalf("accepted %q, wrote %q", body, again)
		}
	})
}

func FuzzAdd(f *testing.F) {
	l := newLog(f, origin).grow(300, "a")
	w, _ := begun(f, l)
	f.Add(l.offer(f, 0).Encode())
	f.Add(newLog(f, origin).grow(300, "b").offer(f, 0).Encode())
	f.Add(newLog(f, origin).grow(400, "a").offer(f, 300).Encode())
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := witness.DecodeOffer(body)
		if err != nil {
			return
		}
		if line, err := w.Add(o); err == nil {
			good(t, o.Checkpoint, line)
		}
	})
}

// TestClientBelievesNothingElse: answers that tlog-witness does not foresee.
func TestClientBelievesNothingElse(t *testing.T) {
	l := newLog(t, origin).grow(3, "a")
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		want   error
	}{
		"redirect":       {302, "", "", witness.ErrAnswer},
		"teapot":         {418, "", "", witness.ErrAnswer},
		"down":           {503, "", "", witness.ErrAnswer},
		"stale, no type": {409, "text/plain", "3\n", witness.ErrAnswer},
		"stale, no end":  {409, witness.StaleType, "3", witness.ErrAnswer},
		"stale, spelt":   {409, witness.StaleType, "03\n", witness.ErrAnswer},
		"stale, below":   {409, witness.StaleType, "-1\n", witness.ErrAnswer},
		"flood":          {200, "", strings.Repeat("— a b\n", 9000), witness.ErrAnswer},
		"unknown log":    {404, "", "", witness.ErrUnknownLog},
		"not signed":     {403, "", "", witness.ErrSignature},
		"malformed":      {400, "", "", witness.ErrMalformed},
		"no proof":       {422, "", "", witness.ErrProof},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			client, err := witness.NewClient(name, server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if lines, err := client.Add(context.Background(), l.offer(t, 0)); !errors.Is(err, c.want) || lines != nil {
				t.Errorf("%q, %v", lines, err)
			}
		})
	}
}

func TestCheckPrefix(t *testing.T) {
	for prefix, good := range map[string]bool{
		"https://witness.example.net/halligan": true, "https://witness.example.net:8443": true, "http://127.0.0.1:7880": true,
		"http://localhost:1/": true, "http://[::1]:7880/x": true, "http://witness.example.net": false, "": false, "witness.example.net": false,
		"ftp://x": false, "https://u@x": false, "https://x/?a": false, "https://x/#a": false, "https://": false,
	} {
		if err := witness.CheckPrefix(prefix); (err == nil) != good {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}
