package config

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Server are the settings of one server. They are its own: nothing of them is
// signed, and they can change nothing of what a scenario means.
type Server struct {
	Listen        string   // host:port of pages and API
	MetricsListen string   // host:port of metrics and health, always loopback
	Names         []string // further host names that it is called by, lower-case
	Proxies       Proxies
	DataFolder    string // absolute
	KeysFolder    string // absolute; the server's private keys
	HighWater     string // absolute; the file of the highest size and root, outside of DataFolder
	TLS           TLS    // the zero value asks for a local certificate
	Webhooks      map[string]Webhook
	Mail          map[string]Mail
	SNS           map[string]SNS
	Programs      map[string]Program
	Witnesses     map[string]string // name of a witness → its address
	Networks      map[string]Network
	Trackers      map[string]Tracker
	Endpoints     map[string]string // service of AWS → another address than its own
	OIDC          *Provider         // nil: nobody signs in at an identity provider
	Limits        Limits
}

// TLS names the files of a certificate, absolute.
type TLS struct{ Cert, Key string }

// Webhook is where alarms of one channel go.
type Webhook struct {
	URL    string
	Secret Secret
}

// Limits protect the server from those who ask. None of them keeps a statement
// of anybody else out, and none counts stop, release, withdraw, decision or
// attest.
type Limits struct {
	Connections         int // open at a time, of all addresses
	Streams             int // live views at a time
	RequestsPerMinute   int // reads of one person; attempts of one address that prove nothing
	StatementsPerMinute int // of one person and kind, of the kinds that begin something
}

// LimitsDefault is what server.yaml need not say.
var LimitsDefault = Limits{Connections: 1024, Streams: 256, RequestsPerMinute: 6000, StatementsPerMinute: 60}

// OrDefault fills in what is not given.
func (l Limits) OrDefault() Limits {
	for _, limit := range []struct {
		to    *int
		usual int
	}{
		{&l.Connections, LimitsDefault.Connections},
		{&l.Streams, LimitsDefault.Streams},
		{&l.RequestsPerMinute, LimitsDefault.RequestsPerMinute},
		{&l.StatementsPerMinute, LimitsDefault.StatementsPerMinute},
	} {
		if *limit.to == 0 {
			*limit.to = limit.usual
		}
	}
	return l
}

// The addresses that a server listens on if server.yaml does not say.
const (
	ListenDefault        = "127.0.0.1:7878"
	MetricsListenDefault = "127.0.0.1:7879"
)

// Secret is a secret that does not print itself.
type Secret struct{ key []byte }

// Key is the secret. Do not keep or print it.
func (s Secret) Key() []byte { return s.key }

// String hides the secret.
func (s Secret) String() string { return "[secret]" }

// GoString hides the secret.
func (s Secret) GoString() string { return "[secret]" }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// LoadServer reads server.yaml, the secrets that it names, and fills in what it
// does not say. Relative paths are below its folder. A missing file means every
// default. It fails with a BrokenError.
func LoadServer(name string) (Server, []Problem, error) {
	data, err := readServerFile(name)
	if errors.Is(err, os.ErrNotExist) {
		data = []byte("listen: " + ListenDefault + "\n")
	} else if err != nil {
		problem := Problem{File: ServerFile, What: "cannot be read: " + reason(err).Error(), Mend: "make it readable for the server", Severity: Error}
		return Server{}, nil, &BrokenError{[]Problem{problem}}
	}
	server, problems := ParseServer(data, filepath.Dir(name))
	if HasErrors(problems) {
		return Server{}, nil, &BrokenError{problems}
	}
	return server, problems, nil
}

func readServerFile(name string) ([]byte, error) {
	return readFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
}

// ParseServer is LoadServer of the file's bytes; folder is the one it lies in.
func ParseServer(data []byte, folder string) (Server, []Problem) {
	f := &findings{}
	facts := readServer(f, data, folder)
	if facts == nil {
		return Server{}, f.sorted()
	}
	return facts.out, f.sorted()
}

// serverFacts is server.yaml as far as it could be read.
type serverFacts struct {
	*findings
	file   *serverFile
	folder string
	out    Server
}

