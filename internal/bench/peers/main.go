package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// Batches as in the peer's own advice for few writers: no caller waits longer
// for others than five milliseconds.
const (
	batchMost = 256
	batchAge  = 5 * time.Millisecond
	entrySize = 300
)

func main() {
	if len(os.Args) != 3 || os.Args[1] != "append" {
		fmt.Fprintln(os.Stderr, "usage: peers append FOLDER")
		os.Exit(2)
	}
	if err := serve(os.Args[2], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// serve runs a turn for each line "WRITERS MILLISECONDS" and answers with
// "ENTRIES NANOSECONDS P50 P99", the last two in nanoseconds.
func serve(folder string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	appender, shut, err := open(ctx, folder)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var writers, millis int
		if _, err := fmt.Sscan(lines.Text(), &writers, &millis); err != nil {
			return fmt.Errorf("cannot read %q: %w", lines.Text(), err)
		}
		n, took, waits, err := turn(ctx, appender, writers, time.Duration(millis)*time.Millisecond)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, n, took.Nanoseconds(), waits[len(waits)/2].Nanoseconds(), waits[len(waits)*99/100].Nanoseconds())
	}
	return shut(ctx)
}

func open(ctx context.Context, folder string) (*tessera.Appender, func(context.Context) error, error) {
	skey, _, err := note.GenerateKey(rand.Reader, "bench.example.com")
	if err != nil {
		return nil, nil, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return nil, nil, err
	}
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).
		WithBatching(batchMost, batchAge).WithCheckpointInterval(time.Second)
	appender, shut, _, err := tessera.NewAppender(ctx, driver, options)
	return appender, shut, err
}

var serial atomic.Uint64

// turn appends from so many callers at a time: an entry counts when its index is
// final, which posix gives after the tree with it was written.
func turn(ctx context.Context, a *tessera.Appender, writers int, length time.Duration) (int, time.Duration, []time.Duration, error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	begun := time.Now()
	for range writers {
		all.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Since(begun) < length {
				entry := make([]byte, entrySize)
				binary.BigEndian.PutUint64(entry, serial.Add(1))
				sent := time.Now()
				_, err = a.Add(ctx, tessera.NewEntry(entry))()
				mine = append(mine, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			waits, failed = append(waits, mine...), errors.Join(failed, err)
		})
	}
	all.Wait()
	took := time.Since(begun)
	slices.Sort(waits)
	return len(waits), took, waits, failed
}
