# shellcheck shell=bash
# PgBouncer, which the tests put between host and server. They start their own; Debian's service is neither needed nor
# touched.

ensure_pgbouncer() {
  have pgbouncer || [[ -x /usr/sbin/pgbouncer ]] || install_packages "PgBouncer, which the tests need," pgbouncer
}
