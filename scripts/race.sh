#!/usr/bin/env bash
# Runs the rooms named as arguments under the race detector, which alone needs cgo.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
for room in "$@"; do
	if [ -d "$room" ]; then packages+=("./$room"); else echo "race: no room $room in this tree"; fi
done
if [ ${#packages[@]} -eq 0 ]; then
	echo "race: no package to run" >&2
	exit 1
fi
if ! command -v "${CC:-cc}" >/dev/null 2>&1; then
	echo "race: skipped, no C compiler (Debian: apt-get install gcc libc6-dev)" >&2
	[ "${CI:-}" != true ]
	exit
fi
echo "CGO_ENABLED=1 go test -race -short ${packages[*]}"
exec env CGO_ENABLED=1 go test -vet=off -race -short -timeout 60m "${packages[@]}"
