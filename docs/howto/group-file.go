//go:build ignore

// Group-file keeps who is in an emergency group in a file, one line for each
// lease: "lease person until". It is a whole program for Halligan's exec-v1;
// docs/reference/exec-provider.md says what each deed owes.
//
//	go build -o group-file docs/howto/group-file.go
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

type request struct {
	Halligan, Deed, Lease, Person, Until string
	Parameters                           map[string]string
}

func main() {
	answer := map[string]any{"halligan": "exec-v1", "done": true}
	if err := serve(answer); err != nil {
		fmt.Fprintln(os.Stderr, err) // nobody reads this but you, by hand
		answer = map[string]any{"halligan": "exec-v1", "done": false, "why": "unreachable"}
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}

// serve does one deed. The folder is the one argument that server.yaml gives;
// the group is a checked name, and still only ever the last part of a path.
func serve(answer map[string]any) error {
	var r request
	if err := json.NewDecoder(os.Stdin).Decode(&r); err != nil || r.Halligan != "exec-v1" || len(os.Args) != 2 {
		return fmt.Errorf("not asked in exec-v1, or without a folder")
	}
	path := filepath.Join(os.Args[1], filepath.Base(r.Parameters["group"]))
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	members, err := read(path)
	if err != nil {
		return err
	}
	line, stands := members[r.Lease]
	switch r.Deed {
	case "open":
		if stands && line == r.Person+" "+r.Until {
			return nil // asked again
		}
		members[r.Lease] = r.Person + " " + r.Until
		return write(path, members)
	case "close":
		delete(members, r.Lease) // not there is as good
		return write(path, members)
	case "probe":
		answer["control"] = "accepted" // the file was read, as whoever asks it about members reads it
		answer["lease"] = map[bool]string{true: "accepted", false: "refused"}[stands]
	case "list":
		leases := []string{}
		for lease := range members {
			leases = append(leases, lease)
		}
		answer["leases"] = leases
	default:
		return fmt.Errorf("unknown deed")
	}
	return nil
}

func read(path string) (map[string]string, error) {
	members := map[string]string{}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if lease, rest, ok := strings.Cut(line, " "); ok {
			members[lease] = rest
		}
	}
	return members, nil
}

// write replaces the file: whole, or not at all.
func write(path string, members map[string]string) error {
	lines := []string{}
	for lease, rest := range members {
		lines = append(lines, lease+" "+rest+"\n")
	}
	sort.Strings(lines)
	if err := os.WriteFile(path+".new", []byte(strings.Join(lines, "")), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
