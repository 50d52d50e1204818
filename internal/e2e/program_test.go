package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// group is what the cell says of the program of docs/howto.
const group = `programs:
  - id: group-file
    opens: A membership in a group of the billing system
    can: [probe, list]
    parameters:
      group: { kind: choice, of: [billing-admins, billing-readers] }
    other_way: delete the line in the file of the group
  - id: ticket
    opens: A ticket to somebody who opens it by hand
    other_way: call them
`

// programs adds programs that open groups to the cell, and what opens them to its
// scenario. The program of docs/howto is built from the page's own file; between
// it and the server stands a script that fails while a file "broken" is there.
func (w *town) programs(wanted bool) error {
	if !wanted {
		return nil
	}
	if _, err := output(exec.Command("go", "build", "-o", w.path("group-file"), "../../docs/howto/group-file.go")); err != nil {
		return err
	}
	if err := os.Mkdir(w.path("groups"), 0o700); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\n[ -e %q ] && exit 1\nexec %q %q\n", w.path("broken"), w.path("group-file"), w.path("groups"))
	if err := os.WriteFile(w.path("program"), []byte(script), 0o700); err != nil {
		return err
	}
	done := "#!/bin/sh\necho '{\"halligan\":\"exec-v1\",\"done\":true}'\n"
	if err := os.WriteFile(w.path("ticket"), []byte(done), 0o700); err != nil {
		return err
	}
	if err := edit(w.path("cell", "cell.yaml"), func(text string) string { return text + group }); err != nil {
		return err
	}
	if err := edit(w.path("cell", "server.yaml"), func(text string) string {
		return text + fmt.Sprintf("programs:\n  group-file: { path: %q }\n  ticket: { path: %q }\n", w.path("program"), w.path("ticket"))
	}); err != nil {
		return err
	}
	return edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "alarms:", `  - exec: { name: billing, program: group-file, parameters: { group: billing-admins } }
  - exec: { program: ticket }
alarms:`, 1)
	})
}
