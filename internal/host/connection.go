package host

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

const established = "01"

// connection returns the TCP connection that a process of sshd serves, as
// SSH_CONNECTION names it, or "" if it cannot be found. It is taken from the
// kernel's tables and not from anybody's environment, so that no process can
// borrow another login's.
func (p proc) connection(pid int) string {
	inode := p.firstSocket(pid)
	if inode == "" {
		return ""
	}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		data, err := os.ReadFile(p.path(pid, table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[9] != inode || f[3] != established {
				continue
			}
			local, ok1 := kernelAddress(f[1])
			remote, ok2 := kernelAddress(f[2])
			if ok1 && ok2 {
				return connectionName(remote, local)
			}
		}
	}
	return ""
}

// firstSocket returns the inode of the established socket with the lowest
// descriptor: sshd's process has its client there before it opens others.
func (p proc) firstSocket(pid int) string {
	for fd := range 64 {
		link, err := os.Readlink(p.path(pid, "fd/"+strconv.Itoa(fd)))
		if err != nil {
			continue
		}
		inode, ok := strings.CutPrefix(link, "socket:[")
		if ok && p.isTCP(pid, strings.TrimSuffix(inode, "]")) {
			return strings.TrimSuffix(inode, "]")
		}
	}
	return ""
}

func (p proc) isTCP(pid int, inode string) bool {
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		data, err := os.ReadFile(p.path(pid, table))
		if err == nil && strings.Contains(string(data), " "+inode+" ") {
			return true
		}
	}
	return false
}

// kernelAddress reads "0100007F:1F90": words in the machine's order, port plain.
func kernelAddress(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	raw, err1 := hex.DecodeString(host)
	number, err2 := strconv.ParseUint(port, 16, 16)
	if err1 != nil || err2 != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		word := binary.BigEndian.Uint32(raw[i:])
		binary.NativeEndian.PutUint32(raw[i:], word)
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), ok
}

func connectionName(remote, local netip.AddrPort) string {
	return fmt.Sprintf("%s %d %s %d", remote.Addr(), remote.Port(), local.Addr(), local.Port())
}

// sameConnection compares a value of SSH_CONNECTION with a connection's name,
// whichever way addresses are written.
func sameConnection(value, name string) bool {
	if value == "" || name == "" {
		return false
	}
	if value == name {
		return true
	}
	f := strings.Fields(value)
	if len(f) != 4 {
		return false
	}
	remote, err1 := netip.ParseAddr(f[0])
	local, err2 := netip.ParseAddr(f[2])
	if err1 != nil || err2 != nil {
		return false
	}
	plain := fmt.Sprintf("%s %s %s %s", remote.WithZone("").Unmap(), f[1], local.WithZone("").Unmap(), f[3])
	return plain == name
}
