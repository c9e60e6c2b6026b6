#include "host.h"

bool upgrade(void) {
    HOST_TRY(host_execute("CREATE TABLE thing (id bigint PRIMARY KEY, name text NOT NULL)", NULL));
    HOST_TRY(HOST_RUN(NULL, "INSERT INTO thing VALUES ($1, $2)", host_int8(1), host_text("one")));
    return HOST_RUN(NULL, "INSERT INTO thing VALUES ($1, $2)", host_int8(2), host_text("two"));
}

bool downgrade(void) { return host_execute("DROP TABLE thing", NULL); }
