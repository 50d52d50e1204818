package api_test

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/api/apitest"
)

var update = flag.Bool("update", false, "write docs/reference/openapi.json anew")

// contract is what every answer that the tests of this room get is held to.
var contract = sync.OnceValues(apitest.New)

// TestDocument holds docs/reference/openapi.json to the table of routes, and the
// server to the file.
func TestDocument(t *testing.T) {
	made, err := api.OpenAPI()
	must(t, err)
	path := filepath.Join("..", "..", "docs", "reference", "openapi.json")
	if *update {
		must(t, os.WriteFile(path, made, 0o644))
	}
	kept, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(kept), "\n"), strings.Split(string(made), "\n")); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
	again, err := api.OpenAPI()
	must(t, err)
	if !bytes.Equal(made, again) {
		t.Error("it is made otherwise the second time")
	}
	h := open(t)
	got := h.do(http.MethodGet, "/api/v1/openapi.json", nil)
	same(t, "status", got.Status, http.StatusOK)
	same(t, "type", got.Header.Get("Content-Type"), "application/json")
	if !bytes.Equal(got.Body, made) {
		t.Error("the server answers with another document")
	}
	tag := got.Header.Get("ETag")
	same(t, "unchanged", h.do(http.MethodGet, "/api/v1/openapi.json", nil, "If-None-Match", tag).Status, http.StatusNotModified)
}

// TestDocumentIsOpenAPI has a foreign reader judge the document.
func TestDocumentIsOpenAPI(t *testing.T) {
	made, err := api.OpenAPI()
	must(t, err)
	read, err := openapi3.NewLoader().LoadFromData(made)
	must(t, err)
	must(t, read.Validate(context.Background()))
	same(t, "edition", read.OpenAPI, "3.1.0")
	described := 0
	for _, path := range read.Paths.Map() {
		described += len(path.Operations())
	}
	same(t, "operations", described, len(api.Routes()))

	broken := bytes.Replace(made, []byte(`"operationId": "readMe"`), []byte(`"operationId": "readNow"`), 1)
	if read, err = openapi3.NewLoader().LoadFromData(broken); err == nil {
		err = read.Validate(context.Background())
	}
	if err == nil {
		t.Error("the reader finds nothing wrong with two operations of one name")
	}
}
