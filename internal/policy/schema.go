package policy

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// Engine names what judges: the schema and the library. An entry that was judged
// names it, so that a verdict that another version does not come to is told from
// a lie.
const Engine = "schema 1, cedar-go v1.9.0"

//go:embed schema.cedarschema
var schemaText []byte

// Schema is the Cedar schema that every policy is checked against.
func Schema() []byte { return slices.Clone(schemaText) }

// facts is the schema, read once: it is part of the program.
var facts = sync.OnceValue(func() *resolved.Schema {
	var s schema.Schema
	if err := s.UnmarshalCedar(schemaText); err != nil {
		panic(fmt.Sprintf("schema.cedarschema: %v", err))
	}
	known, err := s.Resolve()
	if err != nil {
		panic(fmt.Sprintf("schema.cedarschema: %v", err))
	}
	return known
})

var validator = sync.OnceValue(func() *validate.Validator { return validate.New(facts(), validate.WithStrict()) })

// Known lists every name that the schema gives to an attribute, an action, an
// entity type or a value of one: what a misspelt name may have meant.
func Known() []string {
	var names []string
	record := func(of resolved.RecordType) {
		for name := range of {
			names = append(names, string(name))
		}
	}
	for kind, entity := range facts().Entities {
		names = append(names, string(kind))
		record(entity.Shape)
	}
	for kind, values := range facts().Enums {
		names = append(names, string(kind))
		for _, value := range values.Values {
			names = append(names, string(value.ID))
		}
	}
	for action, of := range facts().Actions {
		names = append(names, string(action.ID))
		record(of.AppliesTo.Context)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
