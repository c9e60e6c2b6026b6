// Values: those that a migration makes, and those of results.
#include "contract.h"

#include <stdlib.h>
#include <string.h>

// ---- Results ----

static void free_bytes(host_bytes bytes) {
    if (bytes.length) free((void *)bytes.data);
}

static void free_scalar(const host_scalar *scalar) {
    switch (scalar->kind) {
    case HOST_NUMERIC:
    case HOST_TEXT:
    case HOST_BYTEA:
    case HOST_JSON:
    case HOST_JSONB:
        free_bytes(scalar->as.text);
        break;
    case HOST_OTHER:
        free_bytes(scalar->as.other.data);
        break;
    default:
        break;
    }
}

static void free_list(const void *items, size_t count) {
    if (count) free((void *)items);
}

static void free_value(const host_value *value) {
    switch (value->shape) {
    case HOST_SCALAR:
        free_scalar(&value->as.scalar);
        break;
    case HOST_ARRAY:
        for (size_t i = 0; i < value->as.array.elements.count; i++) free_scalar(&value->as.array.elements.items[i]);
        free_list(value->as.array.elements.items, value->as.array.elements.count);
        free_list(value->as.array.dimensions.items, value->as.array.dimensions.count);
        break;
    default:
        if (value->as.range.lower.exists) free_scalar(&value->as.range.lower.at.value);
        if (value->as.range.upper.exists) free_scalar(&value->as.range.upper.at.value);
    }
}

void host_result_free(host_result *result) {
    for (size_t i = 0; i < result->columns.count; i++) {
        free_bytes(result->columns.items[i].name);
        free_bytes(result->columns.items[i].type_name);
    }
    free_list(result->columns.items, result->columns.count);
    for (size_t i = 0; i < result->rows.count; i++) {
        for (size_t k = 0; k < result->rows.items[i].count; k++) free_value(&result->rows.items[i].items[k]);
        free_list(result->rows.items[i].items, result->rows.items[i].count);
    }
    free_list(result->rows.items, result->rows.count);
    memset(result, 0, sizeof *result);
}

const host_value *host_at(const host_result *result, size_t row, size_t column) {
    static const host_value null;
    if (row >= result->rows.count || column >= result->rows.items[row].count) return &null;
    return &result->rows.items[row].items[column];
}

bool host_column_named(const host_result *result, const char *name, size_t *column) {
    for (size_t i = 0; i < result->columns.count; i++) {
        if (host_equals(result->columns.items[i].name, name)) {
            *column = i;
            return true;
        }
    }
    return host_refuse(HOST_ERROR_CONVERSION, host_format("there is no column \"%s\"", name));
}

static const host_scalar *scalar_at(const host_result *result, size_t row, size_t column) {
    const host_value *value = host_at(result, row, column);
    return value->shape == HOST_SCALAR ? &value->as.scalar : NULL;
}

bool host_is_null(const host_result *result, size_t row, size_t column) {
    const host_scalar *scalar = scalar_at(result, row, column);
    return scalar && scalar->kind == HOST_NULL;
}

static bool mismatch(const host_result *result, size_t row, size_t column, const char *wanted) {
    if (row >= result->rows.count || column >= result->columns.count) {
        return host_refuse(HOST_ERROR_CONVERSION,
                              host_format("there is no row %zu with a column %zu, %s was wanted", row, column, wanted));
    }
    host_bytes name = result->columns.items[column].name, type = result->columns.items[column].type_name;
    if (host_is_null(result, row, column)) type = (host_bytes){"NULL", 4};
    return host_refuse(HOST_ERROR_CONVERSION, host_format("column \"%.*s\" is %.*s, %s was wanted", (int)name.length,
                                                             name.data, (int)type.length, type.data, wanted));
}

bool host_get_boolean(const host_result *result, size_t row, size_t column, bool *value) {
    const host_scalar *scalar = scalar_at(result, row, column);
    if (!scalar || scalar->kind != HOST_BOOLEAN) return mismatch(result, row, column, "boolean");
    *value = scalar->as.boolean;
    return true;
}

bool host_get_int8(const host_result *result, size_t row, size_t column, int64_t *value) {
    const host_scalar *scalar = scalar_at(result, row, column);
    switch (scalar ? scalar->kind : HOST_NULL) {
    case HOST_INT2:
        *value = scalar->as.int2;
        return true;
    case HOST_INT4:
        *value = scalar->as.int4;
        return true;
    case HOST_INT8:
        *value = scalar->as.int8;
        return true;
    default:
        return mismatch(result, row, column, "an integer");
    }
}

bool host_get_float8(const host_result *result, size_t row, size_t column, double *value) {
    const host_scalar *scalar = scalar_at(result, row, column);
    switch (scalar ? scalar->kind : HOST_NULL) {
    case HOST_FLOAT4:
        *value = (double)scalar->as.float4;
        return true;
    case HOST_FLOAT8:
        *value = scalar->as.float8;
        return true;
    default:
        return mismatch(result, row, column, "real or double precision");
    }
}

bool host_get_text(const host_result *result, size_t row, size_t column, const char **text) {
    const host_scalar *scalar = scalar_at(result, row, column);
    switch (scalar ? scalar->kind : HOST_NULL) {
    case HOST_NUMERIC:
    case HOST_TEXT:
    case HOST_JSON:
    case HOST_JSONB:
        *text = host_copy(scalar->as.text);
        return true;
    default:
        return mismatch(result, row, column, "text, numeric or JSON");
    }
}

// ---- Values ----

