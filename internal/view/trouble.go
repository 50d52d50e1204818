package view

import "github.com/halligan-dev/halligan/internal/access"

// troubles say what did not answer, or refused, while a lease was to open or to be seen
// to work.
var (
	hostTroubles    = map[string]string{"unreachable": "the host did not answer", "refused": "the host refused"}
	programTroubles = map[string]string{"unreachable": "the program did not answer", "refused": "the program refused"}
	roleTroubles    = map[string]string{"unreachable": "AWS did not answer", "refused": "AWS refused the role's twin"}
	taskTroubles    = map[string]string{"unreachable": "AWS did not answer", "refused": "AWS refused the session of the root user"}
	centerTroubles  = map[string]string{"unreachable": "Identity Center did not answer", "refused": "Identity Center refused the assignment"}

	automationTroubles = map[string]string{
		"unreachable": "Systems Manager did not answer, or the step that opens is not done", access.TroubleChanged: "the document is not the one that was signed, and is not started",
		"refused": "Systems Manager refused, or the document did not open: the server's log says which",
	}
)

// troubleWords say why a lease could not be opened, or why nothing was seen to work there.
func troubleWords(l *access.Lease, why string) string {
	var words map[string]string
	switch {
	case l.Automation != "":
		words = automationTroubles
	case l.Assignment != nil:
		words = centerTroubles
	case l.Program != "":
		words = programTroubles
	case l.Task != "":
		words = taskTroubles
	case l.Account != "":
		words = roleTroubles
	case l.Host != "":
		words = hostTroubles
	}
	if text, ok := words[why]; ok {
		return text
	}
	return say(failures, why)
}

// troubleAt is troubleWords of the lease of a request at a target.
func troubleAt(r *access.Request, target, why string) string {
	if l, ok := r.Lease(target); ok {
		return troubleWords(l, why)
	}
	return say(failures, why)
}
