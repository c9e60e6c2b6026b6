# shellcheck shell=bash
# Rust itself, and the linker that it needs.

ensure_compiler() {
  have cargo || [[ -x /usr/bin/cargo ]] ||
    fail "there is no cargo here" "install Rust with rustup, see https://www.rust-lang.org/tools/install"
  have cc || install_packages "a C compiler, which Rust links with," build-essential
}
