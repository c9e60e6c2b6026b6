// Values at their edges, and values made in C.
#include "cases.h"

#include <math.h>

bool edges(void) {
    host_result result;
    HOST_TRY(host_query("SELECT * FROM edges ORDER BY id", NULL, &result));
    const char *places = "$1";
    for (size_t i = 2; i <= result.columns.count; i++) places = host_format("%s, $%zu", places, i);
    const char *insert = host_format("INSERT INTO copies VALUES (%s)", places);
    for (size_t i = 0; i < result.rows.count; i++) {
        host_params row = {result.rows.items[i].items, result.rows.items[i].count};
        HOST_TRY(host_execute(insert, &row));
    }
    host_result_free(&result);
    return true;
}

static bool native_value(const char *name, const char *type, host_value value) {
    return HOST_RUN(NULL, host_format("INSERT INTO native VALUES ('%s', ($1::%s)::text)", name, type), value);
}

enum { INT4 = 23, TEXT = 25, TIMESTAMPTZ = 1184 };

bool native(void) {
    static const uint8_t id[16] = {0x0c, 0x2f, 0x9e, 0x0e, 0x3f, 0x0c, 0x4f, 0x2e, 0x8a, 0x54, 0x0d, 0x4a, 0x1a, 0x3f, 0x9b, 0x11};
    const host_dimension two_by_two[] = {{2, 1}, {2, 1}};
    const host_value numbers[] = {host_int4(1), host_null(), host_int4(3)};
    const host_value letters[] = {host_text("a"), host_text("b"), host_text("c"), host_text("d")};
    host_value one = host_int4(1), ten = host_int4(10), new_year = host_timestamptz(2026, 1, 1, 0, 0, 0, 0);
    HOST_TRY(native_value("bool", "boolean", host_boolean(true)));
    HOST_TRY(native_value("int", "integer", host_int4(-42)));
    HOST_TRY(native_value("bigint", "bigint", host_int8(INT64_MAX)));
    HOST_TRY(native_value("float", "double precision", host_float8(0.1)));
    HOST_TRY(native_value("nan", "double precision", host_float8((double)NAN)));
    HOST_TRY(native_value("numeric", "numeric", host_numeric("12345678901234567890.123450")));
    HOST_TRY(native_value("text", "text", host_text("Grüße, 世界 🎉 'quoted' \\backslash")));
    HOST_TRY(native_value("empty", "text", host_text("")));
    HOST_TRY(native_value("null", "text", host_null()));
    HOST_TRY(native_value("bytes", "bytea", host_bytea("\x00\xff\x10\x27\x5c", 5)));
    HOST_TRY(native_value("date", "date", host_date(2026, 2, 28)));
    HOST_TRY(native_value("time", "time", host_time(23, 59, 59, 999999)));
    HOST_TRY(native_value("timetz", "timetz", host_timetz(12, 0, 0, 0, 2 * 60 * 60)));
    HOST_TRY(native_value("timestamp", "timestamp", host_timestamp(2026, 2, 28, 23, 59, 59, 999999)));
    HOST_TRY(native_value("timestamptz", "timestamptz", host_timestamptz(2026, 2, 28, 23, 59, 59, 999999)));
    HOST_TRY(native_value("interval", "interval", host_interval(1, 2, 3000004)));
    HOST_TRY(native_value("uuid", "uuid", host_uuid(id)));
    HOST_TRY(native_value("json", "jsonb", host_jsonb("{\"a\": [1, null, \"x\"]}")));
    HOST_TRY(native_value("array", "integer[]", host_array(INT4, numbers, 3)));
    HOST_TRY(native_value("matrix", "text[]", host_array_of(TEXT, two_by_two, 2, letters, 4)));
    HOST_TRY(native_value("none", "integer[]", host_array(INT4, NULL, 0)));
    HOST_TRY(native_value("range", "int4range", host_range(INT4, &one, true, &ten, false)));
    HOST_TRY(native_value("unbounded", "tstzrange", host_range(TIMESTAMPTZ, &new_year, true, NULL, false)));
    return native_value("inet", "inet", host_text("192.0.2.7/24"));
}
