package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// symptomFile is what can be seen to be wrong when an emergency is real.
type symptomFile struct {
	Mark
	Name     word `yaml:"name,required"`
	TCP      word `yaml:"tcp"`
	HTTPS    word `yaml:"https"`
	Incident word `yaml:"incident"`
}

func (*symptomFile) planned() []string { return []string{"dns", "program", "metric"} }

// networkFile is a way out of the server.
type networkFile struct {
	Mark
	From    word `yaml:"from"`
	Proxy   word `yaml:"proxy"`
	Control word `yaml:"control,required" mend:"write host:port of something that has nothing to do with your emergencies, such as a public name server on port 53"`
}

func (*networkFile) planned() []string { return []string{"interface", "namespace", "probe"} }

// trackerFile is where incidents are asked for.
type trackerFile struct {
	Mark
	URL               word   `yaml:"url,required"`
	AuthorizationFile word   `yaml:"authorization_file"`
	Member            word   `yaml:"member"`
	Open              []word `yaml:"open"`
}

func (*trackerFile) planned() []string { return []string{"headers", "ca"} }

// Network is one of the networks that symptoms are looked at from.
type Network struct {
	From    netip.Addr // zero: whichever address the system takes
	Proxy   *url.URL   // nil: none
	Control string     // host:port
}

// Tracker is where incidents are asked for.
type Tracker struct {
	URL           string // with {id}
	Authorization Secret
	Member        []string
	Open          []string
}

const symptomMend = "write one of tcp: host:port, https: URL, incident: TRACKER"

// symptoms reads what is looked at when the scenario is asked for.
func (s *scenarioFacts) symptoms() {
	if n := len(s.file.Symptoms); n > access.SymptomsMost {
		s.errorf(s.file.key("symptoms"), "keep those that say most", "symptoms: at most %d, has %d", access.SymptomsMost, n)
	}
	for _, f := range s.file.Symptoms {
		out := access.Symptom{Name: f.Name.text, TCP: f.TCP.text, HTTPS: f.HTTPS.text, Incident: f.Incident.text}
		if !idOf(s.findings, f.Name) {
			continue
		}
		if slices.ContainsFunc(s.out.Symptoms, func(before access.Symptom) bool { return before.Name == out.Name }) {
			s.errorf(f.Name.at, "name each for what it shows", "symptom %s stands twice", showID(out.Name))
		}
		if err := cell.CheckSymptom(out); err != nil {
			s.errorf(f.at, symptomMend, "symptom %s: %v", showID(out.Name), err)
			continue
		}
		if out.Looked() && s.cell != nil && len(s.cell.file.Networks) == 0 {
			s.errorf(f.at, "add networks: [office] to "+CellFile+", and where it is to "+ServerFile, "symptom %s is looked at from nowhere: the cell has no network", showID(out.Name))
		}
		s.out.Symptoms = append(s.out.Symptoms, out)
	}
}

// checkNetworks checks the ids of the networks that the cell looks from.
func (c *cellFacts) checkNetworks(f *findings) {
	if n := len(c.file.Networks); n > access.NetworksMost {
		f.errorf(c.file.key("networks"), "two that fail apart are enough", "networks: at most %d, has %d", access.NetworksMost, n)
	}
	for i, w := range c.file.Networks {
		if idOf(f, w) && slices.ContainsFunc(c.file.Networks[:i], func(before word) bool { return before.text == w.text }) {
			f.errorf(w.at, "take one out", "network %s stands twice", showID(w.text))
		}
	}
}

// networks reads the ways out.
func (s *serverFacts) networks() {
	ways := map[string]string{}
	for _, e := range s.file.Networks {
		if !idOf(s.findings, e.key) {
			continue
		}
		out, good := s.network(&e.value)
		way := fmt.Sprint(out.From, " ", out.Proxy)
		if other, twice := ways[way]; twice && good {
			s.errorf(e.key.at, "give each network an address or a proxy of its own: what both see may be one fault of one way out", "networks %s and %s leave by the same way", showID(other), showID(e.key.text))
		}
		ways[way] = e.key.text
		if s.out.Networks == nil {
			s.out.Networks = map[string]Network{}
		}
		s.out.Networks[e.key.text] = out
	}
}

