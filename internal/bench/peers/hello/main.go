// Command hello is the least web server there is: it says where it listens and
// answers hello. It is what a start is measured beside.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err == nil {
		fmt.Println(listener.Addr())
		err = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") }))
	}
	fmt.Fprintln(os.Stderr, "hello:", err)
	os.Exit(1)
}
