#!/usr/bin/env bash
# install.sh FOLDER: rtaudit, as it is beside this script, in a Python environment of its own; FOLDER/bin/rtaudit is the command.
# What it depends on comes from requirements/*.txt by hash, the build backend too. Where this very source is installed
# in FOLDER already, nothing is done. PYTHON names the Python to use (3.11 or newer; python3 unless given).
set -euo pipefail

if [ $# -ne 1 ] || [ -z "$1" ]; then
  echo "error: install.sh takes one folder" >&2
  echo "hint: ./install.sh ~/.rtaudit" >&2
  exit 2
fi
python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "error: Python 3.11 or newer is needed; '$python' is not" >&2
  echo "hint: name another with the variable PYTHON, such as PYTHON=python3.13" >&2
  exit 3
fi

here="$(cd "$(dirname "$0")" && pwd -P)"
source="$(cd "$here" && find rtaudit policies snapshots requirements pyproject.toml -type f ! -name '*.pyc' -exec cksum {} + | LC_ALL=C sort | cksum)"
if [ -x "$1/bin/rtaudit" ] && [ "$(cat "$1/rtaudit-source" 2>/dev/null)" = "$source" ]; then
  echo "rtaudit is installed in $1 already"
  exit 0
fi

"$python" -m venv "$1"
for list in build run; do
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement "$here/requirements/$list.txt"
done
"$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall "$here"
echo "$source" > "$1/rtaudit-source"
echo "rtaudit is installed in $1"
