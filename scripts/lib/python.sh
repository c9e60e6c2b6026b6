# shellcheck shell=bash
# What the language runtime of Python is made with: Python 3.11 or later with venv, and componentize-py in a folder of its own.

: "${scratch:?common.sh comes before python.sh}"

# Whether a Python is there that can make environments.
python_works() {
  have python3 && python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

ensure_python() {
  python_works && return 0
  install_packages "Python with venv, in which runtimes are made" python3 python3-venv
  python_works || fail "Python 3.11 or later with venv is missing" "install python3 and python3-venv"
}

# Makes an environment with the packages of the file $2 in the folder $1, unless it is there and of that file.
ensure_python_environment() {
  local folder=$1 requirements=$2 wanted
  wanted=$(sha256sum "$requirements" | cut -d ' ' -f 1)
  [[ -x $folder/bin/python3 && $(cat "$folder/requirements.sha256" 2>/dev/null) == "$wanted" ]] && return 0
  say "installing what ${requirements#"$root/"} lists with pip, into $folder"
  rm -rf "$folder"
  quietly python3 -m venv "$folder" || fail "python3 could not make an environment in $folder" "see the lines above"
  quietly "$folder/bin/pip" install --disable-pip-version-check --only-binary :all: -r "$requirements" ||
    fail "pip could not install what $requirements lists" "check the network and the lines above"
  printf '%s\n' "$wanted" >"$folder/requirements.sha256"
}

# Builds the runtime of the sources $1 as the component $2. The folder $3 is for what is needed meanwhile.
build_python_runtime() {
  local sources=$1 component=$2 work=$3
  local environment="$work/python"
  ensure_python
  ensure_python_environment "$environment" "$sources/requirements.txt"
  rm -rf "$work/python-app"
  mkdir -p "$work/python-app/sdk"
  # Names of folders get into tracebacks, and bytecode of another Python would be of no use.
  cp -R "$sources/src" "$work/python-app/runtime"
  cp -R "$root/guest-sdk/python/host" "$work/python-app/sdk/host"
  find "$work/python-app" -name __pycache__ -prune -exec rm -rf {} +
  # Not the environment of a user who works in one.
  (cd "$work/python-app" && quietly env -u PYTHONPATH -u PYTHONHOME RUST_BACKTRACE=0 VIRTUAL_ENV="$environment" \
    "$environment/bin/componentize-py" -d "$root/wit" -w script-runtime componentize -p runtime -p sdk -o built.wasm runtime) ||
    return 1
  "$environment/bin/python3" "$sources/strip.py" "$work/python-app/built.wasm" "$component"
}

# Tests the SDK of Python on this machine: its tests and the examples of its documentation, and its types by two checkers. What
# users write is checked as well: the migrations of the suite and of the example, with the same strictness. $1 is a folder to work in.
test_python_sdk() {
  local environment="$1/python-dev"
  ensure_python
  ensure_python_environment "$environment" "$root/guest-sdk/python/requirements-dev.txt"
  (
    cd "$root/guest-sdk/python" || exit 1
    PATH="$environment/bin:$PATH"
    quietly python3 -m pytest -q -p no:cacheprovider || fail "the tests of the SDK of Python fail" "see the lines above"
    quietly python3 -m mypy --cache-dir "$1/mypy" host host_migrate tests || fail "mypy finds mistakes in the SDK of Python" "see the lines above"
    quietly pyright || fail "pyright finds mistakes in the SDK of Python" "see the lines above"
    for migrations in "$root/tests/conformance/python/migrations" "$root/examples/python/migrations"; do
      MYPYPATH=. quietly python3 -m mypy --cache-dir "$1/mypy" --strict "$migrations"/*.py ||
        fail "mypy finds mistakes in $migrations" "see the lines above"
    done
    cd "$root/examples/python" || exit 1
    PYTHONPATH="$root/guest-sdk/python" PYTHONDONTWRITEBYTECODE=1 quietly python3 -m pytest -q -p no:cacheprovider ||
      fail "the tests of examples/python fail" "see the lines above"
  )
}
