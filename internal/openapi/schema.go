package openapi

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Schema is a JSON schema (draft 2020-12), as far as documents of ours need it.
type Schema struct {
	Ref           string             `json:"$ref,omitempty"`
	About         string             `json:"description,omitempty"`
	Type          string             `json:"type,omitempty"`
	Format        string             `json:"format,omitempty"`
	Pattern       string             `json:"pattern,omitempty"`
	Encoding      string             `json:"contentEncoding,omitempty"`
	Media         string             `json:"contentMediaType,omitempty"`
	Content       *Schema            `json:"contentSchema,omitzero"` // of the text, once it is decoded
	Const         any                `json:"const,omitempty"`
	Enum          []string           `json:"enum,omitempty"`
	Default       any                `json:"default,omitempty"`
	Minimum       *int64             `json:"minimum,omitzero"`
	Maximum       *int64             `json:"maximum,omitzero"`
	MinLength     int                `json:"minLength,omitzero"`
	MaxLength     int                `json:"maxLength,omitzero"`
	Items         *Schema            `json:"items,omitzero"`
	MinItems      int                `json:"minItems,omitzero"`
	MaxItems      int                `json:"maxItems,omitzero"`
	Unique        bool               `json:"uniqueItems,omitzero"`
	Properties    map[string]*Schema `json:"properties,omitempty"`
	Required      []string           `json:"required,omitempty"`
	Additional    any                `json:"additionalProperties,omitempty"` // false, or a *Schema
	PropertyNames *Schema            `json:"propertyNames,omitzero"`
	MinProperties int                `json:"minProperties,omitzero"`
	MaxProperties int                `json:"maxProperties,omitzero"`
	OneOf         []*Schema          `json:"oneOf,omitempty"`
	AllOf         []*Schema          `json:"allOf,omitempty"`
	Discriminator *Discriminator     `json:"discriminator,omitzero"`
}

// base64 has padding, and no line breaks.
const base64 = `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`

// Discriminator says which member tells the alternatives apart.
type Discriminator struct {
	Member  string            `json:"propertyName"`
	Mapping map[string]string `json:"mapping,omitempty"`
}

// Between is an integer within bounds.
func Between(least, most int64) *Schema {
	return &Schema{Type: "integer", Minimum: &least, Maximum: &most}
}

// From is an integer with a least value.
func From(least int64) *Schema { return &Schema{Type: "integer", Minimum: &least} }

// Text is a string in the form of a pattern.
func Text(pattern string) *Schema { return &Schema{Type: "string", Pattern: pattern} }

// OneOf is a string out of a list.
func OneOf[S ~string](values ...S) *Schema {
	s := &Schema{Type: "string"}
	for _, each := range values {
		s.Enum = append(s.Enum, string(each))
	}
	return s
}

// List is an array.
func List(of *Schema) *Schema { return &Schema{Type: "array", Items: of} }

// Named is the component with a name.
func Named(name string) *Schema { return &Schema{Ref: "#/components/schemas/" + name} }

// Schemas works out schemas, and keeps those of named structs as components.
type Schemas struct {
	// Known are types that write themselves, or have more to say than their kind.
	Known map[reflect.Type]*Schema
	// Names are the component names of types whose own name another one has.
	Names map[reflect.Type]string
	// Members are what reflection cannot see of a member, as Component.member; nil
	// is of one that is never there.
	Members map[string]*Schema

	made   map[string]made
	used   map[string]bool
	faults []error
}

// made is a component: of what type, and whether unknown members are errors.
type made struct {
	of     reflect.Type
	closed bool
	schema *Schema
}

// Components gives what was made, and every fault that was met on the way.
func (s *Schemas) Components() (map[string]*Schema, error) {
	for member := range s.Members {
		if !s.used[member] {
			s.fault("%s is described, and there is no such member", member)
		}
	}
	all := map[string]*Schema{}
	for name, each := range s.made {
		all[name] = each.schema
	}
	return all, errors.Join(s.faults...)
}

// Put makes a component by hand, and gives its name as a schema.
func (s *Schemas) Put(name string, schema *Schema) *Schema {
	if _, there := s.made[name]; there {
		s.fault("two components are called %s", name)
	}
	s.keep(name, made{schema: schema})
	return Named(name)
}

