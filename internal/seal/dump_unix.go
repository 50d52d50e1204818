//go:build unix

package seal

import "golang.org/x/sys/unix"

// KeepFromDumps has the system write no core file of this process, should it crash: its
// memory may hold what was opened. Programs that it starts inherit that, and may raise
// it again. Where the system refuses, nothing is lost but this.
func KeepFromDumps() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &limit) != nil {
		return
	}
	limit.Cur = 0
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &limit)
}
