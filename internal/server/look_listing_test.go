package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/server"
)

// vast is an organisation of pages of accounts, which ends a round in the middle.
type vast struct {
	*httptest.Server
	pages int

	mu      sync.Mutex
	stuck   string // page, or account whose parent is asked for, that no answer comes to
	asked   []string
	parents []string
	end     context.CancelFunc
}

func newVast(t *testing.T, pages int) *vast {
	v := &vast{pages: pages}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ NextToken, ChildId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return // of a round that was ended
		}
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		v.mu.Lock()
		defer v.mu.Unlock()
		asked := in.ChildId
		if action == "ListAccounts" {
			asked = "page " + in.NextToken
			v.asked = append(v.asked, asked)
		}
		if v.stuck != "" && asked == v.stuck {
			v.end()
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		switch action {
		case "ListAccounts":
			fmt.Fprint(w, v.page(in.NextToken))
		case "ListParents":
			v.parents = append(v.parents, asked)
			fmt.Fprint(w, `{"Parents":[{"Id":"r-root","Type":"ROOT"}]}`)
		case "ListPolicies":
			fmt.Fprint(w, `{"Policies":[]}`)
		}
	}))
	t.Cleanup(v.Close)
	return v
}

func (v *vast) page(token string) string {
	page, _ := strconv.Atoi(token)
	var all []string
	for i := range 20 {
		number := fmt.Sprintf("%012d", page*20+i)
		all = append(all, `{"Id":"`+number+`","Arn":"arn:aws:organizations::999988887777:account/o-x/`+number+`","Name":"x","State":"ACTIVE"}`)
	}
	next := ""
	if page+1 < v.pages {
		next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
	}
	return `{"Accounts":[` + strings.Join(all, ",") + `]` + next + `}`
}

// round has a server look, in a round that ends where no answer comes.
func (v *vast) round(t *testing.T, look func(context.Context) readiness.Looked, stuck string) (readiness.Looked, []string, []string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v.mu.Lock()
	v.stuck, v.end, v.asked, v.parents = stuck, cancel, nil, nil
	v.mu.Unlock()
	seen := look(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	return seen, v.asked, v.parents
}

// TestLargeOrganizationIsReadOn: a list of accounts that a round does not come to the end
// of is read on by the next, is not taken for all meanwhile, and does not take the place
// of one that is whole; accounts that a round did not come to are first in the next.
func TestLargeOrganizationIsReadOn(t *testing.T) {
	n := newNight(t)
	g, scenario := celltest.CenterGenesis(), celltest.CenterScenario()
	g.AWS.Accounts[0].Reader, g.AWS.Organization = true, "prod"
	now := func() canon.Time { return canon.At(n.wall()) }
	n.double.AddRole(awstest.Role{ARN: "arn:aws:iam::123456789012:role/halligan-reader", Audience: access.STSAudience, Subjects: []string{celltest.Origin + "/reader"}, Sources: "hg-", Allows: []string{"iam:*"}})
	opened := func() (*vast, func(context.Context) readiness.Looked) {
		v, endpoints := newVast(t, 5), maps.Clone(n.double.Endpoints())
		endpoints["organizations"] = v.URL
		provided := aws.New(aws.Options{
			Keys: []aws.Signer{n.key}, Seal: toMachine, Now: now, Endpoints: endpoints, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
			Cell: func() aws.Cell {
				return aws.Cell{Origin: celltest.Origin, Issuers: []string{"https://oidc.cell.example.com"}, Key: n.key.KeyID(), Accounts: []string{"123456789012", "210987654321"}}
			},
		})
		return v, server.LookOf(&g, map[string]*access.Scenario{scenario.ID: &scenario}, provided, now)
	}
	v, look := opened()
	seen, _, _ := v.round(t, look, "page 2")
	if m := seen.Members; m == nil || m.Why != "" || !m.More || len(m.All) != 40 || m.Management != "999988887777" {
		t.Fatalf("a list that broke off: %+v", m)
	}
	seen, asked, _ := v.round(t, look, "")
	if m := seen.Members; m.Why != "" || m.More || len(m.All) != 100 || !slices.Equal(asked, []string{"page 2", "page 3", "page 4"}) {
		t.Errorf("read on: %+v, asked for %q", m, asked)
	}
	seen, asked, _ = v.round(t, look, "page 3")
	if m := seen.Members; m.Why != "" || m.More || len(m.All) != 100 || asked[0] != "page " {
		t.Errorf("a newer list that broke off: %+v, asked for %q", m, asked)
	}
	first := g.AWS.Accounts[0].Account
	v, look = opened() // what of a round that was ended comes late would end another
	seen, _, _ = v.round(t, look, first)
	if of := seen.Guards; of == nil || of.Why != "" || len(of.Of) != 0 {
		t.Fatalf("no account was come to: %+v", of)
	}
	seen, _, parents := v.round(t, look, g.AWS.Accounts[1].Account)
	if of := seen.Guards.Of; len(of) != 1 || of["prod"].At.IsZero() || !slices.Equal(parents, []string{first}) {
		t.Errorf("one account was come to: %+v", of)
	}
	seen, _, parents = v.round(t, look, "")
	if of := seen.Guards.Of; len(of) != 2 || len(parents) != 2 || parents[0] != g.AWS.Accounts[1].Account {
		t.Errorf("it was not first in the next round: %+v, asked for %q", of, parents)
	}
}
