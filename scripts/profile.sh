#!/usr/bin/env bash
# CPU and allocation profiles of every package with benchmarks, into ./profiles,
# and the fifteen heaviest functions of each on the screen.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p profiles
count=0
while read -r package; do
	name=$(basename "$package")
	echo "== $package"
	go test -run '^$' -bench "${BENCH:-.}" -benchmem -o "profiles/$name.test" \
		-cpuprofile "profiles/$name.cpu" -memprofile "profiles/$name.mem" "./$package"
	go tool pprof -top -nodecount=15 "profiles/$name.test" "profiles/$name.cpu" 2>/dev/null
	go tool pprof -top -nodecount=15 -sample_index=alloc_space "profiles/$name.test" "profiles/$name.mem" 2>/dev/null
	count=$((count + 1))
done < <(grep -rlE --include='*_test.go' '^func Benchmark' client internal 2>/dev/null | xargs -r -n1 dirname | sort -u)
if [ "$count" -eq 0 ]; then
	echo "profile: no benchmark found" >&2
	exit 1
fi
echo "profile: $count packages, in ./profiles (go tool pprof -http=: profiles/NAME.test profiles/NAME.cpu)"
