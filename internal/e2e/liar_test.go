package e2e_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// believing is what an administrator makes of the check of signatures: one key is
// taken for another person's.
type believing struct {
	verify.Signatures
	own   string // fingerprint of the administrator's key
	taken cell.Signer
}

// Statement does what cell.Verifier says, but for one key.
func (b believing) Statement(kind statement.Kind, data []byte, signature ledger.Signature) (cell.Signer, error) {
	signer, err := b.Signatures.Statement(kind, data, signature)
	if err == nil && signer.Fingerprint == b.own {
		return b.taken, nil
	}
	return signer, err
}

// TestTheLiar is story 10: the administrator has the database and every key of
// the server, and adds the approval of lea that is missing, with entries, tiles,
// snapshots and a checkpoint as they must be. The program does not serve it, and
// nobody who holds the anchor believes it: verify names the entry.
func TestTheLiar(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{})
	id := ok[string](t)(w.ask("ann", 10*time.Minute, "primary"))
	ok[string](t)(w.as("sam", "approve", id, "--check", "call-back", "--yes"))
	honest := w.path("honest")
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", honest))
	wr := newWire(t, w)
	forged := forge(t, w, wr, ok[canon.Digest](t)(canon.ParseDigest(id)))
	// The honest program does not serve it.
	if said := refused(t, exec.Command(w.program("halligan"), "serve", w.path("cell")), 1); !strings.Contains(said, "entry "+forged) {
		t.Errorf("serve does not name entry %s:\n%s", forged, said)
	}
	// Whoever gets it by another program's hand refuses it.
	lie := w.path("lie")
	publish(t, w, lie, honest)
	for name, command := range map[string]*exec.Cmd{
		"halligan":     exec.Command(w.program("halligan"), "verify", lie, "--anchor", w.path("people", "leo", "anchor.json")),
		"halligan-kit": exec.Command(w.program("halligan-kit"), "verify", lie, "--anchor", w.path("people", "leo", "anchor.json")),
	} {
		code := 6
		if name == "halligan-kit" {
			code = 1
		}
		said := refused(t, command, code)
		if want := "entry " + forged; !strings.Contains(said, want) || !strings.Contains(said, "REFUSED") {
			t.Errorf("%s does not name %s:\n%s", name, want, said)
		}
	}
	// The auditor's older copy is good.
	ok[string](t)(output(exec.Command(w.program("halligan"), "verify", honest, "--anchor", w.path("people", "leo", "anchor.json"))))
	if said := refused(t, exec.Command(w.program("halligan"), "fsck", w.path("cell")), 6); !strings.Contains(said, "entry "+forged) {
		t.Errorf("fsck does not name entry %s:\n%s", forged, said)
	}
}

// forge adds lea's approval to the stopped server's database, signed with a key
// of the administrator's own, and gives the number of its entry.
func forge(t *testing.T, w *town, wr *wire, id canon.Digest) string {
	t.Helper()
	if err := makeKey(w.path("administrator", "key")); err != nil {
		t.Fatal(err)
	}
	own := ok[client.Signer](t)(client.OpenSigner(w.path("administrator", "key"), nil))
	body := &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}
	mine := ok[broker.Submission](t)(wr.submission("lea", own, body))
	// Whom lea's key is: the roster tells everybody.
	leas := ok[broker.Submission](t)(wr.submission("lea", ok[client.Signer](t)(wr.signer("lea")), body))
	signer := ok[cell.Signer](t)(verify.Signatures{}.Statement(statement.KindDecision, mine.Statement, mine.Signature))
	lea := ok[cell.Signer](t)(verify.Signatures{}.Statement(statement.KindDecision, leas.Statement, leas.Signature))
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	keys := ok[*server.Keys](t)(server.OpenKeys(w.path("cell", "keys")))
	store := ok[*sqlite.Store](t)(sqlite.Open(w.path("cell", "data"), sqlite.Options{Reserve: -1}))
	b, err := broker.Open(context.Background(), broker.Options{
		Origin: origin, Store: store, Beside: store, Check: believing{own: signer.Fingerprint, taken: lea}, Signer: keys.Ledger,
		Minter: keys.Authority, Wall: time.Now, Rand: func(p []byte) { rand.Read(p) },
	})
	if err != nil {
		t.Fatal(errors.Join(err, store.Close()))
	}
	answer, err := b.Submit(context.Background(), mine)
	b.Close()
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(answer.Index, 10)
}

// folder writes a log to files.
type folder string

// WriteFile does what ledger.Sink says.
func (f folder) WriteFile(path string, data []byte) error {
	path = filepath.Join(string(f), filepath.FromSlash(path))
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600))
}

// publish writes the forged ledger as a server would show it, with what lies
// beside the honest one.
func publish(t *testing.T, w *town, to, honest string) {
	t.Helper()
	store := ok[*sqlite.Store](t)(sqlite.Open(w.path("cell", "data"), sqlite.Options{Reserve: -1}))
	defer store.Close()
	head := ok[broker.Head](t)(store.Head(t.Context()))
	bodies := ok[[][]byte](t)(store.Entries(t.Context(), 0, int(head.Size)))
	beside := ok[[]string](t)(filepath.Glob(filepath.Join(honest, "attachments", "*")))
	anchor := ok[ledger.Anchor](t)(ledger.DecodeAnchor(ok[[]byte](t)(os.ReadFile(w.path("cell", "anchor.json")))))
	_, err := ledger.WriteLog(folder(to), anchor, ledger.Export{
		Signed: head.Checkpoint,
		Entries: func(yield func([]byte, error) bool) {
			for _, body := range bodies {
				if !yield(body, nil) {
					return
				}
			}
		},
		Attachments: func(yield func([]byte, error) bool) {
			for _, path := range beside {
				if !yield(os.ReadFile(path)) {
					return
				}
			}
		},
		Notes: func(func(ledger.Note, error) bool) {},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// refused runs a command that must end with an exit code, and gives all it said.
func refused(t *testing.T, cmd *exec.Cmd, code int) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("%s: %v, want exit code %d\n%s", strings.Join(cmd.Args, " "), err, code, out)
	}
	return string(out)
}
