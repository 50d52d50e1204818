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
# What only reckons in memory of its own is not watched: curves and large numbers of
# signatures, and the C of SQLite. There watching costs sevenfold and can find nothing of ours.
unwatched=()
for own in 'crypto/internal/fips140/edwards25519/...' 'crypto/internal/fips140/nistec/...' crypto/internal/fips140/bigmod \
	'filippo.io/edwards25519/...' golang.org/x/crypto/argon2 modernc.org/sqlite/lib modernc.org/libc modernc.org/memory; do
	unwatched+=("-gcflags=$own=-race=false")
done
echo "CGO_ENABLED=1 go test -race -short ${packages[*]}"
exec env CGO_ENABLED=1 go test -vet=off -race -short -timeout 60m "${unwatched[@]}" "${packages[@]}"
