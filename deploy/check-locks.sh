#!/usr/bin/env bash
# Refuses a lock with an address, an option or a path in it, two locks that disagree, or a package without a hash.
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
for node in tests/clients/package-lock.json services/console/web/package-lock.json; do
    [ -e "$node" ] || continue
    if grep -nE '://|"resolved"|"link"' "$node"; then
        echo "$node holds names, versions and hashes, no address (see above): run make lock." >&2
        exit 1
    fi
    if [[ $(grep -c '"node_modules/' "$node") != $(grep -c '"integrity": "sha512-' "$node") ]]; then
        echo "$node has packages without a hash: run make lock." >&2
        exit 1
    fi
done
