package cli

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// lending is how a command is to have a session.
type lending struct {
	fixed bool // in its environment
	renew bool // also where that is done by nobody unless somebody says so
}

// lendTo is a session of an account for one command: behind a counter that the
// command's programs ask on loopback, or, fixed, in its environment.
func (m *member) lendTo(h *holder, open access.Open, how lending) (job, error) {
	account, err := wanted(open, "--env", "--renew")
	if err != nil {
		return job{}, err
	}
	if how.renew && !account.Root {
		return job{}, failf(exitUsage, "the keys of %s are renewed anyway: --renew is for a root user's task", account.Name).or("leave it out")
	}
	first, err := whenOpen(m, h, account.Name, func() (*loan, error) { return m.borrow(h, account, false) })
	if err != nil {
		return job{}, err
	}
	if text := first.uncosigned(); text != "" {
		m.c.tell("%s", text)
	}
	j := job{target: account.Name, command: shell(), signals: []os.Signal{syscall.SIGTERM, os.Kill}, fixed: how.fixed || account.Root && !how.renew}
	if how.fixed {
		m.c.tell("The keys are good until %s, and not renewed.", clockText(first.ends))
		j.held, j.environment = handful{first}, lentEnvironment(os.Environ(), first.region, first.variables()...)
		return j, nil
	}
	if j.fixed {
		m.c.tell("A session of a root user, good until %s. It is not renewed; --renew has it renewed while the grant lives.", clockText(first.ends))
	}
	at, err := newCounter(first)
	if err != nil {
		return job{}, err
	}
	j.held, j.environment = at, lentEnvironment(os.Environ(), first.region, at.variables()...)
	return j, nil
}

// handful is a session in the environment of a command. It is not renewed.
type handful struct{ loan *loan }

func (f handful) ends() canon.Time             { return f.loan.ends }
func (f handful) renew(*member, *holder) error { return errNotHeld }
func (f handful) remove()                      {}

// counter hands a session to the programs of one command, which know the password
// from their environment: the way in which programs in containers are given theirs
// (AWS_CONTAINER_CREDENTIALS_FULL_URI). They ask again before it is over, and get
// the one that it was renewed by.
type counter struct {
	listener net.Listener
	server   *http.Server
	password string
	account  lender

	mu   sync.Mutex
	loan *loan // nil: nothing is handed out any more
	last canon.Time
}

// askedLongest bounds one question at the counter.
const askedLongest = 10 * time.Second

func newCounter(first *loan) (*counter, error) {
	var secret [32]byte
	rand.Read(secret[:])
	c := &counter{password: hex.EncodeToString(secret[:]), account: first.target, loan: first, last: first.ends}
	var err error
	if c.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, because(exitInternal, err, "cannot listen for the command's programs").or("halligan exec … --env gives the command the keys themselves")
	}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: askedLongest, ReadTimeout: askedLongest, WriteTimeout: askedLongest, MaxHeaderBytes: 16 << 10}
	go func() { _ = c.server.Serve(c.listener) }() // until remove closes it
	return c, nil
}

const counterPath = "/credentials"

// handed is a session as programs take it from a container's endpoint.
type handed struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
}

// ServeHTTP answers whoever knows the password, at the address that they were
// given: a page in a browser can name neither.
func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	asked := []byte(r.Header.Get("Authorization"))
	switch {
	case r.Host != c.listener.Addr().String(), r.Method != http.MethodGet, r.URL.Path != counterPath:
		http.Error(w, "not found", http.StatusNotFound)
		return
	case subtle.ConstantTimeCompare(asked, []byte(c.password)) != 1:
		http.Error(w, "the authorization token is another", http.StatusForbidden)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loan == nil {
		http.Error(w, "the access ended", http.StatusForbidden)
		return
	}
	s := c.loan.process()
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, handed{s.AccessKeyID, s.SecretAccessKey, s.SessionToken, s.Expiration}) // or it went away
}

func (c *counter) ends() canon.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *counter) renew(m *member, h *holder) error {
	l, err := m.borrow(h, c.account, false)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loan == nil { // it ended while this one was on its way
		l.session.Wipe()
		return errNotHeld
	}
	c.loan.session.Wipe()
	c.loan, c.last = l, l.ends
	return nil
}

func (c *counter) remove() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loan != nil {
		c.loan.session.Wipe()
		c.loan = nil
	}
	_ = c.server.Close()
}

func (c *counter) variables() []variable {
	return append([]variable{
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + c.listener.Addr().String() + counterPath},
		{"AWS_CONTAINER_AUTHORIZATION_TOKEN", c.password},
	}, direct()...)
}

// direct keeps a person's proxy out of what is asked at the counter: it would be told
// the password, and, on this machine, see the keys. Whom it spares otherwise stays.
func direct() []variable {
	const here = "127.0.0.1"
	upper, lower := os.Getenv("NO_PROXY"), os.Getenv("no_proxy")
	spared := func(first, second string) string {
		switch own := cmp.Or(first, second); own {
		case "":
			return here
		case "*":
			return own
		default:
			return own + "," + here
		}
	}
	return []variable{{"NO_PROXY", spared(upper, lower)}, {"no_proxy", spared(lower, upper)}}
}

// ownWays are the variables by which programs find credentials of a person's own.
// None of them reaches the command: what it does is to be done as this grant, or
// not at all.
var ownWays = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION",
	"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CREDENTIAL_FILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
}

// lentEnvironment is an environment with what is lent, and without every other way
// to a credential: files of profiles stand before a container's endpoint with most
// programs, and the machine's own role behind it. A region that was chosen stays.
func lentEnvironment(own []string, region string, lent ...variable) []string {
	chosen := false
	var all []string
	for _, line := range own {
		name, value, _ := strings.Cut(line, "=")
		if slices.Contains(ownWays, name) || strings.HasPrefix(name, "AWS_BEARER_TOKEN_") {
			continue
		}
		chosen = chosen || value != "" && (name == "AWS_REGION" || name == "AWS_DEFAULT_REGION")
		all = append(all, line)
	}
	lent = append([]variable{
		{"AWS_CONFIG_FILE", os.DevNull}, {"AWS_SHARED_CREDENTIALS_FILE", os.DevNull}, {"AWS_EC2_METADATA_DISABLED", "true"},
	}, lent...)
	if !chosen {
		lent = append(lent, regions(region)...)
	}
	for _, v := range lent {
		if chosen && (v.name == "AWS_REGION" || v.name == "AWS_DEFAULT_REGION") {
			continue
		}
		all = append(all, v.String())
	}
	return all
}

// shell is the person's own.
func shell() []string {
	if own := os.Getenv("SHELL"); own != "" {
		return []string{own}
	}
	return []string{"/bin/sh"}
}
