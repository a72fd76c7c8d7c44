# Sourced by scripts/test, scripts/demo and scripts/install: what a fresh Debian or Ubuntu machine
# with Python >= 3.11 needs. Sets ROOT, and after `make_environment DIR LOCK`, nothing else is needed.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s\n' "$*" >&2; }
die() { say "$1"; exit "${2:-2}"; }

# The user's own settings for Python must not reach our environment.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV

find_python() {
    local name
    for name in "${TMUX_ORCH_PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    die "no Python 3.11 to 3.13 here; install one, e.g. with: apt-get install python3"
}

# install_missing PACKAGE... : by apt when we may, otherwise one line that says what to type.
install_missing() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if sudo -n true 2>/dev/null; then as_root=(sudo -n); else
            die "missing: $*; type: sudo apt-get install -y $*"
        fi
    fi
    command -v apt-get >/dev/null || die "missing: $*; install them with your package manager"
    say "installing $* ..."
    if ! "${as_root[@]}" apt-get install -y -qq "$@" >/dev/null 2>&1; then
        "${as_root[@]}" apt-get update -qq >/dev/null
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null ||
            die "could not install $*; type: apt-get install -y $*"
    fi
}

need_programs() {
    local missing=() name
    for name in "$@"; do command -v "$name" >/dev/null || missing+=("$name"); done
    [ ${#missing[@]} = 0 ] || install_missing "${missing[@]}"
}

# make_environment DIR LOCK : a virtual environment with the hashed lock and this checkout installed,
# bytecode compiled. Kept when lock, Python and checkout are those it was made from.
make_environment() {
    local directory=$1 lock=$2 python stamp
    need_programs tmux git
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        install_missing "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    stamp="$("$python" -V) $(cat "$lock" "$ROOT/pyproject.toml" | sha256sum)"
    if [ "$(cat "$directory/.made-from" 2>/dev/null)" != "$stamp" ]; then
        say "making the environment in $directory ..."
        rm -rf "$directory"
        "$python" -m venv "$directory"
        "$directory/bin/python" -m pip install -q --disable-pip-version-check --no-input \
            --require-hashes --only-binary :all: -r "$lock" 2>&1 | grep -v '^WARNING: Location' >&2 || true
        [ "${PIPESTATUS[0]}" = 0 ] || die "could not install the packages of $lock; is the package index reachable?" 7
        printf '%s\n' "$stamp" >"$directory/.made-from"
    fi
    # The checkout itself is installed anew each time: seconds, and never stale. The force is pip's,
    # in our own environment: without it the same version number would keep the old code.
    "$directory/bin/python" -m pip install -q --disable-pip-version-check --no-input --no-deps \
        --no-build-isolation --force-reinstall --no-index "$ROOT" >&2
    "$directory/bin/python" -m compileall -q "$directory"/lib/python3.*/site-packages/tmux_orch
}
