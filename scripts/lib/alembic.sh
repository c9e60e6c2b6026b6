# shellcheck shell=bash
# What the language runtime of Alembic is made with: the one of Python, and SQLAlchemy and Alembic from their packages.

: "${scratch:?common.sh comes before alembic.sh}"
: "${root:?the script that sources alembic.sh sets root}"

# The version of Python for which packages are chosen: that of the runtime.
readonly runtime_python_version=3.14

# The version that the runtime has of the package $1.
pinned() { sed -n "s/^$1==\([^ ]*\).*/\1/p" "$root/runtimes/alembic/requirements.txt"; }

# Puts the packages that the files $2… list into the folder $1. The environment of componentize-py is $environment.
fetch_alembic_packages() {
  local folder=$1 sources="$root/runtimes/alembic"
  shift
  local wheels="$folder.wheels" listed=()
  rm -rf "$folder" "$wheels"
  mkdir -p "$wheels/pure"
  quietly "$environment/bin/pip" download --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --python-version 3.12 --implementation cp -d "$wheels" \
    -r "$sources/pure.txt" || return 1
  quietly "$environment/bin/python3" "$sources/pure_wheel.py" "$wheels" "$wheels/pure" || return 1
  for file in "$@"; do listed+=(-r "$file"); done
  quietly "$environment/bin/pip" install --disable-pip-version-check --no-deps --no-compile --only-binary :all: \
    --platform any --python-version "$runtime_python_version" --implementation py --abi none \
    --target "$folder" "${listed[@]}" || return 1
  quietly "$environment/bin/pip" install --disable-pip-version-check --no-deps --no-compile --no-index --upgrade \
    --target "$folder" "$wheels"/pure/markupsafe-*.whl
}

# Builds the runtime of the sources $1 as the component $2. The folder $3 is for what is needed meanwhile. The packages are those of
# the file $4, if it is given.
build_alembic_runtime() {
  local sources=$1 component=$2 work=$3 requirements=${4:-$1/requirements.txt}
  local environment="$work/python" app="$work/alembic-app"
  ensure_python
  ensure_python_environment "$environment" "$root/runtimes/python/requirements.txt"
  rm -rf "$app"
  mkdir -p "$app/sdk"
  fetch_alembic_packages "$app/packages" "$requirements" || return 1
  cp -R "$root/runtimes/python/src" "$app/runtime"
  cp -R "$sources/src" "$app/alembic"
  cp -R "$root/guest-sdk/python/host" "$app/sdk/host"
  cp -R "$root/guest-sdk/python/host_migrate" "$app/sdk/host_migrate"
  find "$app" -name __pycache__ -prune -exec rm -rf {} +
  (cd "$app" && quietly env -u PYTHONPATH -u PYTHONHOME RUST_BACKTRACE=0 VIRTUAL_ENV="$environment" \
    "$environment/bin/componentize-py" -d "$root/wit" -w project-runtime componentize \
    -p alembic -p runtime -p sdk -p packages -o built.wasm alembic_runtime) || return 1
  "$environment/bin/python3" "$root/runtimes/python/strip.py" "$app/built.wasm" "$component"
}
