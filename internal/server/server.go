package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/certificate"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/provider"
	execprovider "github.com/halligan-dev/halligan/internal/provider/exec"
	sshprovider "github.com/halligan-dev/halligan/internal/provider/ssh"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/web"
	"github.com/halligan-dev/halligan/internal/witness"
)

// Options is what a server is made of besides its files.
type Options struct {
	Settings config.Server
	Anchor   ledger.Anchor // of the sealed cell
	Version  string
	Log      *slog.Logger
	Wall     broker.Wall // nil: time.Now
	// Hosts opens and probes SSH hosts; nil: with certificates of the cell's authority.
	Hosts provider.Provider
	// Agree is asked before anybody is served, once the ledger was read: it refuses
	// to run on files that say something else. Nil: nobody is asked.
	Agree func(InForce) error
}

// Server is one cell, running.
type Server struct {
	Options
	keys      *Keys
	store     *sqlite.Store
	broker    *broker.Broker
	scheduler *scheduler.Scheduler
	mark      *highWater
	api       http.Handler
	live      *api.Live
	monitor   *api.Monitor
	web       *crowd
	watch     net.Listener
	alarms    []interface{ Close() } // what keeps connections to receivers of alarms
	circle    *witness.Circle        // nil when the cell has no witnesses
	shown     *certificate.Shown
	idp       api.Provider // nil: nobody signs in at one
}

// Timeouts of the listeners: how long a caller may take for a header, and how
// long a connection may idle. Handlers bound themselves.
const (
	headerLongest = 10 * time.Second
	idleLongest   = 2 * time.Minute
	closeLongest  = 10 * time.Second
	streamsEach   = 32 // requests at a time on one connection
)

// These lie beside the database: which sessions were ended before their time, those
// that an identity provider opened, invitations and offers, and code devices.
const (
	endedFile    = "ended-sessions.json"
	providedFile = "provider-sessions.json"
	enrolFile    = "enrolments.json"
	codesFolder  = "codes"
)

// Open loads the cell and listens; nothing is answered before Serve.
func Open(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	s := &Server{Options: o}
	s.Settings.Limits = o.Settings.Limits.OrDefault()
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.keys, err = OpenKeys(o.Settings.KeysFolder); err != nil {
		return nil, err
	}
	if s.shown, err = certificateNow(o.Settings, o.Log); err != nil {
		return nil, err
	}
	if s.idp, err = s.provider(); err != nil {
		return nil, err
	}
	if s.store, err = sqlite.Open(o.Settings.DataFolder, sqlite.Options{Space: s.space}); err != nil {
		return nil, err
	}
	followed := s.Anchor
	followed.Successors = successors(ctx, s.store) // proveLive proves them
	if err := s.signedHead(ctx, followed); err != nil {
		return nil, err
	}
	s.mark = &highWater{path: o.Settings.HighWater}
	marked, err := s.mark.check(ctx, s.store, s.rootAt(ctx))
	if err != nil {
		return nil, err
	}
	// What is live is proved while the rooms are made: both read, and nobody is
	// answered, minted for or told anything before both are done.
	proved := make(chan error, 1)
	go func() { proved <- proveLive(ctx, s.store, followed, marked) }()
	wired := s.wire(ctx)
	if err := <-proved; err != nil {
		return nil, err
	}
	if wired != nil {
		return nil, wired
	}
	return s, s.listen()
}

// space tells of the reserve that is kept for a full disk.
func (s *Server) space(space sqlite.Space) {
	s.Log.Warn("the reserve for a full disk changed", "reserve", space)
}

// signedHead demands that the ledger key signed the head that is stored: what was
// added by somebody who has the database and not the key is not signed over.
func (s *Server) signedHead(ctx context.Context, anchor ledger.Anchor) error {
	head, err := s.store.Head(ctx)
	if err != nil || head.Size == 0 {
		return err
	}
	signed, err := anchor.OpenIn(head.Checkpoint)
	if err == nil && (signed.Size != head.Size || signed.Root != head.Root) {
		err = fmt.Errorf("it is of size %d and root %s", signed.Size, signed.Root)
	}
	if err != nil {
		return fmt.Errorf("%w: size %d and root %s: %w", ErrUnsigned, head.Size, head.Root, err)
	}
	return nil
}

// ErrUnsigned says that the stored head is not what the ledger key signed.
var ErrUnsigned = errors.New("the stored checkpoint is not of the stored head; halligan fsck tells more")

func (s *Server) rootAt(ctx context.Context) func(int64) (canon.Digest, error) {
	return func(size int64) (canon.Digest, error) {
		root, err := ledger.RootAt(size, func(level int, index int64) ([]byte, error) { return s.store.Tile(ctx, level, index) })
		return canon.Digest(root), err
	}
}

