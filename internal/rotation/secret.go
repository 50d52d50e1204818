package rotation

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// The steps of a secret of Secrets Manager. The new value lies there as pending from
// the beginning, under a version whose id is written down first: so every step can be
// gone on from, and no second value is ever made.
const (
	secretBegun     = "begun"     // New is the version to be, Old the one that is current
	secretSealing   = "sealing"   // it lies there as pending, and may be recorded
	secretPromoting = "promoting" // enough can open it: it becomes current
	secretPromoted  = "promoted"  // it is current; it is signed, or is to be
	secretUndoing   = undoing     // another sealing counts
)

// The staging labels of Secrets Manager.
const (
	pending  = "AWSPENDING"
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

const absent = "ResourceNotFoundException"

// secret rotates the value of a secret.
func (r *run) secret(ctx context.Context, of *access.AWSSecret) error {
	r.secrets = secretsmanager.New(r.secrets.Options(), func(o *secretsmanager.Options) { o.Region = of.Region })
	for _, step := range []struct {
		at string
		do func(context.Context, string) error
	}{
		{"", r.beginSecret},
		{secretBegun, r.sealSecret},
		{secretSealing, r.sealedSecret},
		{secretPromoting, r.promote},
		{secretPromoted, r.signSecret},
		{secretUndoing, r.undoSecret},
	} {
		if r.j.Step != step.at {
			continue
		}
		if err := step.do(ctx, of.Name); err != nil {
			return err
		}
	}
	return nil
}

// staged tells which version has each staging label.
func (r *run) staged(ctx context.Context, name string) (map[string]string, error) {
	out, err := r.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		return nil, failed("look at secret "+name, err)
	}
	stages := map[string]string{}
	for version, labels := range out.VersionIdsToStages {
		for _, label := range labels {
			stages[label] = version
		}
	}
	return stages, nil
}

// move takes a label from one version, and gives it to another; to none if that is
// empty.
type move struct{ label, from, to string }

func (r *run) restage(ctx context.Context, name string, m move) error {
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &name, VersionStage: &m.label}
	if m.from != "" {
		in.RemoveFromVersionId = &m.from
	}
	if m.to != "" {
		in.MoveToVersionId = &m.to
	}
	if _, err := r.secrets.UpdateSecretVersionStage(ctx, in); err != nil {
		return failed(fmt.Sprintf("move label %s of secret %s", m.label, name), err)
	}
	return nil
}

// value is a version's; nil if there is no such version.
func (r *run) value(ctx context.Context, name, version string) ([]byte, error) {
	out, err := r.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionId: &version})
	switch {
	case is(err, absent):
		return nil, nil
	case err != nil:
		return nil, unsaid("read the new value of secret "+name, err)
	}
	return []byte(sdk.ToString(out.SecretString)), nil
}

func (r *run) beginSecret(ctx context.Context, name string) error {
	stages, err := r.staged(ctx, name)
	if err != nil {
		return err
	}
	if id := stages[pending]; id != "" && id != stages[current] {
		if !slices.Contains(r.Remove, id) {
			return &Stray{Of: "secret " + name, IDs: []string{id}, Found: []string{"version " + id + " that is pending: another rotation was begun"}}
		}
		if err := r.restage(ctx, name, move{pending, id, ""}); err != nil {
			return err
		}
	}
	r.j.Old = nil
	if id := stages[current]; id != "" {
		r.j.Old = []string{id}
	}
	r.j.New = canon.Sum(randomText()).String() // no secret: it is the version's name
	return r.j.save(secretBegun)
}

// sealSecret puts the new value there, unless it is, and seals it.
func (r *run) sealSecret(ctx context.Context, name string) error {
	value, err := r.value(ctx, name, r.j.New)
	if err != nil {
		return err
	}
	if value == nil {
		value = randomText()
		text := string(value)
		_, err := r.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
			SecretId: &name, ClientRequestToken: &r.j.New, SecretString: &text, VersionStages: []string{pending},
		})
		if err != nil {
			clear(value)
			return unsaid("put a new value into secret "+name, err)
		}
		r.tell("A new value lies in secret %s, as pending.", name)
	}
	if err := r.seal(ctx, value); err != nil {
		return err
	}
	r.tell("It is sealed as serial %d.", r.j.Sealing.Serial)
	return nil
}

// sealedSecret seals again what may not have been recorded, and waits for the
// custodians.
func (r *run) sealedSecret(ctx context.Context, name string) error {
	ours, err := r.counts(ctx)
	if err != nil {
		return err
	}
	if !ours {
		if err := r.sealSecret(ctx, name); err != nil {
			return err
		}
	}
	if err := r.Custody.Shown(ctx, *r.j.Sealing); err != nil {
		return r.superseded(err)
	}
	return r.j.save(secretPromoting)
}

