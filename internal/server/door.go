package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Door is what the server of a cell answers before the cell is sealed. It shows
// its people what the founders sign, and takes the founders' signatures. It has
// no ledger, opens nothing, and changes nothing but the signatures that wait.
type Door struct {
	Settings config.Server
	Kept     Foundings
	Compile  func() (config.Bundle, error)    // of the cell's files as they are now
	Sealed   func() bool                      // the cell was sealed meanwhile
	Told     func(format string, args ...any) // says who came; one line each
	Log      *slog.Logger

	mu     sync.Mutex // of what follows, and of what waits
	bundle config.Bundle
	read   time.Time
	wrong  error
	web    *crowd
}

// Bounds of the door.
const (
	filesFresh  = time.Second      // how long compiled files are taken for those of now
	sealedEvery = time.Second      // how often it is looked whether the cell was sealed
	doorLongest = 30 * time.Second // of one exchange
)

// Listen begins to listen and says where. Nothing is answered before Serve.
func (d *Door) Listen() (string, error) {
	web, err := net.Listen("tcp", d.Settings.Listen)
	if err != nil {
		return "", fmt.Errorf("cannot listen: %w", err)
	}
	d.web = newCrowd(web, d.Settings.Limits.OrDefault().Connections)
	return web.Addr().String(), nil
}

// ServerKey is the key that the door shows, as profiles pin it.
func (d *Door) ServerKey() (string, error) {
	return ServerKey(CertificateFiles(d.Settings).Cert)
}

// Serve answers until the cell is sealed, or the context ends, whose error it
// gives.
func (d *Door) Serve(ctx context.Context) error {
	shown, err := certificateNow(d.Settings, d.Log)
	if err != nil {
		return errors.Join(err, d.web.Close())
	}
	front := &http.Server{
		Handler: strictly(shown.Given(), d.handler()), TLSConfig: shown.TLS(), ReadHeaderTimeout: headerLongest, ReadTimeout: doorLongest, WriteTimeout: doorLongest,
		IdleTimeout: idleLongest, MaxHeaderBytes: 32 << 10, ConnState: d.web.watch,
		ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streamsEach},
	}
	looking, enough := context.WithCancel(ctx)
	defer enough()
	go shown.Run(looking)
	ended := make(chan error, 1)
	go func() { ended <- front.ServeTLS(d.web, "", "") }()
	look := time.NewTicker(sealedEvery)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		case <-look.C:
			if !d.Sealed() {
				continue
			}
		}
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), closeLongest)
		defer done()
		err := shut(closing, front)
		<-ended
		return errors.Join(ctx.Err(), err)
	}
}

// allSigned is said when nothing but the seal is missing.
const allSigned = "the cell is not sealed yet, and every founder has signed genesis"

func (d *Door) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+client.JoinPath, d.answering(d.hello))
	mux.HandleFunc("POST "+client.JoinGenesisPath, d.answering(d.files))
	mux.HandleFunc("POST "+client.JoinSignPath, d.answering(d.sign))
	mux.HandleFunc("/", d.answering(func(_ *http.Request, b *config.Bundle, _ []byte) (any, error) {
		if missing, err := d.Kept.Missing(b); err == nil && len(missing) == 0 {
			return nil, &cell.Refusal{Reason: cell.NotSealed, Detail: allSigned}
		}
		return nil, &cell.Refusal{Reason: cell.NotSealed, Detail: "the cell is not sealed yet: every founder must sign genesis first"}
	}))
	return mux
}

// answering reads a body, gives the handler the files of now, and writes what it
// answers. One is answered at a time.
func (d *Door) answering(handle func(*http.Request, *config.Bundle, []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, client.JoinLimit))
		if err != nil {
			d.refuse(w, malformed(fmt.Errorf("the body is too long, or did not come whole")))
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		bundle, err := d.now()
		var out any
		if err == nil {
			out, err = handle(r, bundle, body)
		}
		if err != nil {
			d.refuse(w, err)
			return
		}
		data, err := json.Marshal(out)
		if err != nil {
			d.refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data) // who is gone needs no answer
	}
}

// now compiles the cell's files. Strangers cannot have it done more than once a
// second.
func (d *Door) now() (*config.Bundle, error) {
	if time.Since(d.read) > filesFresh {
		d.bundle, d.wrong = d.Compile()
		d.read = time.Now()
	}
	return &d.bundle, d.wrong
}