// wire makes the rooms and hands them to each other.
func (s *Server) wire(ctx context.Context) error {
	world := &following{}
	s.live = api.NewLive(s.store, s.Log)
	s.live.Later()
	s.monitor = api.NewMonitor(s.live)
	work := &works{
		origin: s.Anchor.Origin, world: world, log: s.store, tiles: s.store, channels: map[string]sink{}, repeats: newRepeats(time.Now),
		broker: func() *broker.Broker { return s.broker },
	}
	if err := s.sinks(work.channels); err != nil {
		return err
	}
	opened, err := s.providers(work)
	if err != nil {
		return err
	}
	follow := []broker.Follower{world, s.live, s.mark, &sweeping{percent: seldom}}
	if err := s.gather(ctx); err != nil {
		return err
	}
	if s.circle != nil {
		work.circle, follow = s.circle, append(follow, grown{s.circle, s.Wall})
	}
	s.scheduler = scheduler.New(work.table(), s.Log, mathrand.Float64)
	s.broker, err = broker.Open(ctx, s.keys.signing(broker.Options{
		Origin: s.Anchor.Origin, Store: s.monitor.Timed(s.store), Beside: s.store, Tiles: s.store, Check: verify.Signatures{}, Minter: s.keys.Authority, Sessions: opened, Wall: s.Wall, Rand: random,
		Follow: append(follow, s.scheduler), Cosigned: s.cosigned(),
		Often: s.Settings.Limits.StatementsPerMinute,
	}))
	if err != nil {
		return s.keys.missing(err)
	}
	if genesis := world.genesis(); genesis == nil || genesis.Ledger != s.Anchor.LedgerKeys[0] || genesis.Policy().String() != s.Anchor.Policy().String() {
		return errors.New("the ledger is not that of the anchor; halligan init seal begins one")
	}
	if s.Agree != nil {
		if err := s.Agree(InForce{Genesis: world.genesis(), Document: world.law.Load().document, former: s.former(ctx)}); err != nil {
			return err
		}
	}
	reports := &hosts{
		origin: s.Anchor.Origin, check: verify.Signatures{}, turns: s.broker.Turns, world: world, tasks: s.scheduler, effect: s.broker,
		signer: s.keys.Revocations, heard: map[string]heard{}, yielding: make(chan struct{}, yieldingAtOnce),
	}
	s.monitor.Watch(s.broker, s.witnesses())
	s.monitor.Certify(s.shown)
	s.api = api.New(api.Options{
		Broker: s.broker, Ledger: s.broker, Read: s.store, Live: s.live, Revocations: reports, Hosts: reports,
		Anchor: s.Anchor, SessionKey: s.keys.Session, Version: s.Version, Log: s.Log, Monitor: s.monitor, Names: s.names(),
		Rate: api.PerMinute(s.Settings.Limits.RequestsPerMinute), Streams: s.Settings.Limits.Streams, Witnesses: s.witnesses(),
		Pages: s.pages, Serves: web.Serves,
		Turns: s.broker.Turns, EndedFile: filepath.Join(s.Settings.DataFolder, endedFile),
		Certificate: s.shown, Unready: opened.trouble, Found: work.beside, Looker: &looker{aws: opened.AWS, world: work.world, now: s.broker.Now}, Proxies: api.Proxies(s.Settings.Proxies), Enrol: s.enrolments(), Codes: s.codes(),
		Provider: s.idp, ProvidedFile: filepath.Join(s.Settings.DataFolder, providedFile),
	})
	return nil
}

// providers are those that open and shut what grants are for.
func (s *Server) providers(work *works) (*accounts, error) {
	now := func() canon.Time { return s.broker.Now() }
	if work.ssh = s.Hosts; work.ssh == nil {
		work.ssh = &sshprovider.SSH{Signer: s.keys.Authority, Rand: rand.Reader, Now: now}
	}
	work.exec = execprovider.New(programs(s.Settings.Programs), now)
	work.lookout = lookoutOf(s.Settings)
	opened, err := s.openAccounts(work.world)
	work.aws, work.stopped = opened, func(account, role string, slot int) bool { return s.live.View().SlotStopped(account, role, slot) }
	if opened != nil {
		work.center, work.runs, work.notes = opened.Center(), opened.Automation(), s.Log
	}
	work.held = func(keyID string) bool { return s.live.View().LeaseHeld(keyID) }
	work.executions = func() []*access.Request { return s.live.View().Executions() }
	work.denials = func() denialView { return s.live.View() }
	work.needed = func(a access.Assignment) bool { return s.live.View().AssignmentNeeded(a) }
	return opened, err
}

// pages are what people look at, over what the API answers.
func (s *Server) pages(inside http.Handler) http.Handler {
	return web.New(web.Options{API: inside, Name: s.Anchor.Origin, Log: s.Log, SecretIn: config.SecretIn, Now: func() time.Time { return s.broker.Now().Std() }})
}

