package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine describes what the figures were measured on.
func machine() string {
	return fmt.Sprintf("%d cores (%s), %s, %s/%s, %s", runtime.NumCPU(), processor(), memory(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

func processor() string {
	return named("/proc/cpuinfo", "model name", "unknown processor")
}

func memory() string {
	text := named("/proc/meminfo", "MemTotal", "")
	var kib int64
	if _, err := fmt.Sscan(text, &kib); err != nil {
		return "unknown memory"
	}
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

// named is the value of the first line "name : value" of a file.
func named(path, name, otherwise string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return otherwise
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return otherwise
}

// busy is how many processes wanted a core during the last minute.
func busy() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

const preface = `# Benchmarks

Written by ` + "`make bench`" + `; run it to have your own. Every ratio was measured in one
run, turn by turn with what stands beside it (A B A B), client and server on the
same machine; it is the median of the rounds' ratios. Only ratios are due:
absolute figures depend on the machine and on what else it does.

`

// document is the whole page.
func document(rows []row, begun time.Time, load string, quick bool) string {
	var b strings.Builder
	b.WriteString(preface)
	fmt.Fprintf(&b, "Measured %s on %s, load average %s before the run.", begun.UTC().Format("2 January 2006, 15:04 UTC"), machine(), load)
	if quick {
		b.WriteString(" A quick run: few and short turns.")
	}
	b.WriteString("\n\n")
	b.WriteString(table(rows))
	b.WriteString(reading)
	return b.String()
}
