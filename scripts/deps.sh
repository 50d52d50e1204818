#!/usr/bin/env bash
# Brings what `make test` needs and what this machine lacks: Debian packages when
# root on Debian, and into ./.tools two pinned Go tools, one of Python and three of npm.
# What cannot be had is said in one line with the way to get it; under CI=true it is
# a failure. Never silent.
set -euo pipefail
cd "$(dirname "$0")/.."

STATICCHECK=v0.8.2
HTML_VALIDATE=9.7.1
FSCK=v1.0.4
AXE=4.14.1
tools="$PWD/.tools"

# need FILE-OR-COMMAND DEBIAN-PACKAGE
packages=()
need() {
	case $1 in
	/*) [ -e "$1" ] || packages+=("$2") ;;
	*) command -v "$1" >/dev/null 2>&1 || packages+=("$2") ;;
	esac
}
find_missing() {
	packages=()
	PATH="$PATH:/usr/sbin:/sbin" need sshd openssh-server
	need ssh openssh-client
	need ssh-keygen openssh-client
	if [ "$(uname -s)" = Linux ]; then
		need /usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so openssh-tests
		need strace strace
		need pgrep procps
		PATH="$PATH:/usr/sbin:/sbin" need useradd passwd
		need unshare util-linux
		need systemd-analyze systemd
		need groff groff-base
	fi
	need curl curl
	need openssl openssl
	need python3 python3
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || packages+=(python3-venv)
	need age age
	need node nodejs
	need git git
	need cc gcc
	command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || need chromium chromium
	need npm npm
	case $(uname -s) in Linux) need /usr/include/stdlib.h libc6-dev ;; esac
}

find_missing
if [ ${#packages[@]} -gt 0 ] && [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ] &&
	command -v apt-get >/dev/null 2>&1; then
	echo "deps: apt-get install ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	if ! { apt-get -o DPkg::Lock::Timeout=600 update &&
		apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${packages[@]}"; } \
		>"$log" 2>&1 </dev/null; then
		tail -n 15 "$log" >&2
	fi
	rm -f "$log"
	find_missing
fi
missed=$(mktemp)
trap 'rm -f "$missed"' EXIT
skip() { printf '%s\n' "$1" >>"$missed"; }
for package in ${packages[@]+"${packages[@]}"}; do skip "$package"; done

# beside FUNCTION ARGUMENTS: runs it while others run; most of each is waiting.
jobs=()
beside() {
	"$@" &
	jobs+=($!)
}

# sshd refuses to start as root without its empty folder, which boot scripts make.
if [ "$(id -u)" = 0 ] && [ "$(uname -s)" = Linux ]; then mkdir -p /run/sshd; fi

# tool NAME MODULE PACKAGE VERSION: builds it unless that version is there.
tool() {
	local name=$1 module=$2 package=$3 version=$4 built
	if [ -x "$tools/$name" ] &&
		go version -m "$tools/$name" 2>/dev/null | grep -qF "$(printf '\tmod\t%s\t%s\t' "$module" "$version")"; then
		return
	fi
	echo "deps: go install $package@$version"
	mkdir -p "$tools"
	built="$tools/$(basename "$package")"
	if GOFLAGS= CGO_ENABLED=0 GOBIN="$tools" go install "$package@$version" </dev/null; then
		[ "$built" = "$tools/$name" ] || mv -f "$built" "$tools/$name"
	else
		skip "$name ($package@$version)"
	fi
}
beside tool staticcheck honnef.co/go/tools honnef.co/go/tools/cmd/staticcheck "$STATICCHECK"
beside tool tessera-fsck github.com/transparency-dev/tessera github.com/transparency-dev/tessera/cmd/fsck "$FSCK"

# python NAME PROGRAM: programs of Python, in a virtual environment of their own, with
# everything below them as scripts/NAME.txt pins it.
python() {
	local into pins=scripts/$1.txt
	mkdir -p "$tools"
	into="$(cd "$tools" && pwd -P)/$1"
	# Its programs name the folder that they are in, and do not run once it was moved.
	if cmp -s "$pins" "$into/pins" && "$into/bin/$2" --version >/dev/null 2>&1; then
		return
	fi
	echo "deps: pip install -r $pins"
	if python3 -m venv --clear "$into" &&
		"$into/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$pins" </dev/null; then
		cp "$pins" "$into/pins"
	else
		skip "$1 (pip install -r $pins, from PyPI)"
	fi
}
beside python schemathesis st
beside python moto aws
beside python cfn-lint cfn-lint

# script NAME VERSION PACKAGE: an npm package as it is published, without what it names.
script() {
	local name=$1 version=$2
	if grep -qsF "\"version\": \"$version\"" "$tools/$name/package/package.json"; then return; fi
	echo "deps: npm pack $3@$version"
	rm -rf "${tools:?}/$name"
	mkdir -p "$tools/$name"
	if (cd "$tools/$name" && npm pack --silent "$3@$version" </dev/null >/dev/null 2>&1 && tar -xzf ./*.tgz && rm -f ./*.tgz); then :; else
		skip "$name ($3@$version by npm)"
	fi
}
beside script axe "$AXE" axe-core

# The judge of our pages' HTML, where there is npm; none of its install scripts run.
judge() {
	local html="$tools/html"
	if grep -qsF "\"version\": \"$HTML_VALIDATE\"" "$html/node_modules/html-validate/package.json"; then return; fi
	if command -v npm >/dev/null 2>&1; then
		echo "deps: npm install html-validate@$HTML_VALIDATE"
		mkdir -p "$html"
		npm install --prefix "$html" --no-audit --no-fund --ignore-scripts --loglevel=error "html-validate@$HTML_VALIDATE" </dev/null >/dev/null ||
			skip "html-validate (npm html-validate@$HTML_VALIDATE)"
	else
		skip "html-validate (npm html-validate@$HTML_VALIDATE)"
	fi
}
beside judge

# The evaluator of IAM policies that internal/meaning asks, with everything below it as
# its lock file pins it. Its licence is the AGPL: it is run beside the tests, never shipped.
evaluator() {
	local into="$tools/iam-simulate" pins=scripts/iam-simulate
	if cmp -s "$pins/package-lock.json" "$into/package-lock.json" &&
		[ -s "$into/node_modules/@cloud-copilot/iam-simulate/package.json" ]; then
		return
	fi
	echo "deps: npm ci as $pins/package-lock.json says"
	rm -rf "$into"
	mkdir -p "$into"
	cp "$pins/package.json" "$pins/package-lock.json" "$into/"
	if ! npm ci --prefix "$into" --no-audit --no-fund --ignore-scripts --loglevel=error </dev/null >/dev/null; then
		rm -rf "$into"
		skip "iam-simulate (npm ci in $pins)"
	fi
}
beside evaluator
for job in "${jobs[@]}"; do wait "$job"; done

if [ -s "$missed" ]; then
	list=$(sort "$missed" | sed 's/$/, /' | tr -d '\n')
	echo "deps: skipped ${list%, }: suites that need them will say so; get them as root on Debian with this script, elsewhere with your package manager or 'go install'" >&2
	if [ "${CI:-}" = true ]; then
		echo "deps: a skip is a failure in CI" >&2
		exit 1
	fi
else
	echo "deps: complete"
fi
