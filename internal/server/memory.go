package server

import (
	"os"
	"runtime/debug"
)

// collectSeldom lets memory grow to four times what is in use before it is swept,
// not twice: what a server keeps is small beside what it makes and forgets with
// each request, and sweeping took a twentieth of its processor time. Whoever set
// GOGC is obeyed. It is called once the cell is loaded, and gives back what that
// took: a start makes much more than it keeps.
func collectSeldom() {
	const percent = 300
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	debug.FreeOSMemory()
}
