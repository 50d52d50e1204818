package policy

import (
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/eval"
)

// Always are the reasons of the rules that refuse an act wherever it comes from
// and whenever: of the facts, those of the act itself and its signer are taken,
// and address, time, targets and what became of the request may be anything. It
// is what can be told beforehand; a rule may refuse every act that will ever come
// and not be among them.
func Always(files []*File, f Facts) []string {
	asked := f.request()
	known := f.context(0)
	for _, name := range []types.String{"source", "at", "hour", "minute", "weekday", "incident", "symptoms", "overdue"} {
		known[name] = eval.Variable(name)
	}
	entities := f.entities()
	scenario := entities[asked.Resource]
	attributes := scenario.Attributes.Map()
	attributes["targets"] = eval.Variable("targets")
	scenario.Attributes = types.NewRecord(attributes)
	entities[asked.Resource] = scenario
	env := eval.Env{Entities: entities, Principal: asked.Principal, Action: asked.Action, Resource: asked.Resource, Context: types.NewRecord(known)}
	var reasons []string
	for _, file := range files {
		for _, rule := range file.Rules {
			if left, stays := eval.PartialPolicy(env, (*ast.Policy)(rule.cedar.AST())); stays && len(left.Conditions) == 0 {
				reasons = append(reasons, rule.Reason)
			}
		}
	}
	return reasons
}
