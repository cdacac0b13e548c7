#!/usr/bin/env bash
# Sees to it that the browser tests can run, and prints the path of their Chromium. What is not
# there is installed: from Debian's packages for root on Debian, else by Playwright. A Chromium
# that is elsewhere is named by STAGELIGHT_CHROMIUM. All else that it says goes to stderr.
set -euo pipefail

playwright() { .venv/bin/python -m playwright "$@"; }

# Its own Node.js has to start; on a bare Debian it misses libatomic.so.1.
driver_works() { playwright --version > /dev/null 2>&1; }

find_chromium() {
    local name names=(chromium chromium-browser google-chrome google-chrome-stable)
    [ -z "${STAGELIGHT_CHROMIUM:-}" ] || names=("$STAGELIGHT_CHROMIUM")
    for name in "${names[@]}"; do
        # Ubuntu's chromium-browser may be a stub that only names a snap: it has to start.
        if "$name" --version > /dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    [ -z "${STAGELIGHT_CHROMIUM:-}" ] && playwrights_own 2> /dev/null
}

playwrights_own() {
    .venv/bin/python - << 'PYTHON'
import sys
from pathlib import Path
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    path = playwright.chromium.executable_path
sys.exit(print(path) if Path(path).exists() else 1)
PYTHON
}

install() {
    if [ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2> /dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    elif [ "$1" = chromium ]; then
        playwright install chromium
    fi
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

missing=()
find_chromium > /dev/null || missing+=(chromium)
driver_works || missing+=(libatomic1)
if [ "${#missing[@]}" -gt 0 ] && [ -z "${STAGELIGHT_CHROMIUM:-}" ]; then
    echo "The browser tests need ${missing[*]}; installing." >&2
    install "${missing[@]}" < /dev/null >&2 || true
fi
driver_works || fail "The browser tests need Playwright, and its driver does not start:" \
    "$(playwright --version 2>&1 | tail -n 1)"
find_chromium || fail "The browser tests need Chromium: there is none that starts, and none could" \
    "be installed. Install it by hand (Debian: apt-get install chromium), or set" \
    "STAGELIGHT_CHROMIUM to its path."
