package rotation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/halligan-dev/halligan/internal/canon"
)

// The steps of an access key. What a process knows by itself is the new secret, and
// only until it is proved: whoever goes on at a step before that throws the key away
// and makes another, whoever goes on later needs no secret.
const (
	keyBegun    = "begun"    // Old is listed
	keyCreating = "creating" // AWS was asked for New: it may be there
	keyCreated  = "created"  // New is known, its secret to this process alone
	keySealing  = "sealing"  // it may be recorded
	keyProved   = "proved"   // New is sealed, was taken with its secret, and rests
	keyRetiring = "retiring" // enough can open it; New works, Old ends
	keyRefused  = "refused"  // Old is refused; it is signed, or is to be
	keySigned   = "signed"   // Old is to be deleted
	keyUndoing  = undoing    // another sealing counts: New ends, Old works again
)

// key rotates the access key of a user.
func (r *run) key(ctx context.Context, user string) error {
	for _, step := range []struct {
		at []string
		do func(context.Context, string) error
	}{
		{[]string{keyCreating, keyCreated, keySealing}, r.discardKey},
		{[]string{""}, r.beginKey},
		{[]string{keyBegun}, r.newKey},
		{[]string{keyProved}, r.wakeKey},
		{[]string{keyRetiring}, r.retireKeys},
		{[]string{keyRefused}, r.signKey},
		{[]string{keyUndoing}, r.undoKey},
		{[]string{keySigned}, r.cleanKeys},
	} {
		if !slices.Contains(step.at, r.j.Step) {
			continue
		}
		if err := step.do(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// listKeys lists what keys a user has.
func (r *run) listKeys(ctx context.Context, user string) ([]types.AccessKeyMetadata, error) {
	page, err := r.users.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return nil, failed("list the keys of "+user, err)
	}
	return page.AccessKeyMetadata, nil
}

// beginKey writes down which key is to end. A user has one, or none before the first
// sealing; another was made by somebody else, and AWS has room for two.
func (r *run) beginKey(ctx context.Context, user string) error {
	stands, err := r.Custody.Standing(ctx)
	if err != nil {
		return err
	}
	all, err := r.listKeys(ctx, user)
	if err != nil {
		return err
	}
	known := 0
	if stands.InForce != nil {
		known = 1 // which one of several nobody can tell
	}
	if len(all) > known {
		all, err = r.removeStrays(ctx, user, all, known)
		if err != nil {
			return err
		}
	}
	r.j.Old, r.j.Asleep = nil, nil
	for _, k := range all {
		id := sdk.ToString(k.AccessKeyId)
		if r.j.Old = append(r.j.Old, id); k.Status != types.StatusTypeActive {
			r.j.Asleep = append(r.j.Asleep, id)
		}
	}
	return r.j.save(keyBegun)
}

// newKey makes a key, seals it, and sees that it works.
func (r *run) newKey(ctx context.Context, user string) error {
	id, secret, err := r.createKey(ctx, user)
	if err != nil {
		return err
	}
	// What if we crash here: it was written down which it is, and nobody knows its
	// secret. Until it is sealed it shall not work.
	if err := r.setKey(ctx, user, id, types.StatusTypeInactive); err != nil {
		return err
	}
	r.tell("Made key %s of %s.", id, user)
	if err := r.seal(ctx, fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", id, secret)); err != nil {
		return err
	}
	if err := r.setKey(ctx, user, id, types.StatusTypeActive); err != nil {
		return err
	}
	err = r.until(ctx, believed, "that AWS takes the new key "+id, func() (bool, error) {
		arn, err := r.identify(ctx, keys(id, secret))
		switch {
		case is(err, "InvalidClientTokenId"):
			return false, nil
		case err != nil:
			return false, failed("use the new key "+id, err)
		case !strings.HasSuffix(arn, "/"+user):
			return false, fmt.Errorf("the new key %s is of %s, and not of %s", id, arn, user)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	// It rests until as many as open it have shown that they can.
	if err := r.setKey(ctx, user, id, types.StatusTypeInactive); err != nil {
		return err
	}
	r.tell("Key %s was taken with its secret, and is sealed as serial %d.", id, r.j.Sealing.Serial)
	return r.j.save(keyProved)
}

// createKey asks for a key. When AWS does not say what became of that, what was
// written down tells discardKey when it was.
func (r *run) createKey(ctx context.Context, user string) (id, secret string, err error) {
	r.j.Asked = append(r.j.Asked, r.j.now())
	if err := r.j.save(keyCreating); err != nil {
		return "", "", err
	}
	out, err := r.users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user}, once)
	if err == nil && (out.AccessKey == nil || out.AccessKey.AccessKeyId == nil || out.AccessKey.SecretAccessKey == nil) {
		err = errors.New("the answer has no key")
	}
	if err != nil {
		err = failed("make a key of "+user, err)
		if definite(err) {
			r.j.Asked = r.j.Asked[:len(r.j.Asked)-1]
			if failed := r.j.save(keyBegun); failed != nil {
				return "", "", failed
			}
		}
		return "", "", err
	}
	r.j.New, r.j.Asked = *out.AccessKey.AccessKeyId, r.j.Asked[:len(r.j.Asked)-1]
	return r.j.New, *out.AccessKey.SecretAccessKey, r.j.save(keyCreated)
}

// discardKey ends a key whose secret nobody knows, because the process that made it
// did not come to prove it. It was sealed, perhaps: so it is one of those that must
// be refused in the end.
func (r *run) discardKey(ctx context.Context, user string) error {
	if r.j.New == "" {
		r.tell("A key of %s may have been made that nobody got: looking for it.", user)
		err := r.until(ctx, settling, "", func() (bool, error) {
			made, err := r.unclaimed(ctx, user)
			if err == nil && len(made) > 0 {
				r.j.New = made[0]
			}
			return r.j.New != "", err
		})
		var never *unseen
		if err != nil && !errors.As(err, &never) { // never: AWS made none
			return err
		}
	}
	if r.j.New != "" {
		r.tell("Removing key %s of %s: its secret was lost with the process that made it.", r.j.New, user)
		if err := r.endKey(ctx, user, r.j.New); err != nil {
			return err
		}
		if r.j.Old = append(r.j.Old, r.j.New); len(r.j.Old) > oldMost { // the first is the one that was sealed before
			r.j.Old = slices.Delete(r.j.Old, 1, 2)
		}
	}
	r.j.New, r.j.Sealing = "", nil
	now := r.j.now().Std()
	r.j.Asked = slices.DeleteFunc(r.j.Asked, func(asked canon.Time) bool { return now.After(asked.Std().Add(outstanding + skew)) })
	if n := len(r.j.Asked); n >= askedMost {
		return fmt.Errorf("%d times AWS did not say whether it made a key: wait a quarter of an hour", n)
	}
	return r.j.save(keyBegun)
}

// wakeKey waits for the custodians, and lets the new key work.
func (r *run) wakeKey(ctx context.Context, user string) error {
	if err := r.Custody.Shown(ctx, *r.j.Sealing); err != nil {
		return r.superseded(err)
	}
	if err := r.setKey(ctx, user, r.j.New, types.StatusTypeActive); err != nil {
		return err
	}
	err := r.until(ctx, believed, "that AWS takes the new key "+r.j.New, func() (bool, error) { return r.knows(ctx, r.j.New) })
	if err != nil {
		return err
	}
	r.tell("Enough custodians can open it: key %s works.", r.j.New)
	return r.j.save(keyRetiring)
}

// retireKeys has what is old refused. Until it is signed, the old sealing is in
// force: so a sealing that took the place of ours is looked for first.
func (r *run) retireKeys(ctx context.Context, user string) error {
	switch ours, err := r.counts(ctx); {
	case err != nil:
		return err
	case !ours:
		return r.superseded(ErrSuperseded)
	}
	for _, id := range r.j.Old {
		if err := r.setKey(ctx, user, id, types.StatusTypeInactive); err != nil {
			return err
		}
		err := r.until(ctx, believed, "that AWS refuses the old key "+id, func() (bool, error) {
			taken, err := r.knows(ctx, id)
			return !taken, err
		})
		if err != nil {
			return err
		}
		r.tell("Key %s is refused.", id)
	}
	return r.j.save(keyRefused)
}

func (r *run) signKey(ctx context.Context, _ string) error {
	if err := r.Custody.Accept(ctx, *r.j.Sealing); err != nil {
		return r.superseded(err)
	}
	return r.j.save(keySigned)
}

// undoKey goes back to the key of the sealing in force. What somebody put to rest
// before this began is not woken: they had a reason. Nor is any when a later sealing is
// in force: whoever put that there signed that what was before it is refused.
func (r *run) undoKey(ctx context.Context, user string) error {
	stands, err := r.Custody.Standing(ctx)
	if err != nil {
		return err
	}
	later := stands.InForce != nil && r.j.Sealing != nil && stands.InForce.Serial > r.j.Sealing.Serial
	for _, id := range r.j.Old {
		if later || slices.Contains(r.j.Asleep, id) {
			continue
		}
		var no *refusedCall
		err := r.setKey(ctx, user, id, types.StatusTypeActive)
		if err != nil && !(errors.As(err, &no) && no.code == noEntity) { // one of ours that was thrown away
			return err
		}
	}
	if r.j.New != "" {
		if err := r.endKey(ctx, user, r.j.New); err != nil {
			return err
		}
	}
	if err := r.j.remove(); err != nil {
		return err
	}
	return fmt.Errorf("%w: the key of the sealing in force is as it was, and the new one is gone", ErrSuperseded)
}

// followed tells whether another sealing came after this one was put in force.
func (r *run) followed(ctx context.Context) (bool, error) {
	now, err := r.Custody.Standing(ctx)
	if err != nil {
		return false, err
	}
	return now.Waiting != nil || now.InForce == nil || *now.InForce != *r.j.Sealing, nil
}

// cleanKeys deletes what is old, and looks that nothing else is there. What if another
// machine rotated since this was signed: the key that it made is in force, or is to be,
// and looks from here like a stray. So nothing is touched then.
func (r *run) cleanKeys(ctx context.Context, user string) error {
	switch followed, err := r.followed(ctx); {
	case err != nil:
		return err
	case followed:
		if err := r.j.remove(); err != nil {
			return err
		}
		return fmt.Errorf("%w after this rotation was signed: no key was touched; of %s, what is still there rests and may be deleted", ErrSuperseded, strings.Join(r.j.Old, ", "))
	}
	for _, id := range r.j.Old {
		if err := r.endKey(ctx, user, id); err != nil {
			return err
		}
	}
	made, err := r.unclaimed(ctx, user)
	if err != nil {
		return err
	}
	for _, id := range append(made, r.Remove...) {
		if id == r.j.New {
			continue
		}
		if err := r.endKey(ctx, user, id); err != nil {
			return err
		}
	}
	if len(r.j.Old) > 0 {
		r.tell("Sessions that were begun with an old key before (sts:GetSessionToken) live on, for up to 36 hours: deny them in a policy of %s if anybody may have some.", user)
	}
	return r.until(ctx, believed, "that the new key is the only one of "+user, func() (bool, error) {
		all, err := r.listKeys(ctx, user)
		if err != nil {
			return false, err
		}
		strays, there := &Stray{Of: "user " + user}, false
		for _, k := range all {
			switch id := sdk.ToString(k.AccessKeyId); {
			case id == r.j.New:
				there = k.Status == types.StatusTypeActive
			case !slices.Contains(r.j.Old, id) && !slices.Contains(made, id) && !slices.Contains(r.Remove, id):
				strays.IDs, strays.Found = append(strays.IDs, id), append(strays.Found, r.describe(ctx, k))
			}
		}
		if len(strays.IDs) > 0 {
			return false, strays
		}
		return there && len(all) == 1, nil
	})
}

// setKey lets a key work or not. One that is gone does not work.
func (r *run) setKey(ctx context.Context, user, id string, to types.StatusType) error {
	_, err := r.users.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &user, AccessKeyId: &id, Status: to})
	if err != nil && (to != types.StatusTypeInactive || !is(err, noEntity)) {
		return failed(fmt.Sprintf("make key %s of %s %s", id, user, strings.ToLower(string(to))), err)
	}
	return nil
}

// endKey deletes a key. One that is gone is.
func (r *run) endKey(ctx context.Context, user, id string) error {
	if err := r.setKey(ctx, user, id, types.StatusTypeInactive); err != nil {
		return err
	}
	_, err := r.users.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &user, AccessKeyId: &id})
	if err != nil && !is(err, noEntity) {
		return failed(fmt.Sprintf("delete key %s of %s", id, user), err)
	}
	return nil
}
