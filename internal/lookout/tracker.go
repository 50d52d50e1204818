package lookout

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// bodyLimit bounds what is read of a tracker's answer.
const bodyLimit = 1 << 20

// Tracker is something that knows incidents by id and tells of them over HTTPS.
type Tracker struct {
	URL    string        // with {id} where the incident's id belongs
	Header func() string // the value of Authorization; nil: none. A function, so that nothing prints it.
	Member []string      // path to the member of the answer's JSON that says how the incident stands; none: that it is known is enough
	Open   []string      // what it says while the incident is open
}

// incident tells whether a tracker has an incident open. What the tracker would
// not or could not tell is unknown.
func (l *Lookout) incident(ctx context.Context, tracker, id string) access.Seen {
	t, known := l.trackers[tracker]
	if !known || id == "" {
		return access.Unknown
	}
	attempt, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(attempt, http.MethodGet, strings.ReplaceAll(t.URL, "{id}", segment(id)), nil)
	if err != nil {
		return access.Unknown
	}
	request.Header.Set("Accept", "application/json")
	if t.Header != nil {
		request.Header.Set("Authorization", t.Header())
	}
	answer, err := asker(l.roots, (&net.Dialer{}).DialContext).Do(request)
	if err != nil {
		return access.Unknown
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return t.stands(answer.Body)
	case http.StatusNotFound, http.StatusGone:
		return access.Absent
	}
	return access.Unknown
}

// segment is an incident's id as one segment of a path: what whoever asks wrote
// can lead nowhere else.
func segment(id string) string {
	escaped := url.PathEscape(id)
	if strings.Trim(escaped, ".") == "" {
		return strings.ReplaceAll(escaped, ".", "%2E")
	}
	return escaped
}

// stands reads how the tracker says that the incident stands.
func (t Tracker) stands(body io.Reader) access.Seen {
	if len(t.Member) == 0 {
		return access.Shown
	}
	var at any
	if err := json.NewDecoder(io.LimitReader(body, bodyLimit)).Decode(&at); err != nil {
		return access.Unknown
	}
	for _, member := range t.Member {
		object, ok := at.(map[string]any)
		if !ok {
			return access.Unknown
		}
		at = object[member]
	}
	said, ok := at.(string)
	switch {
	case !ok:
		return access.Unknown
	case slices.Contains(t.Open, said):
		return access.Shown
	}
	return access.Absent
}
