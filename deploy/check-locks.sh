#!/usr/bin/env bash
# Refuses a lock with an address, an option or a path in it, or two locks that disagree.
set -euo pipefail
cd "$(dirname "$0")/.."

if grep -nE '://|^-|^[[:space:]]*--[a-gi-z]|^#|/' requirements.lock requirements-dev.lock; then
    echo "A lock holds names, versions and hashes, nothing else (see above)." >&2
    exit 1
fi
if grep -E '==' requirements.lock | grep -Fvx -f <(grep -E '==' requirements-dev.lock); then
    echo "requirements-dev.lock has other versions of these than requirements.lock: run make lock." >&2
    exit 1
fi
