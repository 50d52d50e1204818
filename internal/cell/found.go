package cell

import (
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

var errNoAttachment = errors.New("the attachment is missing or is not what its digest says")

// readGenesis reads genesis and every scenario it names from the attachments.
func (w *World) readGenesis(digest canon.Digest) (*Genesis, roster.Roster, error) {
	if w.Genesis != nil && w.GenesisDigest == digest {
		return w.Genesis, w.Roster, nil
	}
	data, err := w.attachment(digest)
	if err != nil {
		return nil, roster.Roster{}, err
	}
	genesis, err := DecodeGenesis(data)
	if err != nil {
		return nil, roster.Roster{}, err
	}
	if genesis.Origin != w.Name {
		return nil, roster.Roster{}, fmt.Errorf("it is for %s", genesis.Origin)
	}
	if genesis.recoverable() && max(genesis.Rules, w.Rules) < RulesOfRecovery {
		return nil, roster.Roster{}, fmt.Errorf("recovery: needs rules %d", RulesOfRecovery)
	}
	r, err := genesis.Check()
	if err != nil {
		return nil, roster.Roster{}, err
	}
	_, err = w.readScenarios(genesis, &r)
	return genesis, r, err
}

func (w *World) readScenarios(genesis *Genesis, r *roster.Roster) (map[string]*access.Scenario, error) {
	scenarios := map[string]*access.Scenario{}
	for _, ref := range genesis.Scenarios {
		data, err := w.attachment(ref.Digest)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", ref.ID, err)
		}
		scenario, err := DecodeScenario(data, genesis, r)
		if err != nil {
			return nil, err
		}
		if max(genesis.Rules, w.Rules) < 2 && slices.ContainsFunc(scenario.Opens, func(o access.Open) bool { return o.Envelope != nil }) {
			return nil, fmt.Errorf("scenario %s: envelopes need rules 2", ref.ID)
		}
		if scenario.ID != ref.ID || scenarios[ref.ID] != nil {
			return nil, fmt.Errorf("scenario %s: must stand once, under its own name", ref.ID)
		}
		scenarios[ref.ID] = scenario
	}
	_, err := w.readPolicies(genesis)
	return scenarios, err
}

func (w *World) attachment(digest canon.Digest) ([]byte, error) {
	if w.attachments == nil {
		return nil, errNoAttachment
	}
	data, ok := w.attachments(digest)
	if !ok || canon.Sum(data) != digest {
		return nil, errNoAttachment
	}
	return data, nil
}
