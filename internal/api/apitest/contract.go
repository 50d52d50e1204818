package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/halligan-dev/halligan/internal/api"
)

const (
	documentURL  = "https://example.com/openapi.json"
	mediaProblem = "application/problem+json"
)

// Contract is the document, ready to hold answers to. It may be used
// concurrently.
type Contract struct {
	document map[string]any
	mux      *http.ServeMux
	schemas  map[string]*jsonschema.Schema // by their place in the document
}

// Exchange is a request and its answer.
type Exchange struct {
	Method string
	Path   string // with the query
	Sent   []byte
	Status int
	Header http.Header
	Body   []byte
}

// New makes the contract of the table of routes.
func New() (*Contract, error) {
	data, err := api.OpenAPI()
	if err != nil {
		return nil, err
	}
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	document, ok := read.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document is a %T", read)
	}
	shut(document)
	c := &Contract{document: document, mux: http.NewServeMux(), schemas: map[string]*jsonschema.Schema{}}
	for _, route := range api.Routes() {
		c.mux.Handle(route.Pattern(), http.NotFoundHandler())
	}
	return c, c.compile()
}

// shut makes unknown members errors wherever a schema lists members.
func shut(value any) {
	switch value := value.(type) {
	case map[string]any:
		_, lists := value["properties"].(map[string]any)
		if _, says := value["additionalProperties"]; lists && !says && value["type"] == "object" {
			value["additionalProperties"] = false
		}
		for _, each := range value {
			shut(each)
		}
	case []any:
		for _, each := range value {
			shut(each)
		}
	}
}

// compile compiles the schema of every body, so that a broken one is found even
// if nobody asks for it.
func (c *Contract) compile() error {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(documentURL, c.document); err != nil {
		return err
	}
	return c.contents(c.document, "#", func(place string) error {
		schema, err := compiler.Compile(documentURL + place)
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		c.schemas[place] = schema
		return nil
	})
}

// contents calls back with the place of every schema of a body.
func (c *Contract) contents(value any, place string, found func(string) error) error {
	all, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if content, ok := all["content"].(map[string]any); ok {
		for media, each := range content {
			if each, ok := each.(map[string]any); ok && each["schema"] != nil {
				if err := found(place + "/content/" + escape(media) + "/schema"); err != nil {
					return err
				}
			}
		}
	}
	for name, each := range all {
		if err := c.contents(each, place+"/"+escape(name), found); err != nil {
			return err
		}
	}
	return nil
}

// escape spells a name as part of a JSON pointer in a URL.
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", " ", "%20", ";", "%3B", "=", "%3D").Replace(name)
}

// Operation is the route that a request is of, as the table has it; empty for
// what is nowhere.
func (c *Contract) Operation(method, target string) string {
	request, err := http.NewRequest(method, target, nil)
	if err != nil || path.Clean(request.URL.Path) != request.URL.Path {
		return ""
	}
	_, pattern := c.mux.Handler(request)
	return pattern
}

// Declared are the statuses that the document has for each operation.
func (c *Contract) Declared() map[string][]int {
	all := map[string][]int{}
	for _, route := range api.Routes() {
		responses, _ := c.at(placeOf(route.Pattern()) + "/responses").(map[string]any)
		for status := range responses {
			if n, err := strconv.Atoi(status); err == nil {
				all[route.Pattern()] = append(all[route.Pattern()], n)
			}
		}
		slices.Sort(all[route.Pattern()])
	}
	return all
}

// Takes tells whether the document has a body for an operation, and one like this.
func (c *Contract) Takes(operation string, body []byte) error {
	schema := c.schemas[placeOf(operation)+"/requestBody/content/"+escape("application/json")+"/schema"]
	if schema == nil {
		return errors.New("it takes no body")
	}
	return valid(schema, body)
}

// placeOf is where an operation stands in the document.
func placeOf(pattern string) string {
	method, path, _ := strings.Cut(strings.ReplaceAll(pattern, "...}", "}"), " ")
	return "#/paths/" + escape(path) + "/" + strings.ToLower(method)
}

// Check says what of an exchange is not in the document; nil says that all is.
// What was sent is looked at when it was taken.
func (c *Contract) Check(x Exchange) error {
	wrong := func(err error) error { return fmt.Errorf("%s %s: status %d: %w", x.Method, x.Path, x.Status, err) }
	operation := c.Operation(x.Method, x.Path)
	if operation == "" || x.Status == http.StatusMisdirectedRequest || x.Status == http.StatusMethodNotAllowed {
		if err := c.nowhere(x); err != nil {
			return wrong(err)
		}
		return nil
	}
	if err := c.answer(placeOf(operation), x); err != nil {
		return wrong(err)
	}
	if x.Sent != nil && x.Status < 300 {
		if err := c.Takes(operation, x.Sent); err != nil {
			return wrong(fmt.Errorf("it was taken, and the document would not: %w", err))
		}
	}
	return nil
}

// nowhere looks at the answer of what is no operation. What is not below the API
// is the pages' to answer.
func (c *Contract) nowhere(x Exchange) error {
	below := strings.HasPrefix(x.Path, "/api/") || strings.HasPrefix(x.Path, "/ledger/")
	switch x.Status {
	case http.StatusNotFound, http.StatusMisdirectedRequest:
	case http.StatusUnauthorized: // a page that needs a session, asked for by HEAD
		if below {
			return fmt.Errorf("no operation is there")
		}
		return nil
	case http.StatusMethodNotAllowed:
		if x.Header.Get("Allow") == "" {
			return fmt.Errorf("it has no header Allow")
		}
	default:
		return fmt.Errorf("no operation is there")
	}
	if x.Status == http.StatusNotFound && !below {
		return nil
	}
	if kind := x.Header.Get("Content-Type"); kind != mediaProblem {
		return fmt.Errorf("it is of type %q", kind)
	}
	return nil
}

// answer looks at the answer of an operation.
func (c *Contract) answer(operation string, x Exchange) error {
	place := operation + "/responses/" + strconv.Itoa(x.Status)
	response, ok := c.at(place).(map[string]any)
	if !ok {
		return fmt.Errorf("the document has no such answer: %s", x.Body)
	}
	if ref, ok := response["$ref"].(string); ok {
		place = ref
		if response, ok = c.at(place).(map[string]any); !ok {
			return fmt.Errorf("the document has no %s", ref)
		}
	}
	headers, _ := response["headers"].(map[string]any)
	for name, header := range headers {
		if header, ok := header.(map[string]any); ok && header["required"] == true && x.Header.Get(name) == "" {
			return fmt.Errorf("it has no header %s", name)
		}
	}
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 && len(x.Body) > 0 {
		return fmt.Errorf("it has a body: %s", x.Body)
	}
	if len(content) == 0 || x.Method == http.MethodHead {
		return nil
	}
	media := x.Header.Get("Content-Type")
	if content[media] == nil {
		return fmt.Errorf("it is of type %q", media)
	}
	if schema := c.schemas[place+"/content/"+escape(media)+"/schema"]; schema != nil && strings.HasSuffix(media, "json") {
		return valid(schema, x.Body)
	}
	return nil
}

// at is what stands at a place of the document.
func (c *Contract) at(place string) any {
	var value any = c.document
	unescape := strings.NewReplacer("%7B", "{", "%7D", "}", "%20", " ", "%3B", ";", "%3D", "=", "~1", "/", "~0", "~")
	for part := range strings.SplitSeq(strings.TrimPrefix(place, "#/"), "/") {
		all, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = all[unescape.Replace(part)]
	}
	return value
}

func valid(schema *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	return schema.Validate(value)
}
