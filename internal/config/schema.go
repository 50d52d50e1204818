package config

import (
	"embed"
	"fmt"
	"reflect"
)

//go:embed schema/*.json
var schemas embed.FS

// Kind is one of the four kinds of file.
type Kind string

// The kinds.
const (
	CellKind     Kind = "cell"
	ScenarioKind Kind = "scenario"
	ServerKind   Kind = "server"
	WitnessKind  Kind = "witness"
)

// Kinds lists the kinds.
var Kinds = []Kind{CellKind, ScenarioKind, ServerKind, WitnessKind}

// Schema is the JSON Schema (draft 2020-12) of a kind, for editors. Its $id is
// relative: KIND.json. Lint knows more than a schema can say.
func Schema(kind Kind) ([]byte, error) {
	data, err := schemas.ReadFile("schema/" + string(kind) + ".json")
	if err != nil {
		return nil, fmt.Errorf("cannot find a schema of %q", string(kind))
	}
	return data, nil
}

// Keys lists every key of a kind, such as people[].id and severities.*.longest,
// in the order of the structs: what completion, schemas and pages must know.
func Keys(kind Kind) []string {
	switch kind {
	case CellKind:
		return keysBelow("", reflect.TypeFor[cellFile]())
	case ScenarioKind:
		return keysBelow("", reflect.TypeFor[scenarioFile]())
	case ServerKind:
		return keysBelow("", reflect.TypeFor[serverFile]())
	case WitnessKind:
		return keysBelow("", reflect.TypeFor[witnessFile]())
	default:
		return nil
	}
}

func keysBelow(path string, t reflect.Type) []string {
	if chosen, ok := reflect.New(t).Interface().(interface{ element() reflect.Type }); ok {
		return keysBelow(path+".*", chosen.element())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return keysBelow(path, t.Elem())
	case reflect.Slice:
		return keysBelow(path+"[]", t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var keys []string
	for _, k := range fieldsOf(t) {
		name := k.name
		if path != "" {
			name = path + "." + name
		}
		keys = append(keys, name)
		keys = append(keys, keysBelow(name, t.Field(k.index).Type)...)
	}
	return keys
}
