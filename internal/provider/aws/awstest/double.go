package awstest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Role is a role of an account, with what its trust demands.
type Role struct {
	ARN        string
	Audience   string   // of web identity tokens
	Subjects   []string // any of these, exactly
	Sources    string   // what a source identity begins with
	Strengths  []string // any of these as the tag halligan-strength; none: it is not asked for
	ExternalID string   // of callers with keys of their own; empty: there is no such door
	Allows     []string // actions; a * at the end stands for any
}

// Session is a role's session as STS began it.
type Session struct {
	Role, Name, Source string
	Tags               map[string]string
	Policy             string
	Key, Secret, Token string
	Begun, Until       time.Time
	Timed              bool   // the call named a duration
	Issuer             string // empty: by an external id, or of a root user
	Root, Task         string // of a root user: its account, and the task
}

// Call is one request that arrived.
type Call struct {
	Kind, Region, Action string
	By                   string // name of the session that signed it
	Body                 string
	Referer              string // that a browser sent
}

// How is how a call fails.
type How string

// The ways to fail. Any other is the name of an error that is answered.
const (
	Down  How = "down"  // the connection ends, and nothing happened
	Lost  How = "lost"  // it happens, and then the connection ends
	Hangs How = "hangs" // nothing is answered
)

// Fault spoils calls. Empty members fit every call.
type Fault struct {
	Kind, Region, Action string
	Body                 string // what stands in the call's body
	How                  How
	Times                int // calls; 0: until Mend
}

// Judge hears what the double cannot understand: a test.
type Judge interface {
	Error(args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// Double is AWS. Make it with New.
type Double struct {
	t      Judge
	server *httptest.Server
	done   chan struct{}

	mu       sync.Mutex
	now      func() time.Time
	issuers  map[string]func() ([]byte, error)
	roles    map[string]Role
	attached map[string][]string // role → policies
	sessions map[string]*Session // by key id
	users    map[string]string   // key id → secret, of long-lived keys
	members  []string            // accounts whose root users may be become
	visits   []Visit
	signIns  map[string]*Session // by sign-in token
	iam      iamUsers
	secrets  map[string]map[string]*version // region/name → version
	faults   []*Fault
	latency  time.Duration
	calls    []Call
	serial   int
	lie      func(*Session)
	center   center
	runs     automations
	policies map[string]scp // service control policies, by id

	described map[string]string // action of IAM → result, for sessions that read
}

// New starts a double that ends with the test.
func New(t Judge) *Double {
	d := &Double{
		t: t, done: make(chan struct{}), now: time.Now, issuers: map[string]func() ([]byte, error){}, roles: map[string]Role{},
		attached: map[string][]string{}, sessions: map[string]*Session{}, users: map[string]string{}, signIns: map[string]*Session{},
		iam: iamUsers{keys: map[string][]*UserKey{}, profiles: map[string]*profile{}}, secrets: map[string]map[string]*version{}, described: map[string]string{},
	}
	d.server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(func() {
		close(d.done)
		d.server.Close()
	})
	return d
}

// Endpoints are the addresses of its services, in the form of the server's settings.
func (d *Double) Endpoints() map[string]string {
	e := map[string]string{"probe": d.server.URL + "/probe/{region}/{service}"}
	for _, kind := range []string{"sts", "iam", "ssm", "sso", "signin", "secretsmanager", "events", "sns", "organizations"} {
		e[kind] = d.server.URL + "/" + kind + "/{region}"
	}
	return e
}

// SetClock gives it another clock than this machine's.
func (d *Double) SetClock(now func() time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
}

// AddIssuer registers an issuer; keys is asked for its JWKS at each token, and its
// error is one of the way there.
func (d *Double) AddIssuer(url string, keys func() ([]byte, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.issuers[url] = keys
}

// RemoveIssuer takes its registration away.
func (d *Double) RemoveIssuer(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.issuers, url)
}

// AddRole makes a role, or replaces it.
func (d *Double) AddRole(r Role) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.roles[r.ARN] = r
}

// AddUser makes keys of an IAM user.
func (d *Double) AddUser(key, secret string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users[key] = secret
}

// AddMember enables root sessions in a member account.
func (d *Double) AddMember(number string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members = append(d.members, number)
}

// Break spoils calls from now on.
func (d *Double) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, &f)
}

// SetLatency has every answer come so much later.
func (d *Double) SetLatency(late time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency = late
}

// Mend ends every fault, and lies.
func (d *Double) Mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults, d.lie = nil, nil
}

// Lie has STS answer with something else than the session that it began.
func (d *Double) Lie(change func(*Session)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lie = change
}

// Attach attaches a policy to a role by another hand than the stopper's.
func (d *Double) Attach(role, policy string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attach(role, policy)
}

// Attached lists the policies that are attached to a role.
func (d *Double) Attached(role string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.attached[role])
}

// Sessions lists every session that STS began, oldest first.
func (d *Double) Sessions() []Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Session, 0, len(d.sessions))
	for _, s := range d.sessions {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Session) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// Calls lists what arrived, with the name of its action.
func (d *Double) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// serve takes one call, and fails as it is told to.
func (d *Double) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 4)
	if len(parts) < 2 {
		http.NotFound(w, r)
		return
	}
	c := &request{d: d, r: r, body: body, kind: parts[0], region: parts[1]}
	if c.kind == "probe" && len(parts) > 2 {
		c.service = parts[2]
	}
	c.action = c.name()
	d.mu.Lock()
	d.calls = append(d.calls, Call{c.kind, c.region, c.action, d.who(r), string(body), r.Referer()})
	how, late := d.spoilt(c), d.latency
	d.mu.Unlock()
	time.Sleep(late)
	switch how {
	case Down:
		cut(w)
	case Hangs:
		select {
		case <-r.Context().Done():
		case <-d.done:
		}
	case Lost:
		c.answer(httptest.NewRecorder())
		cut(w)
	case "":
		c.answer(w)
	default:
		c.fail(w, refusal{http.StatusBadRequest, string(how)})
	}
}

// spoilt tells how a call shall fail.
func (d *Double) spoilt(c *request) How {
	for i, f := range d.faults {
		if f.Kind != "" && f.Kind != c.kind || f.Region != "" && f.Region != c.region || f.Action != "" && f.Action != c.action || !strings.Contains(string(c.body), f.Body) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				d.faults = slices.Delete(d.faults, i, i+1)
			}
		}
		return f.How
	}
	return ""
}

func cut(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// next makes a name that is used once.
func (d *Double) next(prefix string) string {
	d.serial++
	return fmt.Sprintf("%s%012d", prefix, d.serial)
}

func (d *Double) attach(role, policy string) {
	if !slices.Contains(d.attached[role], policy) {
		d.attached[role] = append(d.attached[role], policy)
	}
}
