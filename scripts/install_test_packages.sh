#!/usr/bin/env bash
# Installs the Debian packages that the tests need (tests/apt-packages.txt: a package and the program it brings).
# As root or with sudo it installs them; otherwise it names what is missing and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
while read -r package program; do
  command -v "$program" >/dev/null || missing+=("$package")
done < <(grep -vE '^\s*(#|$)' tests/apt-packages.txt || true)
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "The tests need Debian packages that are not installed. Install them with:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
echo "Installing for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
