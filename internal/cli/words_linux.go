package cli

import (
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/halligan-dev/halligan/internal/statement"
)

// roomForWords readies, while the network is waited for, the memory that the
// words will take: in one call and large pages instead of thousands of page
// faults, which take as long as the words themselves. A kernel that does not
// know of it is no worse off.
func roomForWords() {
	room := make([]byte, statement.WordsSpace+statement.WordsSpace/4) // what follows fits in despite what is taken meanwhile
	_ = unix.Madvise(room, unix.MADV_HUGEPAGE)
	_ = unix.Madvise(room, unix.MADV_POPULATE_WRITE)
	runtime.KeepAlive(room)
	runtime.GC() // the room is free again, and stays ours
}
