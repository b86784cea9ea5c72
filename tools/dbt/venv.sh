#!/usr/bin/env bash
# Makes, or reuses, a virtual environment with the pinned dbt and prints its path.
#   venv.sh [DIR]      DIR, else $LENS_DBT_VENV, else .lens-dbt at the root of the checkout
# Reused as long as requirements.txt and the Python are the same. Needs Python 3.11 or newer with venv ($PYTHON to choose one).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:-${LENS_DBT_VENV:-$here/../../.lens-dbt}}
python=${PYTHON:-python3}

fail() {
  echo "dbt cannot be installed: $1" >&2
  exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "$python is not Python 3.11 or newer; set PYTHON"

stamp="$("$python" --version) $(cksum <"$here/requirements.txt")"
if [[ "$(cat "$dir/installed" 2>/dev/null)" != "$stamp" ]]; then
  echo "installing dbt into $dir (about two minutes)" >&2
  "$python" -m venv --clear "$dir" >&2 || fail "no virtual environment in $dir (on Debian: apt-get install python3-venv)"
  echo '*' >"$dir/.gitignore"
  "$dir/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --requirement "$here/requirements.txt" >&2 ||
    fail "pip install of $here/requirements.txt failed"
  echo "$stamp" >"$dir/installed"
fi

cd "$dir" && pwd
