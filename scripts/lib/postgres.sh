# shellcheck shell=bash
# PostgreSQL's server programs. `host` starts clusters of its own with them: Debian's cluster, which the package brings
# along, is neither needed nor touched.

# Whether the server programs are where `host` looks for them.
have_postgres() {
  [[ -n ${HOST_PG_BIN:-} && -x $HOST_PG_BIN/initdb ]] && return 0
  have initdb && return 0
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

ensure_postgres() {
  have_postgres && return 0
  install_packages "the PostgreSQL server" postgresql
  have_postgres || fail "the postgresql package brought no initdb" \
    "install a PostgreSQL server and set HOST_PG_BIN to the folder that holds initdb and postgres"
}
