# shellcheck shell=bash
# What the language runtime of JavaScript is built with: besides Rust for WebAssembly (wasm.sh) a C compiler that knows
# WebAssembly, because QuickJS is written in C, and an ar that reads its objects.

# The version of Debian's packages. Any other one makes another digest, but no other runtime.
# The other file that uses clang says the same.
: "${root:?the script says where the repository is}"
: "${wasm_target:?wasm.sh comes before javascript.sh}"
: "${clang_version:=19}"

ensure_wasm_c_compiler() {
  have "clang-$clang_version" && have "llvm-ar-$clang_version" && return 0
  install_packages "a C compiler for WebAssembly" "clang-$clang_version" "llvm-$clang_version"
}

# Builds the runtime from the folder $1 into the file $2; $3 is a folder to work in.
build_javascript_runtime() {
  local sources=$1 component=$2 work=$3 environment=with_default_rust cargo=cargo
  if ! default_rust_works; then
    environment=with_debian_rust cargo=/usr/bin/cargo
  fi
  # No name of a folder of this machine gets into the component: QuickJS has the names of its files in messages.
  local home=${CARGO_HOME:-$HOME/.cargo}
  quietly "$environment" env CC_wasm32_unknown_unknown="clang-$clang_version" \
    AR_wasm32_unknown_unknown="llvm-ar-$clang_version" \
    CFLAGS_wasm32_unknown_unknown="-ffile-prefix-map=$work=/work -ffile-prefix-map=$home=/cargo" \
    CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$home=/cargo"$'\x1f'"--remap-path-prefix=$sources=/runtime" \
    "$cargo" build --locked --release --target "$wasm_target" --manifest-path "$sources/Cargo.toml" \
    --target-dir "$work" || return 1
  componentize "$work/$wasm_target/release/host_javascript.wasm" "$component"
}

ensure_node() {
  have node && have npm && return 0
  install_packages "Node with npm, for the tests of JavaScript," nodejs npm
}

# Tests the SDK of JavaScript on this machine: its tests and those of the example by Node, and its types by tsc, with what is written
# in TypeScript: the migrations of the suite and of the example; and the runtime, as far as it needs no host. $1 is a folder to work in.
test_javascript_sdk() {
  local work="$1/typescript" types="$root/tests/typescript" register="$root/guest-sdk/javascript/register.mjs"
  ensure_node
  # Only the library: the name of an export of WebAssembly is none for a linker of this machine.
  quietly cargo test --locked --lib --manifest-path "$root/runtimes/javascript/Cargo.toml" --target-dir "$1/javascript" ||
    fail "the tests of the runtime of JavaScript fail" "see the lines above"
  (cd "$root/guest-sdk/javascript" && quietly node --test) ||
    fail "the tests of the SDK of JavaScript fail" "see the lines above"
  (cd "$root/examples/javascript" && quietly node --import "$register" --test) ||
    fail "the tests of examples/javascript fail" "see the lines above"
  if ! cmp -s "$types/package-lock.json" "$work/package-lock.json" || [[ ! -x $work/node_modules/.bin/tsc ]]; then
    mkdir -p "$work"
    cp "$types/package.json" "$types/package-lock.json" "$work/"
    (cd "$work" && quietly npm ci --no-audit --no-fund) || fail "npm could not install TypeScript" "see the lines above"
  fi
  quietly "$work/node_modules/.bin/tsc" -p "$types" || fail "tsc finds mistakes in what is written in TypeScript" "see the lines above"
}
