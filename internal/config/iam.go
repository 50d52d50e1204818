package config

import (
	"io/fs"
	"reflect"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// iamFile is an IAM policy document as people and the AWS console write it.
type iamFile struct {
	Mark
	ID        word                 `yaml:"Id"`
	Version   word                 `yaml:"Version,required"`
	Statement someOf[iamStatement] `yaml:"Statement,required"`
}

type iamStatement struct {
	Mark
	Sid         word                         `yaml:"Sid"`
	Effect      word                         `yaml:"Effect,required"`
	Action      someOf[scalar]               `yaml:"Action"`
	NotAction   someOf[scalar]               `yaml:"NotAction"`
	Resource    someOf[scalar]               `yaml:"Resource"`
	NotResource someOf[scalar]               `yaml:"NotResource"`
	Condition   table[table[someOf[scalar]]] `yaml:"Condition"`
}

func (*iamStatement) instead() map[string]string {
	const principal = "take it out: it belongs into policies of resources, and this is one of a role"
	return map[string]string{"Principal": principal, "NotPrincipal": principal}
}

// someOf is one value, or a list of them.
type someOf[T any] []T

func (s *someOf[T]) read(f *findings, n *node) {
	items := []*node{n}
	if n.form == sequence {
		items = n.items
	}
	*s = make(someOf[T], len(items))
	for i, item := range items {
		item.as = n.as
		readValue(f, item, reflect.ValueOf(&(*s)[i]).Elem())
	}
}

// scalar is text, or a number or truth that is meant as text.
type scalar struct{ word }

func (s *scalar) read(f *findings, n *node) {
	if n.form == number || n.form == boolean {
		s.text, s.at = n.text, n.place
		return
	}
	s.word.read(f, n)
}

func scalars(words []scalar) (out []string) {
	for _, w := range words {
		out = append(out, w.text)
	}
	return out
}

// readIAM reads an IAM policy document and gives it in the one form that is
// signed; empty when it cannot be used, which is noted then.
func readIAM(f *findings, folder fs.FS, name word) string {
	if name.text == "" {
		return ""
	}
	root := openJSON(f, folder, name, FileLimit/16)
	if root == nil {
		return ""
	}
	before := len(f.list)
	var file iamFile
	readValue(f, root, reflect.ValueOf(&file).Elem())
	if len(f.list) > before {
		return ""
	}
	out := access.IAMPolicy{Version: file.Version.text}
	if out.Version != access.IAMVersion {
		f.errorf(file.Version.at, `write "Version": "`+access.IAMVersion+`"`, "version %s of the policy language is not read", show(out.Version))
		return ""
	}
	for _, s := range file.Statement {
		out.Statement = append(out.Statement, s.statement())
		one := access.IAMPolicy{Version: access.IAMVersion, Statement: out.Statement[len(out.Statement)-1:]}
		if err := one.Check(); err != nil {
			f.errorf(s.at, "halligan reads policies of identities, as IAM does: Effect, Action, Resource, Condition", "%v", err)
		}
	}
	if len(f.list) > before {
		return ""
	}
	if err := out.Check(); err != nil {
		f.errorf(file.key("Statement"), "write fewer, larger statements", "%v", err)
		return ""
	}
	return string(canon.MustEncode(out))
}

func (s *iamStatement) statement() access.IAMStatement {
	out := access.IAMStatement{
		Sid: s.Sid.text, Effect: s.Effect.text, Action: scalars(s.Action), NotAction: scalars(s.NotAction),
		Resource: scalars(s.Resource), NotResource: scalars(s.NotResource),
	}
	for _, operator := range s.Condition {
		keys := map[string][]string{}
		for _, key := range operator.value {
			keys[key.key.text] = scalars(key.value)
		}
		if out.Condition == nil {
			out.Condition = map[string]map[string][]string{}
		}
		out.Condition[operator.key.text] = keys
	}
	return out
}
