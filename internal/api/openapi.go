package api

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/openapi"
)

// operation is what the document says of a route, beside what its row in the
// table says. Its query is also what the route takes: nothing else is let in.
type operation struct {
	id      string // for programs that are made from the document
	tag     string
	summary string
	about   string
	query   []parameter
	body    reflect.Type // what is read; the schema of statements is put in by hand
	answers []success
	reasons []string // beside those that come with the row
	fresh   bool     // made anew each time: it has no ETag
}

// success is one answer that is no refusal.
type success struct {
	status int
	about  string
	media  string // empty: no body
	of     reflect.Type
}

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
	mediaText    = "text/plain; charset=utf-8"
	mediaBytes   = "application/octet-stream"
	mediaEvents  = "text/event-stream"
)

// OpenAPI is the description of every route in the table, the same bytes each
// time. An error is a fault of the description: a route without one, or one of
// something that is not there.
func OpenAPI() ([]byte, error) {
	d := newDescriber()
	d.document.Paths = map[string]map[string]*openapi.Operation{}
	for _, route := range routes {
		of, ok := operations[route.Pattern()]
		if !ok {
			d.faults = append(d.faults, fmt.Errorf("%s has no description", route.Pattern()))
			continue
		}
		path := strings.ReplaceAll(route.Path, "...}", "}")
		if d.document.Paths[path] == nil {
			d.document.Paths[path] = map[string]*openapi.Operation{}
		}
		d.document.Paths[path][strings.ToLower(route.Method)] = d.operation(route, of)
	}
	for pattern := range operations {
		if !slices.ContainsFunc(routes, func(r Route) bool { return r.Pattern() == pattern }) {
			d.faults = append(d.faults, fmt.Errorf("%s is described, and is no route", pattern))
		}
	}
	var err error
	d.document.Components.Schemas, err = d.schemas.Components()
	if err = errors.Join(append(d.faults, err)...); err != nil {
		return nil, err
	}
	return d.document.Encode()
}

// openAPI answers with the document. It is made when it is first asked for.
func (s *service) openAPI(c *call) error {
	data, err := s.document()
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "public, no-cache")
	return c.send(http.StatusOK, mediaJSON, data)
}

// describer makes the document.
type describer struct {
	document openapi.Document
	schemas  *openapi.Schemas
	faults   []error
}

func newDescriber() *describer {
	d := &describer{schemas: newSchemas()}
	d.document = openapi.Document{
		OpenAPI: openapi.Version,
		Info: openapi.Info{
			Title: "Halligan", Version: "v1", About: aboutDocument,
			License: openapi.License{Name: "Apache License 2.0", ID: "Apache-2.0"},
		},
		Servers: []openapi.Server{{URL: "/"}},
		Tags:    tags,
		More:    &openapi.Link{About: "The rules, the formats and every reason", URL: "https://github.com/halligan-dev/halligan/tree/main/docs/reference"},
	}
	d.document.Components.Responses = map[string]*openapi.Response{}
	d.document.Components.Security = map[string]*openapi.Security{
		"token": {
			Type: "http", Scheme: "bearer", About: "A token for reading, out of the answer to a signed session statement. With it one reads and cannot act.",
		},
		"cookie": {
			Type: "apiKey", In: "cookie", Name: cookieName,
			About: "The same token as a browser keeps it, after a session statement that was sent with browser. From pages of the same origin only, and never beside a token in the header.",
		},
	}
	d.schemas.Of(reflect.TypeFor[Problem](), false)
	d.schemas.Of(reflect.TypeFor[anchorShape](), false)
	d.schemas.Put("Event", &openapi.Schema{
		About: "One member: the name of the event, and what it holds.", Type: "object", MinProperties: 1, MaxProperties: 1,
		Additional: &openapi.Schema{Type: "object"},
	})
	return d
}

func (d *describer) operation(route Route, of operation) *openapi.Operation {
	o := &openapi.Operation{
		ID: of.id, Summary: of.summary, About: of.about, Tags: []string{of.tag},
		Parameters: d.parameters(route, of), Responses: map[string]*openapi.Response{}, Security: []map[string][]string{},
	}
	if route.Access == Token {
		o.Security = []map[string][]string{{"token": {}}, {"cookie": {}}}
	}
	if route.Body > 0 {
		o.Body = &openapi.Body{
			About:    fmt.Sprintf("At most %d bytes, not compressed.", route.Body),
			Required: true, Content: map[string]*openapi.Content{mediaJSON: {Schema: d.body(of)}},
		}
	}
	for _, answer := range of.answers {
		o.Responses[strconv.Itoa(answer.status)] = d.success(of, answer)
	}
	if tagged(route, of) {
		o.Responses["304"] = &openapi.Response{About: "What If-None-Match names is still what there is."}
	}
	byStatus := map[int][]string{}
	for _, reason := range append(common(route), of.reasons...) {
		status, known := statusOf(reason)
		if !known {
			d.faults = append(d.faults, fmt.Errorf("%s: there is no reason %s", route.Pattern(), reason))
		}
		byStatus[status] = append(byStatus[status], reason)
	}
	for status, reasons := range byStatus {
		slices.Sort(reasons)
		o.Responses[strconv.Itoa(status)] = d.refusal(status, slices.Compact(reasons))
	}
	return o
}