static host_value scalar_value(host_scalar scalar) { return (host_value){.shape = HOST_SCALAR, .as.scalar = scalar}; }

static host_value bytes_value(host_kind kind, const char *data, size_t length) {
    return scalar_value((host_scalar){.kind = kind, .as.text = {data, length}});
}

static host_value time_value(host_kind kind, int64_t micros) {
    return scalar_value((host_scalar){.kind = kind, .as.time = micros});
}

host_value host_null(void) { return scalar_value((host_scalar){.kind = HOST_NULL}); }
host_value host_boolean(bool value) { return scalar_value((host_scalar){.kind = HOST_BOOLEAN, .as.boolean = value}); }
host_value host_int2(int16_t value) { return scalar_value((host_scalar){.kind = HOST_INT2, .as.int2 = value}); }
host_value host_int4(int32_t value) { return scalar_value((host_scalar){.kind = HOST_INT4, .as.int4 = value}); }
host_value host_int8(int64_t value) { return scalar_value((host_scalar){.kind = HOST_INT8, .as.int8 = value}); }
host_value host_float4(float value) { return scalar_value((host_scalar){.kind = HOST_FLOAT4, .as.float4 = value}); }
host_value host_float8(double value) { return scalar_value((host_scalar){.kind = HOST_FLOAT8, .as.float8 = value}); }
host_value host_numeric(const char *decimal) { return bytes_value(HOST_NUMERIC, decimal, strlen(decimal)); }
host_value host_text(const char *text) { return bytes_value(HOST_TEXT, text, strlen(text)); }
host_value host_text_of(const char *data, size_t length) { return bytes_value(HOST_TEXT, data, length); }
host_value host_bytea(const void *data, size_t length) { return bytes_value(HOST_BYTEA, data, length); }
host_value host_json(const char *text) { return bytes_value(HOST_JSON, text, strlen(text)); }
host_value host_jsonb(const char *text) { return bytes_value(HOST_JSONB, text, strlen(text)); }

host_value host_other(host_oid type, const char *text) {
    host_raw raw = {.type = type, .binary = 0, .data = {text, strlen(text)}};
    return scalar_value((host_scalar){.kind = HOST_OTHER, .as.other = raw});
}

host_value host_interval(int32_t months, int32_t days, int64_t micros) {
    return scalar_value((host_scalar){.kind = HOST_INTERVAL, .as.interval = {months, days, micros}});
}

host_value host_uuid(const uint8_t bytes[16]) {
    host_uuid_halves id = {0, 0};
    for (int i = 0; i < 8; i++) {
        id.hi = id.hi << 8 | bytes[i];
        id.lo = id.lo << 8 | bytes[i + 8];
    }
    return scalar_value((host_scalar){.kind = HOST_UUID, .as.uuid = id});
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// Days since 2000-01-01. Years begin in March here, so that the leap day comes last (Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms").
static int64_t days_of(int year, int month, int day) {
    int64_t months = (int64_t)year * 12 + month - 3;
    int64_t y = floor_div(months, 12), m = months - y * 12;
    return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) + (m * 153 + 2) / 5 + day - 1 - 730425;
}

static int64_t micros_of(int hour, int minute, int second, int micros) {
    return (((int64_t)hour * 60 + minute) * 60 + second) * 1000000 + micros;
}

host_value host_date(int year, int month, int day) {
    return scalar_value((host_scalar){.kind = HOST_DATE, .as.date = (int32_t)days_of(year, month, day)});
}

host_value host_time(int hour, int minute, int second, int micros) {
    return time_value(HOST_TIME, micros_of(hour, minute, second, micros));
}

host_value host_timetz(int hour, int minute, int second, int micros, int offset) {
    host_timetz_parts parts = {micros_of(hour, minute, second, micros), offset};
    return scalar_value((host_scalar){.kind = HOST_TIMETZ, .as.timetz = parts});
}

host_value host_timestamp(int year, int month, int day, int hour, int minute, int second, int micros) {
    return time_value(HOST_TIMESTAMP, days_of(year, month, day) * 86400000000 + micros_of(hour, minute, second, micros));
}

host_value host_timestamptz(int year, int month, int day, int hour, int minute, int second, int micros) {
    return time_value(HOST_TIMESTAMPTZ, days_of(year, month, day) * 86400000000 + micros_of(hour, minute, second, micros));
}

host_value host_array_of(host_oid element, const host_dimension *dimensions, size_t depth, const host_value *elements,
                         size_t count) {
    host_scalar *items = host_allocate(count * sizeof *items);
    for (size_t i = 0; i < count; i++) items[i] = elements[i].as.scalar;
    host_array_parts array = {.element = element, .dimensions = {dimensions, depth}, .elements = {items, count}};
    return (host_value){.shape = HOST_ARRAY, .as.array = array};
}

host_value host_array(host_oid element, const host_value *elements, size_t count) {
    host_dimension *dimension = host_allocate(sizeof *dimension);
    *dimension = (host_dimension){(uint32_t)count, 1};
    return host_array_of(element, dimension, count ? 1 : 0, elements, count);
}

static host_bound bound(const host_value *value, bool inclusive) {
    if (!value) return (host_bound){.exists = false};
    return (host_bound){.exists = true, .at = {value->as.scalar, inclusive}};
}

host_value host_range(host_oid element, const host_value *lower, bool lower_inclusive, const host_value *upper,
                      bool upper_inclusive) {
    host_range_parts range = {
        .element = element, .lower = bound(lower, lower_inclusive), .upper = bound(upper, upper_inclusive)};
    return (host_value){.shape = HOST_RANGE, .as.range = range};
}
