package witness

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Timeouts of the listener.
const (
	headerLongest = 5 * time.Second
	idleLongest   = 2 * time.Minute
	closeLongest  = 5 * time.Second
)

// Serve answers on a listener until the context ends, and then lets those finish
// who are being answered.
func (w *Witness) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: w.Handler(), ReadHeaderTimeout: headerLongest, WriteTimeout: 2 * readLongest, IdleTimeout: idleLongest,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), closeLongest)
	defer done()
	err := server.Shutdown(closing)
	if err != nil {
		err = server.Close()
	}
	if failed := <-ended; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return err
}