// sinks makes the channels of alarms.
func (s *Server) sinks(into map[string]sink) error {
	for channel, hook := range s.Settings.Webhooks {
		made, err := alert.NewWebhook(channel, hook.URL, hook.Secret.Key(), nil)
		if err != nil {
			return fmt.Errorf("cannot use channel %s: %w", channel, err)
		}
		into[channel] = made
		s.alarms = append(s.alarms, made)
	}
	for channel, mail := range s.Settings.Mail {
		made, err := alert.NewMail(channel, alert.MailServer{
			Server: mail.Server, TLS: alert.MailTLS(mail.TLS), From: mail.From, To: mail.To, Username: mail.Username,
		}, mail.Password.Key(), nil)
		if err != nil {
			return fmt.Errorf("cannot use channel %s: %w", channel, err)
		}
		into[channel] = made
	}
	return s.topics(into)
}

// names are the host names that callers may use, so that a page elsewhere cannot
// reach the server by a name that it made point here. The address that a request
// came in at is one as well, whatever is listened on.
func (s *Server) names() []string {
	names := append([]string{s.Anchor.Origin, "localhost", "127.0.0.1", "::1"}, s.Settings.Names...)
	host, _, err := net.SplitHostPort(s.Settings.Listen)
	if address := net.ParseIP(host); err == nil && host != "" && (address == nil || !address.IsUnspecified()) {
		names = append(names, host)
	}
	return names
}

func (s *Server) listen() error {
	web, err := net.Listen("tcp", s.Settings.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	s.web = newCrowd(web, s.Settings.Limits.Connections)
	if s.watch, err = net.Listen("tcp", s.Settings.MetricsListen); err != nil {
		return fmt.Errorf("cannot listen for metrics: %w", err)
	}
	return nil
}

// Addresses are where the API and the metrics listen.
func (s *Server) Addresses() (web, metrics string) {
	return s.web.Addr().String(), s.watch.Addr().String()
}

// Serve answers until the context ends or a part fails, and then closes
// everything: commands that were taken are finished first.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errorLog := slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)
	front := &http.Server{
		Handler: strictly(s.shown.Given(), s.api), TLSConfig: s.shown.TLS(), ReadHeaderTimeout: headerLongest, IdleTimeout: idleLongest, MaxHeaderBytes: 32 << 10,
		ErrorLog: errorLog, ConnState: s.web.watch, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: streamsEach},
	}
	back := &http.Server{Handler: s.monitor.Handler(), ReadHeaderTimeout: headerLongest, IdleTimeout: idleLongest, ErrorLog: errorLog}
	var parts sync.WaitGroup
	run := func(name string, part func() error) {
		parts.Add(1)
		go func() {
			defer parts.Done()
			if err := part(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		}()
	}
	run("api", func() error { return front.ServeTLS(s.web, "", "") })
	run("metrics", func() error { return back.Serve(s.watch) })
	if s.circle != nil {
		run("witnesses", func() error { s.circle.Run(ctx); return nil })
	}
	run("certificate", func() error { s.shown.Run(ctx); return nil })
	run("high-water mark", func() error { return s.mark.run(ctx) })
	run("looking back", func() error {
		defer collectSeldom()
		s.live.Remember()
		if err := s.live.LookBack(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("older entries were not read: of some keys it is not known when they signed", slog.Any("error", err))
		}
		return nil
	})
	run("tasks", func() error {
		if s.live.Whole(ctx) == nil { // what is done outside asks the view
			s.scheduler.Run(ctx, s.broker)
		}
		return nil
	})
	run("broker", func() error { return s.broker.Wait(ctx) })
	<-ctx.Done()
	s.live.Close()
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), closeLongest)
	defer done()
	failed := errors.Join(shut(closing, front), shut(closing, back))
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		failed = errors.Join(cause, failed)
	}
	return errors.Join(failed, s.close())
}

// shut lets a listener's callers finish, and cuts off those who do not.
func shut(ctx context.Context, h *http.Server) error {
	if err := h.Shutdown(ctx); err != nil {
		return h.Close()
	}
	return nil
}

// close ends what Open began, in the opposite order.
func (s *Server) close() error {
	var failed []error
	var listeners []net.Listener
	if s.web != nil {
		listeners = append(listeners, s.web)
	}
	if s.watch != nil {
		listeners = append(listeners, s.watch)
	}
	for _, l := range listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			failed = append(failed, err)
		}
	}
	if s.broker != nil {
		s.broker.Close()
	}
	for _, channel := range s.alarms {
		channel.Close()
	}
	if s.store != nil {
		failed = append(failed, s.store.Close())
	}
	return errors.Join(failed...)
}