// promote puts the new value where it counts and makes it the current one, and the
// old one nobody's.
func (r *run) promote(ctx context.Context, name string) error {
	switch ours, err := r.counts(ctx); {
	case err != nil:
		return err
	case !ours:
		return r.superseded(ErrSuperseded)
	}
	value, err := r.value(ctx, name, r.j.New)
	if err != nil {
		return err
	}
	if len(value) == 0 { // whoever takes labels away lets a version be deleted: an empty value is set nowhere
		r.j.Sealing = nil
		return errors.Join(fmt.Errorf("secret %s does not have the value any more that is sealed: run the same again, and another is", name), r.j.save(secretBegun))
	}
	defer clear(value)
	if r.Set != nil {
		if err := r.Set(ctx, value); err != nil {
			return err
		}
	}
	stages, err := r.staged(ctx, name)
	if err != nil {
		return err
	}
	if stages[current] != r.j.New {
		if err := r.restage(ctx, name, move{current, stages[current], r.j.New}); err != nil {
			return err
		}
	}
	out, err := r.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name, VersionStage: sdk.String(current)})
	if err != nil {
		return unsaid("read secret "+name, err)
	}
	if sdk.ToString(out.VersionId) != r.j.New || subtle.ConstantTimeCompare([]byte(sdk.ToString(out.SecretString)), value) != 1 {
		return fmt.Errorf("secret %s does not give the new value yet: run the same again", name)
	}
	if err := r.unlabel(ctx, name); err != nil {
		return err
	}
	r.tell("Secret %s gives the new value, and no label stands for the old one.", name)
	return r.j.save(secretPromoted)
}

// unlabel takes the labels away by which the old value could still be asked for.
func (r *run) unlabel(ctx context.Context, name string) error {
	stages, err := r.staged(ctx, name)
	if err != nil {
		return err
	}
	for _, label := range []string{pending, previous} {
		if id := stages[label]; id != "" && (label == previous || id == r.j.New) {
			if err := r.restage(ctx, name, move{label, id, ""}); err != nil {
				return err
			}
		}
	}
	stages, err = r.staged(ctx, name)
	if err == nil && (stages[current] != r.j.New || stages[previous] != "") {
		err = fmt.Errorf("secret %s still has the old value under a label: run the same again", name)
	}
	return err
}

func (r *run) signSecret(ctx context.Context, _ string) error {
	return r.superseded(r.Custody.Accept(ctx, *r.j.Sealing))
}

// outdated tells whether somebody else has gone on from the value that was to be replaced:
// another version is current, or is to be. Where the value counts they set theirs, and
// the label is theirs.
func (r *run) outdated(stages map[string]string) bool {
	now, next := stages[current], stages[pending]
	return now != "" && now != r.j.New && !slices.Contains(r.j.Old, now) || next != "" && next != r.j.New
}

// undoSecret goes back to the value of the sealing in force.
func (r *run) undoSecret(ctx context.Context, name string) error {
	stages, err := r.staged(ctx, name)
	if err != nil {
		return err
	}
	if stages[current] == r.j.New && len(r.j.Old) > 0 {
		if err := r.restage(ctx, name, move{current, r.j.New, r.j.Old[0]}); err != nil {
			return err
		}
	}
	if stages, err = r.staged(ctx, name); err != nil {
		return err
	}
	kept := ""
	if r.j.Sets && r.j.New != "" && !r.outdated(stages) { // whoever sets it may have, and a version without a label is lost
		kept = pending
		if stages[pending] == "" {
			if err := r.restage(ctx, name, move{pending, "", r.j.New}); err != nil {
				return err
			}
		}
	}
	for _, label := range []string{pending, previous} {
		if label != kept && stages[label] == r.j.New {
			if err := r.restage(ctx, name, move{label, r.j.New, ""}); err != nil {
				return err
			}
		}
	}
	if err := r.j.remove(); err != nil {
		return err
	}
	if kept != "" {
		return fmt.Errorf("%w: secret %s gives the value of the sealing in force, and where it counts the new one may be set: it lies in the secret as version %s, %s. Look which one opens, and set it back or rotate again with --remove-stray %s", ErrSuperseded, name, r.j.New, pending, r.j.New)
	}
	if r.j.Sets {
		return fmt.Errorf("%w: another rotation of secret %s took the place of this one, and sets its value where it counts: if that does not open there, rotate again", ErrSuperseded, name)
	}
	return fmt.Errorf("%w: secret %s gives the value of the sealing in force", ErrSuperseded, name)
}
