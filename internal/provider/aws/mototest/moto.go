package mototest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startLongest is how long moto may take until it answers, on a machine that does
// much else.
const startLongest = 2 * time.Minute

// Program finds a program of the folder that scripts/deps.sh fills, such as AWS's
// command line; without a folder the test is skipped. A wrong folder fails it.
func Program(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv("HALLIGAN_MOTO")
	if folder == "" {
		t.Skip("HALLIGAN_MOTO does not name the folder with moto_server and aws: make test does (scripts/deps.sh gets them)")
	}
	return filepath.Join(folder, name)
}

// Start starts moto and gives its URL.
func Start(t testing.TB) (url string) {
	t.Helper()
	program := Program(t, "moto_server")
	for range 10 { // a port may be somebody's by the time that moto listens
		if url, ended := try(t, program); ended == "" {
			return url
		} else if !strings.Contains(ended, "in use") {
			t.Fatalf("moto ended: %s", ended)
		}
	}
	t.Fatal("moto finds no port")
	return ""
}

// try starts moto at a free port. It gives what moto says if it ends.
func try(t testing.TB, program string) (url, ended string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "-H", host, "-p", port)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-over
	})
	url = "http://" + address
	for limit := time.Now().Add(startLongest); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get(url + "/moto-api/data.json"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return url, ""
			}
		}
		select {
		case err := <-over:
			over <- err
			return "", fmt.Sprintf("%v: %s", err, said.String())
		default:
		}
		if time.Now().After(limit) {
			t.Fatal("moto does not answer") // what it said is being written still
		}
	}
}
