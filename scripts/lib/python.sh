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
  say "installing $(basename "$(dirname "$requirements")")/$(basename "$requirements") with pip into $folder"
  rm -rf "$folder"
  quietly python3 -m venv "$folder" || fail "python3 could not make an environment in $folder" "see the lines above"
  quietly "$folder/bin/pip" install --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements" ||
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
  mkdir -p "$work/python-app"
  # Names of folders get into tracebacks, and bytecode of another Python would be of no use.
  cp -R "$sources/src" "$work/python-app/runtime"
  cp -R "$root/guest-sdk/python" "$work/python-app/sdk"
  find "$work/python-app" -name __pycache__ -prune -exec rm -rf {} +
  # Not the environment of a user who works in one.
  (cd "$work/python-app" && quietly env -u PYTHONPATH -u PYTHONHOME RUST_BACKTRACE=0 VIRTUAL_ENV="$environment" \
    "$environment/bin/componentize-py" -d "$root/wit" -w script-runtime componentize -p runtime -p sdk -o built.wasm runtime) ||
    return 1
  "$environment/bin/python3" "$sources/strip.py" "$work/python-app/built.wasm" "$component"
}
