# shellcheck shell=bash
# A clang that compiles for WASI, which migrations in C are built with: Debian's, with the libc of WASI.

: "${scratch:?common.sh comes before c.sh}"
: "${root:?the script says where the repository is}"
readonly c_clang_version=19

# Whether clang makes a module of a source that needs libc, and has its sanitizers.
c_works() {
  local clang="clang-$c_clang_version"
  have "$clang" || return 1
  printf '#include <stdio.h>\nint sum(char *into, int number) { return sprintf(into, "%%d", number); }\n' >"$scratch/check.c"
  "$clang" --target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi -mexec-model=reactor -Wl,--export=sum \
    -o "$scratch/check.wasm" "$scratch/check.c" >"$scratch/check.log" 2>&1 || return 1
  # What the tests of the SDK are checked with on this machine.
  printf 'int main(void) { return 0; }\n' >"$scratch/check.c"
  "$clang" -fsanitize=address,undefined -o "$scratch/check" "$scratch/check.c" >"$scratch/check.log" 2>&1
}

# Debian 12 has several versions of clang: this one is also what JavaScript's runtime and the linker for Rust are made with.
ensure_c() {
  c_works && return 0
  install_packages "a clang for WASI, which migrations in C are built with," "clang-$c_clang_version" "lld-$c_clang_version" \
    wasi-libc "libclang-rt-$c_clang_version-dev-wasm32" "libclang-rt-$c_clang_version-dev"
  c_works || {
    tail -n 25 "$scratch/check.log" >&2
    fail "clang-$c_clang_version cannot compile for WASI" "see the lines above, or install wasi-sdk and set WASI_SDK_PATH"
  }
}

# Compiles the SDK of C with all warnings, for WASI and for this machine, and runs its test here; then the tests of the example.
# $1 is a folder to work in.
test_c_sdk() {
  local folder sdk="$root/guest-sdk/c" warnings=(-std=gnu17 -Wall -Wextra -Werror)
  mkdir -p "$1"
  quietly "clang-$c_clang_version" --target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi "${warnings[@]}" \
    -mexec-model=reactor "$sdk"/*.c "$sdk/tests/values.c" -I"$sdk" -o "$1/sdk.wasm" ||
    fail "the SDK of C does not compile without warnings" "see the lines above"
  quietly "clang-$c_clang_version" "${warnings[@]}" -fsanitize=address,undefined -I"$sdk" "$sdk"/*.c "$sdk/tests/values.c" \
    -o "$1/values" || fail "the test of the SDK of C does not compile" "see the lines above"
  quietly "$1/values" || fail "the test of the SDK of C fails" "see the lines above"
  for folder in "$root"/examples/c/migrations/*/; do
    quietly "clang-$c_clang_version" "${warnings[@]}" -I"$sdk" "$folder"*.c "$folder"tests/*.c "$sdk"/*.c -o "$1/example" ||
      fail "$folder does not compile for this machine" "see the lines above"
    quietly "$1/example" || fail "the tests of $folder fail" "see the lines above"
  done
}
