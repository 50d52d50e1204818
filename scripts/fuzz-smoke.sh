#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 5s). No target at all is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

count=0
while IFS=: read -r file target; do
	package=./$(dirname "$file")
	echo "fuzz $package $target"
	go test -vet=off -run '^$' -fuzz "^${target}\$" -fuzztime "${FUZZTIME:-5s}" "$package"
	count=$((count + 1))
done < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' client cmd internal 2>/dev/null |
	sed -E 's/func //' | sort)
if [ "$count" -eq 0 ]; then
	echo "fuzz: no target found" >&2
	exit 1
fi
echo "fuzz: $count targets, ${FUZZTIME:-5s} each"