func readServer(f *findings, data []byte, folder string) *serverFacts {
	root := parse(ServerFile, data, f)
	if root == nil {
		return nil
	}
	if absolute, err := filepath.Abs(folder); err == nil {
		folder = absolute
	}
	s := &serverFacts{findings: f, file: &serverFile{}, folder: folder}
	readValue(f, root, reflect.ValueOf(s.file).Elem())
	s.listen()
	s.hostNames()
	s.proxies()
	s.data()
	s.tls()
	s.webhooks()
	s.mail()
	s.topics()
	s.programs()
	s.witnessed()
	s.networks()
	s.trackers()
	s.endpoints()
	s.provider()
	s.limits()
	return s
}

func (s *serverFacts) listen() {
	s.out.Listen, s.out.MetricsListen = ListenDefault, MetricsListenDefault
	if w := s.file.Listen; w.text != "" {
		checkListen(s.findings, w)
		s.out.Listen = w.text
	}
	if w := s.file.MetricsListen; w.text != "" {
		checkListen(s.findings, w)
		s.out.MetricsListen = w.text
		if name, _, err := net.SplitHostPort(w.text); err == nil && !loopback(name) {
			s.errorf(w.at, "use 127.0.0.1, [::1] or localhost: metrics and health have no sign-in", "metrics_listen must be loopback, is %s", show(w.text))
		}
	}
	if s.out.Listen == s.out.MetricsListen && !strings.HasSuffix(s.out.Listen, ":0") {
		s.errorf(s.file.MetricsListen.orElse(s.file.Listen).at, "choose another port", "listen and metrics_listen are the same: %s", show(s.out.Listen))
	}
}

func (w word) orElse(other word) word {
	if w.given() {
		return w
	}
	return other
}

// checkListen demands host:port; the port may be 0, which the system chooses.
func checkListen(f *findings, w word) {
	if name, port, err := net.SplitHostPort(w.text); err == nil && port == "0" && name != "" {
		return
	}
	checkAddress(f, w)
}

func loopback(name string) bool {
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func (s *serverFacts) data() {
	d := s.file.Data
	s.out.DataFolder = s.path(d.Folder, "data")
	s.out.KeysFolder = s.path(d.Keys, "keys")
	s.out.HighWater = s.path(d.HighWater, "high-water")
	if within(s.out.HighWater, s.out.DataFolder) {
		s.errorf(d.HighWater.orElse(d.Folder).at, "put it on another disk: it tells that an older copy of the data was brought back", "high_water lies in the data folder")
	}
	if within(s.out.KeysFolder, s.out.DataFolder) {
		s.errorf(d.Keys.orElse(d.Folder).at, "put them beside it: copies of the data go where keys must not", "keys lie in the data folder")
	}
}

func within(name, folder string) bool {
	relative, err := filepath.Rel(folder, name)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// path is where a file lies.
func (s *serverFacts) path(w word, otherwise string) string {
	name := w.text
	if name == "" {
		name = otherwise
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(s.folder, name)
}

func (s *serverFacts) limits() {
	s.out.Limits = LimitsDefault
	for _, limit := range []struct {
		name  string
		given count
		to    *int
	}{
		{"connections", s.file.Limits.Connections, &s.out.Limits.Connections},
		{"streams", s.file.Limits.Streams, &s.out.Limits.Streams},
		{"requests_per_minute", s.file.Limits.RequestsPerMinute, &s.out.Limits.RequestsPerMinute},
		{"statements_per_minute", s.file.Limits.StatementsPerMinute, &s.out.Limits.StatementsPerMinute},
	} {
		if !limit.given.given {
			continue
		}
		if limit.given.n < 1 || limit.given.n > 1_000_000 {
			s.errorf(limit.given.at, boundsMend, "%s must be 1 to 1000000, is %d", limit.name, limit.given.n)
		}
		*limit.to = limit.given.n
	}
}

// decodeSecret reads a webhook secret in the form of Standard Webhooks.
func decodeSecret(text string) (Secret, bool) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), "whsec_")
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return Secret{key}, ok && err == nil && len(key) >= 24 && len(key) <= 64
}
