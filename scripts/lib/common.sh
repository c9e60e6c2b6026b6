# shellcheck shell=bash
# What the set-up steps share: messages, packages, temporary folders.

# One line for something that is about to be done, and why.
say() { printf 'setup: %s\n' "$*"; }

# Ends the set-up: what is wrong, then what to do about it.
fail() {
  printf 'setup: error: %s\n' "$1" >&2
  printf 'hint: %s\n' "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# A scratch folder for all steps, gone at the end.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/host-setup.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# Runs a command as root.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Runs a noisy command, and shows what it printed only when it fails.
quietly() {
  local log="$scratch/last-command.log"
  if "$@" </dev/null >"$log" 2>&1; then
    return 0
  fi
  tail -n 25 "$log" >&2
  return 1
}

# Installs Debian packages. The first argument says what they are for.
packages_refreshed=no
install_packages() {
  local why=$1
  shift
  have apt-get || fail "$why is missing, and there is no apt-get here to install it with" \
    "install it by hand (Debian's packages are: $*), then run scripts/setup again"
  if [[ $(id -u) -ne 0 ]] && ! have sudo; then
    fail "$why is missing, and only root can install it" "run as root: apt-get install $*"
  fi
  say "installing $* with apt-get, because $why is missing"
  if [[ $packages_refreshed == no ]]; then
    # Old lists are better than none: without a network the packages may still lie in apt's cache.
    quietly as_root apt-get update || say "apt-get update failed; trying with the lists that are here"
    packages_refreshed=yes
  fi
  # --no-remove: what is installed already stays, even where Debian's packages exclude one another.
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove "$@" ||
    fail "apt-get could not install $*" "check the network and the lines above, or install them by hand"
}
