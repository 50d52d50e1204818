// Package host is the program that runs on SSH targets (cmd/halligan-host): it
// keeps sshd's revocation list current, ends the sessions of grants that are
// over, and says so in signed reports.
//
// It is not for granting anything. It holds no credential and no secret of the
// cell: the list it pulls is public and signed, and its own key signs reports
// only. It makes no decision: a key id is on the list or it is not.
//
// Two programs in one, which meet in a directory. sshd runs `principals` for
// each certificate offered: it notes (sshd process, start, key id, serial, user)
// and prints the principals. `run` pulls, installs, ends, lists, reports.
//
// Invariants, each with the reason at its place:
//
//   - sshd always finds a readable list. One that it cannot read makes it
//     refuse every key of everybody; so a list is written beside the old one,
//     synced, read back, and renamed, and a bad one changes nothing (keep.go).
//   - The list never goes back, also when a server sends an older one that is
//     rightly signed (keep.go).
//   - A session that `principals` admits is on record before the list is looked
//     at, and a list is in force before sessions are listed. So a report that
//     shows no session of a revoked grant cannot be overtaken by a login that
//     was being admitted meanwhile (principals.go, round.go).
//   - No process is signalled but one that belongs to a recorded login, and
//     none by a process id that has changed hands (member.go, platform_linux.go).
//
// What belongs to a login: the sshd process and its descendants; their kernel
// sessions; processes that bear the connection in SSH_CONNECTION; processes of
// the same audit session or systemd session scope where the login opened one;
// and everything that was seen to belong at an earlier look, wherever it has
// moved since. A login is over when none of them is left, also when sshd's
// process has gone and something was left behind.
//
// What can escape, and is not claimed: a process that clears its environment
// and leaves its parent and kernel session between two looks (about two
// seconds) on a host without audit sessions and systemd scopes; work handed to
// others, such as cron, at, systemd-run, a container engine or a database; keys,
// passwords and programs left behind; onward logins to other machines; whatever
// a root session does to this program, its files or the kernel. And in the
// other direction: a daemon started by hand within a session belongs to that
// session and is ended with it; start services through the service manager.
//
// Works on Linux only; elsewhere it builds and refuses to run.
//
// Read first: round.go.
package host
