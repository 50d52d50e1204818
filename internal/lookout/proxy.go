package lookout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// answerLimit bounds what is read of a proxy's, a tracker's or anybody's headers.
const answerLimit = 16 << 10

// through asks a proxy, over a connection to it, for one to an address (RFC 9110,
// CONNECT), and closes the connection if it says no.
func through(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // whoever waits on it is let go
	defer stop()
	err := connect(conn, address)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func connect(conn net.Conn, address string) error {
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if err := ask.Write(conn); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(io.LimitReader(conn, answerLimit), 512)
	answer, err := http.ReadResponse(reader, ask)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("the proxy answered %d", answer.StatusCode)
	case reader.Buffered() > 0:
		return errors.New("the proxy sent more than its answer")
	}
	return nil
}
