package openapi

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Version is the edition of the specification that documents follow.
const Version = "3.1.0"

// Document is a whole description.
type Document struct {
	OpenAPI    string                           `json:"openapi"`
	Info       Info                             `json:"info"`
	Servers    []Server                         `json:"servers"`
	Tags       []Tag                            `json:"tags,omitempty"`
	Paths      map[string]map[string]*Operation `json:"paths"` // by path, then by method in lower case
	Components Components                       `json:"components"`
	More       *Link                            `json:"externalDocs,omitzero"`
}

// Info says what is described.
type Info struct {
	Title   string  `json:"title"`
	Version string  `json:"version"`
	About   string  `json:"description,omitempty"`
	License License `json:"license"`
}

// License is named by its SPDX identifier.
type License struct {
	Name string `json:"name"`
	ID   string `json:"identifier"`
}

// Server is where the API is.
type Server struct {
	URL string `json:"url"`
}

// Tag is a heading.
type Tag struct {
	Name  string `json:"name"`
	About string `json:"description,omitempty"`
}

// Link points elsewhere.
type Link struct {
	About string `json:"description"`
	URL   string `json:"url"`
}

// Operation is one method of one path.
type Operation struct {
	ID         string                `json:"operationId"`
	Summary    string                `json:"summary"`
	About      string                `json:"description,omitempty"`
	Tags       []string              `json:"tags,omitempty"`
	Parameters []Parameter           `json:"parameters,omitempty"`
	Body       *Body                 `json:"requestBody,omitzero"`
	Responses  map[string]*Response  `json:"responses"` // by status
	Security   []map[string][]string `json:"security"`
}

// Parameter is a part of the path, of the query, or a header.
type Parameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"` // path, query or header
	About    string  `json:"description,omitempty"`
	Required bool    `json:"required,omitzero"`
	Empty    bool    `json:"allowEmptyValue,omitzero"`
	Schema   *Schema `json:"schema"`
}

// Body is what is sent.
type Body struct {
	About    string              `json:"description,omitempty"`
	Required bool                `json:"required"`
	Content  map[string]*Content `json:"content"` // by media type
}

// Content is one body of a media type.
type Content struct {
	Schema *Schema `json:"schema,omitzero"`
}

// Response is an answer, or names one of the components.
type Response struct {
	Ref     string              `json:"$ref,omitempty"`
	About   string              `json:"description,omitempty"`
	Headers map[string]*Header  `json:"headers,omitempty"`
	Content map[string]*Content `json:"content,omitempty"` // by media type
}

// Header is a header of an answer.
type Header struct {
	About    string  `json:"description,omitempty"`
	Required bool    `json:"required,omitzero"`
	Schema   *Schema `json:"schema"`
}

// Components is what several places name.
type Components struct {
	Schemas   map[string]*Schema   `json:"schemas"`
	Responses map[string]*Response `json:"responses,omitempty"`
	Security  map[string]*Security `json:"securitySchemes,omitempty"`
}

// Security is a way to be let in.
type Security struct {
	Type   string `json:"type"`
	Scheme string `json:"scheme,omitempty"` // of type http
	In     string `json:"in,omitempty"`     // of type apiKey, with Name
	Name   string `json:"name,omitempty"`
	About  string `json:"description,omitempty"`
}

// Encode gives the document as it is served and kept: the same bytes each time.
func (d *Document) Encode() ([]byte, error) {
	data, err := json.Marshal(d, json.Deterministic(true), jsontext.WithIndent("  "))
	return append(data, '\n'), err
}
