package rotation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/halligan-dev/halligan/internal/canon"
)

// removeStrays removes keys that may be, until as many are left as are known, and
// one that may be replaced is left for that.
func (r *run) removeStrays(ctx context.Context, user string, all []types.AccessKeyMetadata, known int) (left []types.AccessKeyMetadata, err error) {
	strays := &Stray{Of: "user " + user}
	for _, k := range all {
		id := sdk.ToString(k.AccessKeyId)
		switch {
		case !slices.Contains(r.Remove, id):
			left = append(left, k)
			strays.IDs, strays.Found = append(strays.IDs, id), append(strays.Found, r.describe(ctx, k))
		case len(all) == 1: // it goes when the new one works
			return all, nil
		default:
			r.tell("Removing key %s of %s, which no rotation made.", id, user)
			if err := r.endKey(ctx, user, id); err != nil {
				return nil, err
			}
		}
	}
	if len(left) > known {
		return nil, strays
	}
	return left, nil
}

// describe says what AWS knows of a key.
func (r *run) describe(ctx context.Context, k types.AccessKeyMetadata) string {
	text := fmt.Sprintf("%s (%s, created %s", sdk.ToString(k.AccessKeyId), strings.ToLower(string(k.Status)), spoken(sdk.ToTime(k.CreateDate)))
	switch used, err := r.lastUsed(ctx, sdk.ToString(k.AccessKeyId)); {
	case err != nil:
	case used.IsZero():
		text += ", never used"
	default:
		text += ", last used " + spoken(used)
	}
	return text + ")"
}

// spoken is an instant for people.
func spoken(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func (r *run) lastUsed(ctx context.Context, id string) (time.Time, error) {
	out, err := r.users.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if err != nil {
		return time.Time{}, failed("ask when key "+id+" was used", err)
	}
	if out.AccessKeyLastUsed == nil {
		return time.Time{}, nil
	}
	return sdk.ToTime(out.AccessKeyLastUsed.LastUsedDate), nil
}

// unclaimed lists keys that a call of ours made whose answer never came: made while
// one was outstanding, known to nobody and never used.
func (r *run) unclaimed(ctx context.Context, user string) (ids []string, err error) {
	all, err := r.listKeys(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		id := sdk.ToString(k.AccessKeyId)
		if id == r.j.New || slices.Contains(r.j.Old, id) || !r.outstanding(sdk.ToTime(k.CreateDate)) {
			continue
		}
		used, err := r.lastUsed(ctx, id)
		if err != nil {
			return nil, err
		}
		if used.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// outstanding tells whether something was asked of AWS then whose answer never came.
func (r *run) outstanding(at time.Time) bool {
	return slices.ContainsFunc(r.j.Asked, func(asked canon.Time) bool {
		return at.After(asked.Std().Add(-skew)) && at.Before(asked.Std().Add(outstanding+skew))
	})
}
