// Tables that are rewritten batch by batch.
#include "cases.h"

#include <ctype.h>

static bool shout(host_batch *rows, host_row_writer *out) {
    while (host_batch_row(rows)) {
        int32_t n;
        host_bytes name;
        HOST_TRY(host_field_int4(rows, &n));
        if (n % 10 == 0) continue;
        host_row_begin(out);
        host_row_int4(out, n);
        if (host_field_null(rows)) {
            host_row_null(out);
            continue;
        }
        HOST_TRY(host_field_text(rows, &name));
        // The bytes of a batch belong to this instance.
        char *letters = (char *)name.data;
        for (size_t i = 0; i < name.length; i++) letters[i] = (char)toupper((unsigned char)letters[i]);
        host_row_bytes(out, letters, name.length);
    }
    return true;
}

// Each field as it is.
static bool same(host_batch *rows, host_row_writer *out) {
    while (host_batch_row(rows)) {
        host_row_begin(out);
        for (uint32_t i = 0; i < rows->fields; i++) {
            host_bytes bytes;
            if (host_field_null(rows)) {
                host_row_null(out);
                continue;
            }
            HOST_TRY(host_field_bytes(rows, &bytes));
            host_row_bytes(out, bytes.data, bytes.length);
        }
    }
    return true;
}

static bool reject(host_batch *rows, host_row_writer *out) {
    while (host_batch_row(rows)) {
        int32_t n;
        host_bytes name;
        HOST_TRY(host_field_int4(rows, &n));
        if (n == 500) return HOST_FAIL("the kitchen is closed");
        host_row_begin(out);
        host_row_int4(out, n);
        if (host_field_null(rows)) {
            host_row_null(out);
            continue;
        }
        HOST_TRY(host_field_text(rows, &name));
        host_row_bytes(out, name.data, name.length);
    }
    return true;
}

HOST_TRANSFORMS({"shout", shout}, {"same", same}, {"reject", reject});

static bool rewrite(const char *transform) {
    const host_plan plan = {
        .source = "SELECT n, name FROM numbers",
        .key = HOST_COLUMNS("n"),
        .into = "numbers",
        .columns = HOST_COLUMNS("n", "name"),
        .batch_rows = 300,
    };
    uint64_t written;
    HOST_TRY(host_execute("INSERT INTO numbers SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END FROM generate_series(1, 1000) AS n", NULL));
    HOST_TRY(host_run_transform(transform, &plan, &written));
    return note("written", host_format("%llu", (unsigned long long)written));
}

bool transform(void) { return rewrite("shout"); }

bool transform_rejects(void) { return rewrite("reject"); }

bool transform_values(void) {
    const host_names *columns = HOST_COLUMNS("id", "a_bool", "an_int2", "an_int4", "an_int8", "a_float4", "a_float8", "a_numeric",
                                "a_text", "a_bytea", "a_date", "a_time", "a_timestamptz", "an_interval", "a_uuid", "a_jsonb");
    const host_plan plan = {
        .source = "SELECT id, a_bool, an_int2, an_int4, an_int8, a_float4, a_float8, a_numeric, "
                  "a_text, a_bytea, a_date, a_time, a_timestamptz, an_interval, a_uuid, a_jsonb FROM edges",
        .key = HOST_COLUMNS("id"),
        .into = "copies",
        .columns = columns,
        .mode = HOST_INSERT,
    };
    return host_run_transform("same", &plan, NULL);
}
