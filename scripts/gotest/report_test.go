package main

import (
	"strings"
	"testing"
)

const stream = `{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    a_test.go:3: chatter\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestSshd","Output":"    a_test.go:9: no sshd on this machine\n"}
{"Action":"output","Package":"p","Test":"TestSshd","Output":"--- SKIP: TestSshd (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestSshd"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.01s\n"}
{"Action":"pass","Package":"p"}
`

const failing = `{"Action":"output","Package":"q","Test":"TestGood","Output":"    b_test.go:3: chatter\n"}
{"Action":"pass","Package":"q","Test":"TestGood"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"    b_test.go:4: two is not three\n"}
{"Action":"output","Package":"q","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"q","Test":"TestBad"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.01s\n"}
{"Action":"fail","Package":"q"}
`

func read(t *testing.T, in string, ci bool) (out string, bad bool) {
	t.Helper()
	var b strings.Builder
	r := NewReport(&b)
	if err := r.Read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	bad = r.Close("unit", ci)
	return b.String(), bad
}

func TestSkipIsShownAndFailsInCI(t *testing.T) {
	out, bad := read(t, stream, false)
	want := "ok  \tp\t0.01s\nskipped: p TestSshd: a_test.go:9: no sshd on this machine\nunit: 1 passed, 0 failed, 1 skipped\n"
	if out != want || bad {
		t.Errorf("got %q bad=%v, want %q", out, bad, want)
	}
	if _, bad := read(t, stream, true); !bad {
		t.Error("a skip in CI passed")
	}
	soak := strings.ReplaceAll(stream, "no sshd on this machine", "set HALLIGAN_SOAK=1 for the long run")
	if out, bad := read(t, soak, true); bad {
		t.Errorf("a chosen skip failed in CI: %s", out)
	}
}

func TestFailureIsShownWithoutTheChatterOfOthers(t *testing.T) {
	out, _ := read(t, failing, false)
	for _, must := range []string{"two is not three", "--- FAIL: TestBad", "FAIL\tq", "1 passed, 1 failed"} {
		if !strings.Contains(out, must) {
			t.Errorf("missing %q in %s", must, out)
		}
	}
	for _, never := range []string{"chatter", "=== RUN"} {
		if strings.Contains(out, never) {
			t.Errorf("unwanted %q in %s", never, out)
		}
	}
}

// TestFailuresStandAtTheEnd: that a test failed and what it says of that come first and
// whole, whatever log it shows beside; what is long is cut, and only that.
func TestFailuresStandAtTheEnd(t *testing.T) {
	said := func(text string) string {
		return `{"Action":"output","Package":"q","Test":"TestBad","Output":"` + text + `\n"}` + "\n"
	}
	in := said("=== RUN   TestBad") + said("printed by its program")
	for i := range 900 {
		if i == 0 {
			in += said("    c_test.go:7: sshd says:")
		}
		in += said("        Connection from 127.0.0.1 port 4711, once more")
	}
	in += said("    b_test.go:4: two is not three,") + said("        nor four") + said("--- FAIL: TestBad (0.00s)") +
		`{"Action":"fail","Package":"q","Test":"TestBad"}
{"Action":"output","Package":"p","Output":"panic: everything\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.01s\n"}
{"Action":"fail","Package":"p"}
{"Action":"output","Package":"q","Output":"FAIL\tq\t0.01s\n"}
{"Action":"fail","Package":"q"}
`
	out, _ := read(t, in, false)
	at := strings.Index(out, "failed: q TestBad\n")
	if at < 0 {
		t.Fatalf("no summary in %.2000s", out)
	}
	summed := out[at:]
	if !strings.HasPrefix(summed, "failed: q TestBad\n--- FAIL: TestBad (0.00s)\n    b_test.go:4: two is not three,\n        nor four\n    c_test.go:7: sshd says:\n") {
		t.Errorf("it begins with %.200s", summed)
	}
	for _, must := range []string{"printed by its program\n", "bytes more", "failed: p\npanic: everything\nFAIL\tp", "unit: 0 passed, 1 failed, 0 skipped\n"} {
		if !strings.Contains(summed, must) {
			t.Errorf("missing %q in %s", must, summed)
		}
	}
	if strings.Contains(summed, "=== RUN") || strings.Contains(summed, "failed: q\n") || len(summed) > 8000 {
		t.Errorf("%d bytes: %s", len(summed), summed)
	}
}

func TestNoTestIsAFailure(t *testing.T) {
	if _, bad := read(t, "", false); !bad {
		t.Error("a run of no test passed")
	}
}
