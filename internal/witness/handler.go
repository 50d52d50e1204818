package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Limits of the handler: how long an offer may take to arrive, and how many are
// dealt with at a time.
const (
	readLongest = 10 * time.Second
	offersMost  = 32
)

// Handler answers add-checkpoint of C2SP tlog-witness, and on / who the witness
// is, for people.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	slots := make(chan struct{}, offersMost)
	mux.HandleFunc("POST "+Path, func(out http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			out.Header().Set("Retry-After", "1")
			http.Error(out, "busy", http.StatusServiceUnavailable)
			return
		}
		w.add(out, r)
	})
	mux.HandleFunc("GET /{$}", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(out, "%s\n", w.VKey())
	})
	return mux
}

func (w *Witness) add(out http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(out).SetReadDeadline(time.Now().Add(readLongest)) // not every writer has one; the server bounds headers
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, bodyLimit))
	if err != nil {
		http.Error(out, fmt.Sprintf("the offer cannot be read, or has more than %d bytes", bodyLimit), http.StatusBadRequest)
		return
	}
	offer, err := DecodeOffer(body)
	if err != nil {
		http.Error(out, "the offer is malformed: "+err.Error(), http.StatusBadRequest)
		return
	}
	line, err := w.Add(offer)
	if err != nil {
		w.refuse(out, err)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = out.Write(line) // whoever did not hear asks again
}

// refuse answers as tlog-witness says.
func (w *Witness) refuse(out http.ResponseWriter, err error) {
	var stale *Stale
	switch {
	case errors.As(err, &stale):
		out.Header().Set("Content-Type", StaleType)
		out.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(out, "%d\n", stale.Size)
	case errors.Is(err, ErrUnknownLog):
		http.Error(out, err.Error(), http.StatusNotFound)
	case errors.Is(err, ErrSignature):
		http.Error(out, err.Error(), http.StatusForbidden)
	case errors.Is(err, ErrProof):
		http.Error(out, err.Error(), http.StatusUnprocessableEntity)
	case errors.Is(err, ErrMalformed):
		http.Error(out, err.Error(), http.StatusBadRequest)
	default:
		w.log.Error("an offer could not be dealt with", "error", err)
		http.Error(out, "internal error", http.StatusInternalServerError)
	}
}