// tagged tells whether the answers of a route have an ETag (write.go).
func tagged(route Route, of operation) bool { return route.Method == get && !of.fresh && !route.Stream }

func (d *describer) parameters(route Route, of operation) []openapi.Parameter {
	var all []openapi.Parameter
	for part := range strings.SplitSeq(route.Path, "/") {
		name, is := strings.CutPrefix(part, "{")
		if !is {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
		known, ok := inPaths[name]
		if !ok {
			d.faults = append(d.faults, fmt.Errorf("%s: {%s} is not described", route.Pattern(), name))
			continue
		}
		all = append(all, openapi.Parameter{Name: name, In: "path", About: known.about, Required: true, Schema: known.schema})
	}
	for _, p := range of.query {
		all = append(all, openapi.Parameter{Name: p.name, In: "query", About: p.about, Required: p.required, Empty: p.flag, Schema: p.schema})
	}
	if tagged(route, of) {
		all = append(all, openapi.Parameter{Name: "If-None-Match", In: "header", About: "The ETag of an answer that the reader has.", Schema: &openapi.Schema{Type: "string"}})
	}
	if route.Stream {
		all = append(all, openapi.Parameter{Name: "Last-Event-ID", In: "header", About: "Go on after the entry with this index.", Schema: openapi.Between(-1, indexMost)})
	}
	return all
}

// body is the schema of what is sent.
func (d *describer) body(of operation) *openapi.Schema {
	if of.body == reflect.TypeFor[envelope]() {
		d.statements()
	}
	return d.schemas.Of(of.body, true)
}

func (d *describer) success(of operation, answer success) *openapi.Response {
	r := &openapi.Response{About: answer.about, Content: map[string]*openapi.Content{}}
	if answer.media == "" {
		return r
	}
	content := &openapi.Content{}
	switch {
	case answer.of != nil:
		content.Schema = d.schemas.Of(answer.of, false)
	case answer.media == mediaText:
		content.Schema = &openapi.Schema{Type: "string"}
	case answer.media == mediaEvents:
		content.Schema = d.event()
	}
	r.Content[answer.media] = content
	if !of.fresh && answer.status == http.StatusOK && of.body == nil && answer.media != mediaEvents {
		r.Headers = map[string]*openapi.Header{"ETag": {About: "To ask again with.", Required: true, Schema: openapi.Text(`^"[0-9a-f]{32}"$`)}}
	}
	return r
}

// event is one event of a stream, as whoever reads one has it.
func (d *describer) event() *openapi.Schema {
	return &openapi.Schema{
		About: "One event of the stream.", Type: "object", Required: []string{"data", "event", "id"},
		Properties: map[string]*openapi.Schema{
			"id":    {About: "The index of the entry.", Type: "string", Pattern: `^[0-9]+$`},
			"event": {Const: "entry"},
			"data":  {Type: "string", Media: mediaJSON, Content: d.schemas.Of(reflect.TypeFor[glimpse](), false)},
		},
	}
}

// refusal is an answer with a problem that has one of some reasons. Sets of
// reasons that several routes have are components.
func (d *describer) refusal(status int, reasons []string) *openapi.Response {
	r := &openapi.Response{
		About: http.StatusText(status) + ": " + strings.Join(reasons, ", "),
		Content: map[string]*openapi.Content{mediaProblem: {Schema: &openapi.Schema{AllOf: []*openapi.Schema{
			openapi.Named("Problem"),
			{Properties: map[string]*openapi.Schema{"reason": {Enum: reasons}, "status": {Const: status}}},
		}}}},
	}
	switch status {
	case http.StatusUnauthorized:
		r.Headers = map[string]*openapi.Header{"WWW-Authenticate": {About: "When a token is what is missing.", Schema: &openapi.Schema{Type: "string"}}}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		r.Headers = map[string]*openapi.Header{"Retry-After": {About: "Seconds, where waiting is worth it.", Schema: openapi.From(0)}}
	}
	const shared = 3 // reasons; longer sets are of one route
	if len(reasons) > shared {
		return r
	}
	name := strings.Join(reasons, "-or-")
	d.document.Components.Responses[name] = r
	return &openapi.Response{Ref: "#/components/responses/" + name}
}