func (s *serverFacts) network(n *networkFile) (out Network, good bool) {
	good, out.Control = true, n.Control.text
	if n.Control.text != "" {
		checkAddress(s.findings, n.Control)
	}
	if n.From.text != "" {
		from, err := netip.ParseAddr(n.From.text)
		if err != nil {
			s.errorf(n.From.at, "write a local address, such as 192.0.2.7", "%s is not an IP address", show(n.From.text))
			good = false
		}
		out.From = from
	}
	if n.Proxy.text != "" {
		u, err := url.Parse(n.Proxy.text)
		if err != nil || u.Scheme != "http" || u.Port() == "" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			s.errorf(n.Proxy.at, "write http://host:port of a proxy that takes CONNECT", "%s is not the address of a proxy", show(n.Proxy.text))
			return out, false
		}
		out.Proxy = u
	}
	return out, good
}

// trackers reads where incidents are asked for.
func (s *serverFacts) trackers() {
	for _, e := range s.file.Trackers {
		if !idOf(s.findings, e.key) {
			continue
		}
		t := e.value
		out := Tracker{URL: t.URL.text, Open: texts(t.Open)}
		if u, err := url.Parse(strings.ReplaceAll(t.URL.text, "{id}", "id")); t.URL.text != "" &&
			(err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || !strings.Contains(u.Path, "id") || !strings.Contains(t.URL.text, "{id}") || strings.Contains(u.RawQuery, "id")) {
			s.errorf(t.URL.at, "write it with {id} as a part of the path, such as https://api.example.com/incidents/{id}", "%s is not the https URL of an incident", show(t.URL.text))
		}
		if t.AuthorizationFile.text != "" {
			out.Authorization = s.authorization(t.AuthorizationFile)
		}
		if t.Member.text != "" {
			out.Member = strings.Split(t.Member.text, ".")
		}
		if (t.Member.text == "") != (len(t.Open) == 0) {
			s.errorf(t.at, "write both: member: incident.status and open: [triggered, acknowledged]", "member, open: one says nothing without the other")
		}
		if s.out.Trackers == nil {
			s.out.Trackers = map[string]Tracker{}
		}
		s.out.Trackers[e.key.text] = out
	}
}

// authorization reads the header that a tracker knows us by.
func (s *serverFacts) authorization(w word) Secret {
	data, ok := s.readSecretFile(w)
	if !ok {
		return Secret{}
	}
	header := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if header == "" || !oneLine(header) {
		s.errorf(w.at, "write the whole value into it, in one line, such as Bearer and the token", "%s does not hold one line of text", show(w.text))
		return Secret{}
	}
	return Secret{[]byte(header)}
}

// checkNetworks compares the ways out with the networks of the cell.
func (s *serverFacts) checkNetworks(f *findings, networks []string) {
	for _, e := range s.file.Networks {
		if !slices.Contains(networks, e.key.text) {
			f.errorf(e.key.at, nearest(e.key.text, networks, "networks: "), "network %s does not exist", showID(e.key.text))
		}
	}
	for _, id := range networks {
		if !slices.ContainsFunc(s.file.Networks, func(e entry[networkFile]) bool { return e.key.text == id }) {
			f.warnf(s.file.at, "add it under networks, with its control", "network %s has no way out here: whatever is looked at from it is unknown", showID(id))
		}
	}
}

// checkTrackers compares the trackers with those that scenarios name.
func (s *serverFacts) checkTrackers(f *findings, scenarios []*scenarioFacts) {
	for _, scenario := range scenarios {
		for _, symptom := range scenario.file.Symptoms {
			id := symptom.Incident.text
			if id != "" && !slices.ContainsFunc(s.file.Trackers, func(e entry[trackerFile]) bool { return e.key.text == id }) {
				f.warnf(symptom.Incident.at, "add it under trackers in "+ServerFile, "tracker %s has no address there: whether an incident is open stays unknown", showID(id))
			}
		}
	}
}