// Of is the schema of what json.Marshal writes of a type; of what is read, when
// it is closed: then members that are not known are errors.
func (s *Schemas) Of(t reflect.Type, closed bool) *Schema {
	if known, ok := s.Known[t]; ok {
		return known
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.Of(t.Elem(), closed)
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &Schema{Type: "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return From(0)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &Schema{Type: "string", Encoding: "base64", Pattern: base64}
		}
		return List(s.Of(t.Elem(), closed))
	case reflect.Array:
		list := List(s.Of(t.Elem(), closed))
		list.MinItems, list.MaxItems = t.Len(), t.Len()
		return list
	case reflect.Map:
		return &Schema{Type: "object", PropertyNames: names(s.Of(t.Key(), closed)), Additional: s.Of(t.Elem(), closed)}
	case reflect.Struct:
		return s.named(t, closed)
	}
	s.fault("%s has no schema", t)
	return &Schema{}
}

// names is what a schema of keys says beside that they are strings.
func names(of *Schema) *Schema {
	if of.Pattern == "" && of.Enum == nil {
		return nil
	}
	return of
}

// named is a struct: a component when it has a name.
func (s *Schemas) named(t reflect.Type, closed bool) *Schema {
	name := s.Names[t]
	if name == "" {
		name = t.Name()
	}
	if name == "" {
		return s.Object("", closed, t)
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if before, there := s.made[name]; there {
		if before.of != t || before.closed != closed {
			s.fault("%s is the name of %v and of %v, or is both sent and answered", name, before.of, t)
		}
		return Named(name)
	}
	s.keep(name, made{of: t, closed: closed, schema: &Schema{}}) // it may name itself
	s.keep(name, made{of: t, closed: closed, schema: s.Object(name, closed, t)})
	return Named(name)
}

func (s *Schemas) keep(name string, m made) {
	if s.made == nil {
		s.made = map[string]made{}
	}
	s.made[name] = m
}

// Object is the schema of the members of structs, all in one object. Its name is
// that under which Members speaks of them.
func (s *Schemas) Object(name string, closed bool, of ...reflect.Type) *Schema {
	object := &Schema{Type: "object", Properties: map[string]*Schema{}}
	if closed {
		object.Additional = false
	}
	for _, t := range of {
		for called, m := range s.members(name, closed, t) {
			if _, twice := object.Properties[called]; twice {
				s.fault("%s has two members %s", name, called)
			}
			object.Properties[called] = m.schema
			if m.required {
				object.Required = append(object.Required, called)
			}
		}
	}
	slices.Sort(object.Required)
	return object
}

// member is one of an object.
type member struct {
	schema   *Schema
	required bool
}

// members are those of a struct; its own hide those of what it embeds.
func (s *Schemas) members(name string, closed bool, t reflect.Type) map[string]member {
	all, own := map[string]member{}, map[string]member{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("json")
		called, options, _ := strings.Cut(tag, ",")
		switch {
		case field.Anonymous && !tagged, called == "" && options == "embed":
			maps.Copy(all, s.members(name, closed, field.Type))
			continue
		case !field.IsExported(), tag == "-":
			continue
		case called == "":
			called = field.Name
		}
		schema := s.describe(name+"."+called, func() *Schema { return s.Of(field.Type, closed) })
		if schema == nil {
			continue
		}
		own[called] = member{
			schema:   schema,
			required: !strings.Contains(options, "omitzero") && !strings.Contains(options, "omitempty"),
		}
	}
	maps.Copy(all, own)
	return all
}

// describe is what reflection finds of a member, with what is said of it beside.
func (s *Schemas) describe(name string, find func() *Schema) *Schema {
	more, there := s.Members[name]
	if !there {
		return find()
	}
	if s.used == nil {
		s.used = map[string]bool{}
	}
	s.used[name] = true
	if more == nil || more.Ref != "" {
		return more
	}
	return merge(find(), more)
}

// merge is a schema with the set members of another over it.
func merge(base, over *Schema) *Schema {
	merged := *base
	from, to := reflect.ValueOf(*over), reflect.ValueOf(&merged).Elem()
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	if base.Items != nil && over.Items != nil {
		merged.Items = merge(base.Items, over.Items)
	}
	return &merged
}

func (s *Schemas) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Errorf(format, args...))
}

// Sorted is the names of what a map holds, in order.
func Sorted[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
