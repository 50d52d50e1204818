package rotation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// The steps of a password. IAM keeps one, and says neither what it is nor, at once,
// since when: so the secret is sealed and shown before it is set, and whoever goes on
// at a step before that begins with another.
const (
	passwordBegun   = "begun"
	passwordSealing = "sealing" // it may be recorded; no password was changed
	passwordSetting = "setting" // IAM was asked to set it, at the last of Asked
	passwordSet     = "set"     // it is set; it is signed, or is to be
)

// password rotates the console password of a user.
func (r *run) password(ctx context.Context, user string) error {
	if r.j.Step == passwordSetting {
		if err := r.lookBack(ctx, user); err != nil {
			return err
		}
	}
	if r.j.Step != passwordSet {
		if err := r.newPassword(ctx, user); err != nil {
			return err
		}
	}
	switch err := r.Custody.Accept(ctx, *r.j.Sealing); {
	case errors.Is(err, ErrSuperseded): // what is set lies in a sealing that counts no more
		return errors.Join(err, r.j.save(passwordBegun))
	case err != nil:
		return err
	}
	r.tell("IAM took the new password, and with it the old one ended. Nobody has signed in with it: IAM offers no way to try one but its page.")
	return nil
}

// newPassword makes a password, seals it, waits for the custodians and sets it.
func (r *run) newPassword(ctx context.Context, user string) error {
	r.j.Sealing = nil
	if err := r.j.save(passwordBegun); err != nil {
		return err
	}
	text, err := r.makePassword(ctx)
	if err != nil {
		return err
	}
	defer clear(text)
	if err := r.seal(ctx, slices.Clone(text)); err != nil {
		return err
	}
	r.tell("Sealed as serial %d. Do not end this command until the custodians have looked: its password exists nowhere else that it could be set from.", r.j.Sealing.Serial)
	if err := r.Custody.Shown(ctx, *r.j.Sealing); err != nil {
		return err
	}
	_, err = r.users.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})
	if r.j.Fresh = is(err, noEntity); err != nil && !r.j.Fresh {
		return failed("ask whether "+user+" has a password", err)
	}
	// What if we crash here: it is not set, and will be found out not to be.
	r.j.Asked = append(r.j.Asked[:0], r.j.now())
	if err := r.j.save(passwordSetting); err != nil {
		return err
	}
	if err := r.setPassword(ctx, user, string(text)); err != nil {
		if definite(err) {
			return errors.Join(err, r.j.save(passwordSealing))
		}
		return err
	}
	return r.j.save(passwordSet)
}

// setPassword asks once: a second try would be refused where IAM remembers passwords.
func (r *run) setPassword(ctx context.Context, user, text string) (err error) {
	if r.j.Fresh {
		_, err = r.users.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: &user, Password: &text}, once)
	} else {
		no := false
		_, err = r.users.UpdateLoginProfile(ctx, &iam.UpdateLoginProfileInput{UserName: &user, Password: &text, PasswordResetRequired: &no}, once)
	}
	if err != nil {
		return unsaid("set the password of "+user, err)
	}
	return nil
}

// ErrUnknown says that IAM does not tell yet whether a password was set.
var ErrUnknown = errors.New("whether the password was set is not known yet")

// lookBack finds out whether a process that ended while IAM was asked has set the
// password. Where there was none before, there is one now; else the account's
// credential report tells, which IAM makes anew every four hours.
func (r *run) lookBack(ctx context.Context, user string) error {
	asked := r.j.Asked[len(r.j.Asked)-1].Std()
	if r.j.Fresh {
		_, err := r.users.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: &user})
		switch {
		case err == nil:
			return r.j.save(passwordSet)
		case is(err, noEntity):
			return r.j.save(passwordBegun)
		}
		return failed("ask whether "+user+" has a password", err)
	}
	r.tell("Whether the password of %s was set is looked up in the credential report of the account.", user)
	if _, err := r.users.GenerateCredentialReport(ctx, nil); err != nil {
		return failed("have the credential report made", err)
	}
	var report *iam.GetCredentialReportOutput
	err := r.until(ctx, believed, "the credential report", func() (ok bool, err error) {
		report, err = r.users.GetCredentialReport(ctx, nil)
		if is(err, "ReportInProgress", "ReportNotPresent", "CredentialReportNotReadyException", "CredentialReportNotPresentException") {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return failed("read the credential report", err)
	}
	if made := sdk.ToTime(report.GeneratedTime); made.Before(asked.Add(skew)) {
		return fmt.Errorf("%w: the credential report is of %s; the next can be made at %s", ErrUnknown, made.UTC().Format(time.RFC3339), made.Add(4*time.Hour).UTC().Format(time.RFC3339))
	}
	changed, err := changedIn(report.Content, user)
	switch {
	case err != nil:
		return err
	case changed.Before(asked.Add(-time.Minute)):
		return r.j.save(passwordBegun)
	}
	return r.j.save(passwordSet)
}

// changedIn reads from a credential report when a user's password was changed last.
func changedIn(report []byte, user string) (time.Time, error) {
	rows, err := csv.NewReader(bytes.NewReader(report)).ReadAll()
	if err != nil || len(rows) == 0 {
		return time.Time{}, errors.New("cannot read the credential report: it is no table")
	}
	at, of := slices.Index(rows[0], "password_last_changed"), slices.Index(rows[0], "user")
	for _, row := range rows[1:] {
		if at < 0 || of < 0 || row[of] != user {
			continue
		}
		if changed, err := time.Parse(time.RFC3339, row[at]); err == nil {
			return changed, nil
		}
		return time.Time{}, nil // N/A: never
	}
	return time.Time{}, fmt.Errorf("cannot read the credential report: it has nothing of user %s", user)
}

// Passwords are of letters and digits that nobody takes for one another, in groups
// of eight; a hyphen between is the symbol that policies may demand.
const (
	lower, upper, digits = "abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"

	groupLength   = 8
	groupsUsual   = 5   // 40 characters of 56: 232 bits
	passwordMost  = 128 // of IAM
	passwordTries = 1000
)

// makePassword makes one that the account's policy takes.
func (r *run) makePassword(ctx context.Context) ([]byte, error) {
	out, err := r.users.GetAccountPasswordPolicy(ctx, nil)
	switch {
	case is(err, noEntity):
		return Password(0)
	case err != nil:
		return nil, failed("read the account's password policy", err)
	case out.PasswordPolicy == nil:
		out.PasswordPolicy = &types.PasswordPolicy{}
	}
	return Password(int(sdk.ToInt32(out.PasswordPolicy.MinimumPasswordLength)))
}

// Password makes a console password of at least so many characters, and of forty
// without hyphens. Whatever kinds of character a policy demands, it has each.
func Password(least int) ([]byte, error) {
	groups := groupsUsual
	for groups*(groupLength+1)-1 < least {
		groups++
	}
	if groups*(groupLength+1)-1 > passwordMost {
		return nil, fmt.Errorf("the account demands passwords of %d characters: more than can be made here", least)
	}
	text := make([]byte, 0, passwordMost)
	for range passwordTries {
		text = text[:0]
		for i := range groups * groupLength {
			if i > 0 && i%groupLength == 0 {
				text = append(text, '-')
			}
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(lower+upper+digits))))
			if err != nil {
				return nil, err
			}
			text = append(text, (lower + upper + digits)[n.Int64()])
		}
		if bytes.ContainsAny(text, lower) && bytes.ContainsAny(text, upper) && bytes.ContainsAny(text, digits) {
			return text, nil
		}
	}
	return nil, errors.New("cannot make a password: randomness fails")
}
