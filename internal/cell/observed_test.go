package cell_test

import (
	"errors"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestObservedIsWhatCanBeObserved: what a server says it saw goes into entries
// and onto screens, so that nothing but addresses and salts may stand there.
func TestObservedIsWhatCanBeObserved(t *testing.T) {
	for name, spoil := range map[string]func(*cell.Observed){
		"escape sequence": func(o *cell.Observed) { o.Address = "192.0.2.7\x1b[2J" },
		"name":            func(o *cell.Observed) { o.Address = "localhost" },
		"short salt":      func(o *cell.Observed) { o.Salt = "abcd" },
		"upper-case salt": func(o *cell.Observed) { o.Salt = "ABCDEF0123456789ABCDEF0123456789" },
	} {
		c := celltest.Sample()
		ask := c.Ask("ann", "1", "db-1")
		spoil(&ask.Observed)
		_, err := c.Do(ask)
		var refusal *cell.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("%s: got %v, want a fault of the caller", name, err)
		}
	}
}