func (d *Door) hello(_ *http.Request, b *config.Bundle, _ []byte) (any, error) {
	return client.Greeting(b.Genesis.Origin), nil
}

// files shows genesis to a person of it. The wish names our key: what a person
// signed for another server, or for somebody between us, is of no use here.
func (d *Door) files(_ *http.Request, b *config.Bundle, body []byte) (any, error) {
	var asked client.JoinAsk
	if err := json.Unmarshal(body, &asked, json.RejectUnknownMembers(true)); err != nil {
		return nil, malformed(err)
	}
	wish, err := client.DecodeJoinWish([]byte(asked.Ask))
	if err != nil {
		return nil, malformed(err)
	}
	key, err := d.ServerKey()
	if err != nil {
		return nil, err
	}
	if wish.Cell != b.Genesis.Origin || wish.ServerKey != key {
		return nil, &cell.Refusal{Reason: cell.WrongLedger, Detail: "this was signed for another server"}
	}
	people, err := b.Genesis.Check()
	if err != nil {
		return nil, err
	}
	who, err := sshsig.Verify(asked.Signature.SSHSig, client.JoinNamespace, []byte(asked.Ask))
	if err != nil {
		return nil, malformed(err)
	}
	if owner, _ := people.Owner(who.Fingerprint); owner == "" || owner != wish.Person {
		return nil, &cell.Refusal{Reason: cell.UnknownKey, Detail: "the key is none of that person's in cell.yaml"}
	}
	d.Told("%s reads genesis %s.", wish.Person, b.Digest())
	return filesOf(b), nil
}

// sign keeps a founder's signature over the files of now.
func (d *Door) sign(_ *http.Request, b *config.Bundle, body []byte) (any, error) {
	var signed client.FoundingSignature
	if err := json.Unmarshal(body, &signed, json.RejectUnknownMembers(true)); err != nil {
		return nil, malformed(err)
	}
	s := Founding{Statement: []byte(signed.Statement), Signature: signed.Signature}
	decoded, err := statement.Decode(s.Statement)
	if err != nil {
		return nil, malformed(err)
	}
	if found, ok := decoded.Body.(*statement.Found); !ok || found.Genesis != b.Digest() || decoded.Ledger != b.Genesis.Origin {
		return nil, &cell.Refusal{Reason: cell.WrongGenesis, Detail: fmt.Sprintf("what founders sign now is genesis %s", b.Digest())}
	}
	founder, err := checkFounder(b, s)
	if err != nil {
		return nil, &cell.Refusal{Reason: cell.NotFounder, Detail: err.Error()}
	}
	if err := d.Kept.Keep(founder, s); err != nil {
		return nil, err
	}
	missing, err := d.Kept.Missing(b)
	if err != nil {
		return nil, err
	}
	d.Told("%s signed genesis %s. %s", founder, b.Digest(), StillMissing(missing))
	return client.FoundingState{Missing: append([]string{}, missing...)}, nil
}

// StillMissing says whose signatures are missing.
func StillMissing(founders []string) string {
	if len(founders) == 0 {
		return "Every founder has signed."
	}
	return "Still missing: " + strings.Join(founders, ", ") + "."
}

// malformed is a body that cannot be used.
func malformed(err error) error {
	return &cell.Refusal{Reason: "malformed", Detail: err.Error()}
}

// refuse answers with a problem. What is not a refusal is for the log alone.
func (d *Door) refuse(w http.ResponseWriter, err error) {
	p := api.Problem{Title: "the door said no", Status: http.StatusInternalServerError, Reason: "internal", Detail: "the server cannot read the cell's files: whoever runs it finds more in its log"}
	var no *cell.Refusal
	switch {
	case errors.As(err, &no) && no.Reason == cell.NotSealed:
		p.Status, p.Hint = http.StatusConflict, "every founder must sign genesis first: halligan join"
	case errors.As(err, &no):
		p.Status = http.StatusForbidden
	default:
		d.Log.Error("a founder could not be served", "error", err)
	}
	if no != nil && no.Detail == allSigned {
		p.Hint = "the server's owner runs halligan init seal there"
	}
	if no != nil {
		p.Reason, p.Detail = string(no.Reason), no.Detail
	}
	p.Type = "urn:halligan:problem:" + p.Reason
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(canon.MustEncode(p)) // who is gone needs no answer
}
