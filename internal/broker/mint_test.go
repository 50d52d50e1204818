package broker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// cloud is a broker.Sessions of a test.
type cloud struct {
	asked  []access.Session
	to     []access.Recipient
	err    error
	anyway bool          // it had its effect all the same
	made   int           // sessions that exist there
	hang   chan struct{} // set: nothing is answered before it is closed
}

func (c *cloud) Mint(ctx context.Context, unsigned access.Session, to access.Recipient) (broker.Sealed, error) {
	c.asked, c.to = append(c.asked, unsigned), append(c.to, to)
	if c.hang != nil {
		select {
		case <-c.hang:
		case <-ctx.Done():
			return broker.Sealed{}, fmt.Errorf("%w: %w", broker.ErrMintUnreachable, ctx.Err())
		}
	}
	if c.err == nil || c.anyway {
		c.made++
	}
	if c.err != nil {
		return broker.Sealed{}, c.err
	}
	return broker.Sealed{Text: "sealed", Expires: unsigned.Before}, nil
}

// accounted is a cell whose scenario opens an AWS account, with a granted request
// of ann's for it.
func accounted(t *testing.T, c *cloud) (*brokertest.Cell, canon.Digest) {
	t.Helper()
	setup := brokertest.Setup{Change: celltest.WithAWS}
	if c != nil {
		setup.Sessions = c
	}
	d := brokertest.New(t, setup)
	id := d.Must(d.AskFor("ann", "1", 600, "prod")).Digest
	d.Must(d.Decide("sam", id, statement.Approve))
	a := d.Must(d.Decide("lea", id, statement.Approve))
	task := fmt.Sprintf("open:%s:%d:prod", id.Short(), a.Index)
	if _, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectOpened, Task: task}, cell.Observed{}); err != nil {
		t.Fatal(err)
	}
	return d, id
}

func fetch(d *brokertest.Cell, id canon.Digest, console bool) broker.Answer {
	d.T.Helper()
	return d.Must(d.Sign("ann", "holder 1", &statement.Fetch{Of: id, Target: "prod", Console: console}))
}

// told is the last event of a request, once nothing more is under way: a cell is
// shut when everything that was reported is decided.
func told(t *testing.T, d *brokertest.Cell, id canon.Digest) cell.Event {
	t.Helper()
	d.Shut()
	d.Open()
	indices, err := d.Store.StreamEntries(context.Background(), cell.StreamOf(id))
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := d.Store.Entries(context.Background(), indices[len(indices)-1], 1)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := ledger.DecodeEntry(bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	events, err := cell.DecodeEvents(entry.Events)
	if err != nil {
		t.Fatal(err)
	}
	return events[len(events)-1]
}

// TestMintASession: what was authorised, rebuilt, goes to the cloud with the X25519
// key of the request, and nothing that comes back is looked into.
func TestMintASession(t *testing.T) {
	c := &cloud{}
	d, id := accounted(t, c)
	a := fetch(d, id, false)
	made, err := d.Mint(context.Background(), a)
	if err != nil || made.Sealed == nil || made.Sealed.Text != "sealed" || made.Certificate != nil {
		t.Fatalf("minted %+v, %v", made, err)
	}
	authorised := a.Events[0].(*cell.CredentialAuthorised)
	if got := canon.Sum(c.asked[0].Unsigned()); got != authorised.Unsigned {
		t.Errorf("the cloud was asked for %s, the entry authorised %s", got, authorised.Unsigned)
	}
	want := access.Recipient{X25519: celltest.Public("sealed 1"), Holder: celltest.Public("holder 1"), Request: id, Fetch: a.Digest}
	if c.to[0] != want {
		t.Errorf("it was to be sealed to %+v, want the request's keys, for this fetch: %+v", c.to[0], want)
	}
	if e, ok := told(t, d, id).(*cell.CredentialDelivered); !ok || e.Target != "prod" {
		t.Errorf("recorded: %#v", e)
	}
	a = fetch(d, id, true)
	if _, err := d.Mint(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	if !a.Events[0].(*cell.CredentialAuthorised).Console || c.asked[1].Duration != 0 || c.asked[1].ID == c.asked[0].ID {
		t.Errorf("a link to the console was asked for as %+v", c.asked[1])
	}
}

// TestT48MintFailed tries each failure twice: it did not, and it did anyway. What is
// recorded is the same, and so is what the holder can do: fetch anew.
func TestT48MintFailed(t *testing.T) {
	for want, failure := range map[string]error{
		"refused":     fmt.Errorf("%w: AccessDenied", broker.ErrMintRefused),
		"unreachable": fmt.Errorf("%w: no answer", broker.ErrMintUnreachable),
		"internal":    errors.New("cannot seal"),
	} {
		for _, anyway := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", want, anyway), func(t *testing.T) {
				c := &cloud{err: failure, anyway: anyway}
				d, id := accounted(t, c)
				first := fetch(d, id, false)
				made, err := d.Mint(context.Background(), first)
				if !errors.Is(err, failure) || made.Sealed != nil {
					t.Fatalf("minted %+v, %v", made, err)
				}
				if e, ok := told(t, d, id).(*cell.MintFailed); !ok || e.Why != want {
					t.Errorf("recorded: %#v", e)
				}
				c.err = nil
				again := fetch(d, id, false)
				if _, err := d.Mint(context.Background(), again); err != nil {
					t.Fatal(err)
				}
				if c.asked[0].ID == c.asked[1].ID {
					t.Error("the second session cannot be told from the first")
				}
			})
		}
	}
}

// TestMintWithoutAccounts: a server that is not set up says so, and records it.
func TestMintWithoutAccounts(t *testing.T) {
	d, id := accounted(t, nil)
	if _, err := d.Mint(context.Background(), fetch(d, id, false)); !errors.Is(err, broker.ErrNoSessions) {
		t.Fatalf("got %v", err)
	}
	if e, ok := told(t, d, id).(*cell.MintFailed); !ok || e.Why != "unready" {
		t.Errorf("recorded: %#v", e)
	}
}

// TestNobodyWaitsBehindACloud: while a cloud does not answer, others are decided;
// and when the fetch's time is over, that nothing left is recorded all the same.
func TestNobodyWaitsBehindACloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{hang: make(chan struct{})}
		d, id := accounted(t, c)
		a := fetch(d, id, false)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		minted := make(chan error)
		go func() {
			_, err := d.Mint(ctx, a)
			minted <- err
		}()
		synctest.Wait()
		d.Must(d.Ask("bob", "2")) // would wait for ever behind the cloud
		d.Must(d.Stop("sam", id))
		if err := <-minted; !errors.Is(err, broker.ErrMintUnreachable) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if e, ok := told(t, d, id).(*cell.MintFailed); !ok || e.Why != "unreachable" {
			t.Errorf("recorded: %#v", e)
		}
	})
}
