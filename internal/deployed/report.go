package deployed

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// rootRow is how the report calls the root user.
const rootRow = "<root_account>"

const rowsMost = 20000 // of users: an account may have 5,000

// Report says of an account's users when their credentials were made and used.
type Report struct {
	Made   time.Time
	Users  map[string]Credentials // by name
	Root   Credentials
	Rooted bool // the root user is in it
}

// Credentials are a user's: when, and never what.
type Credentials struct {
	Password bool      // there is one
	Changed  time.Time // zero: not known
	Used     time.Time // zero: never, or not known
	MFA      bool
	Keys     []Key // that are active
}

// Key is an active access key.
type Key struct{ Made, Used time.Time }

// columns must be there; AWS may add others.
var columns = []string{
	"user", "password_enabled", "password_last_used", "password_last_changed", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
}

// parseReport reads a report's CSV.
func parseReport(data []byte, made time.Time) (Report, error) {
	out := Report{Made: made, Users: map[string]Credentials{}}
	if made.IsZero() {
		return out, errors.New("cannot read the credential report: it does not say when it was made")
	}
	table := csv.NewReader(bytes.NewReader(data))
	head, err := table.Read()
	if err != nil {
		return out, fmt.Errorf("cannot read the credential report: %w", err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	for _, name := range columns {
		if _, there := at[name]; !there {
			return out, fmt.Errorf("cannot read the credential report: it has no column %s", name)
		}
	}
	for range rowsMost {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("cannot read the credential report: %w", err)
		}
		cell := func(name string) string { return row[at[name]] }
		c := Credentials{
			// Of a root user an older report says not_supported, and means that there is one.
			Password: strings.EqualFold(cell("password_enabled"), "true") || cell("password_enabled") == "not_supported",
			Changed:  when(cell("password_last_changed")), Used: when(cell("password_last_used")), MFA: strings.EqualFold(cell("mfa_active"), "true"),
		}
		for _, key := range []string{"access_key_1_", "access_key_2_"} {
			if strings.EqualFold(cell(key+"active"), "true") {
				c.Keys = append(c.Keys, Key{when(cell(key + "last_rotated")), when(cell(key + "last_used_date"))})
			}
		}
		if cell("user") == rootRow {
			out.Root, out.Rooted = c, true
			continue
		}
		out.Users[cell("user")] = c
	}
	return out, fmt.Errorf("cannot read the credential report: it has over %d users", rowsMost)
}

// when is an instant of the report; what is none, such as N/A, is zero.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
