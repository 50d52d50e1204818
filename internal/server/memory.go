package server

import (
	"os"
	"runtime/debug"
)

// collectSeldom lets memory grow to four times what is in use before it is swept,
// not twice: what a server keeps is small beside what it makes and forgets with
// each request, and sweeping took a twentieth of its processor time. Whoever set
// GOGC is obeyed.
func collectSeldom() {
	const percent = 300
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	go debug.FreeOSMemory() // a start makes more than it keeps
}
