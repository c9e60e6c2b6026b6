# shellcheck shell=bash
# Rust for WebAssembly, which migrations written in Rust are built with.
#
# With rustup it is one command. Where rustup cannot reach its server, Debian's Rust does it: the packages rustc-web and
# cargo-web bring a compiler that knows the target, rust-web-src the source of the standard library, and lld-19 the linker.
# The library itself is then built once and put beside Debian's own.

: "${scratch:?common.sh comes before wasm.sh}"
readonly wasm_target=wasm32-unknown-unknown
readonly debian_rustlib=/usr/lib/rustlib

# Runs a command with Debian's Rust instead of rustup's, and without what the user's environment adds to builds.
with_debian_rust() {
  env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET -u CARGO_BUILD_RUSTFLAGS -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS \
    -u RUSTC_WRAPPER -u RUSTC_WORKSPACE_WRAPPER -u RUSTUP_TOOLCHAIN \
    PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 "$@"
}

# The same cleaning for the cargo that comes first in PATH.
with_default_rust() {
  env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET -u CARGO_BUILD_RUSTFLAGS -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS "$@"
}

# Writes a crate without dependencies that becomes a WebAssembly module, into folder $1.
write_trivial_crate() {
  mkdir -p "$1/src"
  cat >"$1/Cargo.toml" <<'TOML'
[package]
name = "trivial"
version = "0.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[profile.release]
lto = true
panic = "abort"

[workspace]
TOML
  # format! needs the allocator and much of the standard library, and `lto` its bitcode, so that a broken one is found.
  cat >"$1/src/lib.rs" <<'RUST'
#[no_mangle]
pub extern "C" fn digits(number: u32) -> usize {
    format!("{number}").len()
}
RUST
}

# Builds the trivial crate with `$1 cargo`, where $1 is with_debian_rust or with_default_rust.
builds_wasm() {
  local environment=$1 cargo=$2 crate="$scratch/check-$1"
  write_trivial_crate "$crate"
  (cd "$crate" && "$environment" "$cargo" build --quiet --offline --release --target "$wasm_target" \
    --target-dir "$crate/target") >"$scratch/check.log" 2>&1 &&
    [[ -s $crate/target/$wasm_target/release/trivial.wasm ]]
}

default_rust_works() { have cargo && builds_wasm with_default_rust cargo; }
debian_rust_works() { [[ -x /usr/bin/cargo && -x /usr/bin/rustc ]] && builds_wasm with_debian_rust /usr/bin/cargo; }

# Builds the standard library for WebAssembly with Debian's Rust, and puts it where Debian's rustc looks for it.
build_debian_std() {
  local crate="$scratch/std" libraries
  say "building the standard library for $wasm_target once (a minute or two), because Debian has no package of it"
  write_trivial_crate "$crate"
  # build-std is unstable: RUSTC_BOOTSTRAP lets a stable compiler do it. The library's own dependencies lie beside its
  # source, so that nothing is downloaded.
  # Guests are built with link-time optimisation or without: embed-bitcode gives the library what either needs.
  (cd "$crate" && quietly with_debian_rust env RUSTC_BOOTSTRAP=1 RUSTFLAGS='-C embed-bitcode=yes' \
    CARGO_PROFILE_RELEASE_LTO=false /usr/bin/cargo build --offline --release \
    --config 'source.crates-io.replace-with = "vendored"' \
    --config "source.vendored.directory = '$debian_rustlib/src/rust/library/vendor'" \
    -Z build-std=std,panic_abort --target "$wasm_target" --target-dir "$crate/target") ||
    fail "Debian's Rust could not build the standard library" "see the lines above"
  libraries="$crate/target/$wasm_target/release/deps"
  rm -f "$libraries"/libtrivial*
  as_root mkdir -p "$debian_rustlib/$wasm_target/lib"
  as_root rm -f "$debian_rustlib/$wasm_target/lib"/*.rlib
  as_root cp "$libraries"/*.rlib "$debian_rustlib/$wasm_target/lib/"
}

ensure_wasm_target() {
  default_rust_works && return 0
  debian_rust_works && return 0

  if have rustup; then
    say "adding the target $wasm_target with rustup, because migrations in Rust are built for it"
    # RUSTUP_MAX_RETRIES: without a network there is another way below, so it is not worth waiting for.
    if quietly env RUST_BACKTRACE=0 RUSTUP_MAX_RETRIES=1 timeout 90 rustup target add "$wasm_target" 2>"$scratch/rustup.log"; then
      default_rust_works && return 0
    fi
    say "rustup could not add it; using Debian's Rust instead. $(grep -m 1 '^error' "$scratch/rustup.log" || true)"
  fi

  if ! have apt-get; then
    fail "no Rust here compiles for $wasm_target" "run: rustup target add $wasm_target"
  fi
  if [[ ! -x /usr/bin/cargo || ! -d $debian_rustlib/src/rust/library/vendor ]] || ! have wasm-ld-19; then
    install_packages "a Rust that compiles for $wasm_target" rustc-web cargo-web rust-web-src lld-19
  fi
  build_debian_std
  debian_rust_works || {
    tail -n 25 "$scratch/check.log" >&2
    fail "no Rust here compiles for $wasm_target" "see the lines above, or run: rustup target add $wasm_target"
  }
}
