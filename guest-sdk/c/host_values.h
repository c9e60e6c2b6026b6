// PostgreSQL's values in C: parameters, and cells of results. Part of host.h.
#ifndef HOST_VALUES_H
#define HOST_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A text or bytes: not ended by a zero.
typedef struct {
    const char *data;
    size_t length;
} host_bytes;

// The number by which PostgreSQL names a type (pg_type.oid). 0 leaves the type to the server.
typedef uint32_t host_oid;

typedef enum {
    HOST_NULL,
    HOST_BOOLEAN,
    HOST_INT2,
    HOST_INT4,
    HOST_INT8,
    HOST_FLOAT4,
    HOST_FLOAT8,
    HOST_NUMERIC,     // decimal text without loss; NaN, Infinity and -Infinity exist
    HOST_TEXT,        // as a parameter it takes the type that the statement needs, as a quoted literal does; else write $1::text
    HOST_BYTEA,
    HOST_DATE,        // days since 2000-01-01; INT32_MIN and INT32_MAX are the infinities
    HOST_TIME,        // microseconds since midnight
    HOST_TIMETZ,
    HOST_TIMESTAMP,   // microseconds since 2000-01-01 00:00; INT64_MIN and INT64_MAX are the infinities
    HOST_TIMESTAMPTZ, // the same, in UTC
    HOST_INTERVAL,
    HOST_UUID,
    HOST_JSON,
    HOST_JSONB,
    HOST_OTHER,       // any other type
} host_kind;

// Whole months, whole days, and the rest in microseconds.
typedef struct {
    int32_t months;
    int32_t days;
    int64_t micros;
} host_interval_parts;

// A time of day with an offset in seconds east of Greenwich.
typedef struct {
    int64_t micros;
    int32_t offset;
} host_timetz_parts;

// The 16 bytes of a UUID as two numbers: hi holds the first eight, big-endian.
typedef struct {
    uint64_t hi;
    uint64_t lo;
} host_uuid_halves;

// A value of a type without a kind of its own. Results are binary, parameters what `binary` says.
typedef struct {
    host_oid type;
    uint8_t binary;
    host_bytes data;
} host_raw;

// One value that is neither an array nor a range. `kind` is a host_kind, and says what of `as` counts.
typedef struct {
    uint8_t kind;
    union {
        bool boolean;
        int16_t int2;
        int32_t int4;
        int64_t int8;
        float float4;
        double float8;
        host_bytes text; // also numeric, bytea, json, jsonb
        int32_t date;
        int64_t time; // also timestamp and timestamptz
        host_timetz_parts timetz;
        host_interval_parts interval;
        host_uuid_halves uuid;
        host_raw other;
    } as;
} host_scalar;

// One dimension of an array: how many elements, and the index of the first one.
typedef struct {
    uint32_t length;
    int32_t lower;
} host_dimension;

// An array. The elements lie flat, row by row; each is NULL or of the element type.
typedef struct {
    host_oid element;
    struct {
        const host_dimension *items;
        size_t count;
    } dimensions; // outermost first; none for an empty array
    struct {
        const host_scalar *items;
        size_t count;
    } elements;
} host_array_parts;

// One end of a range. Where `exists` is false, the range has no such end.
typedef struct {
    bool exists;
    struct {
        host_scalar value;
        bool inclusive;
    } at;
} host_bound;

// A range. `element` is the type of its bounds.
typedef struct {
    host_oid element;
    bool empty;
    host_bound lower;
    host_bound upper;
} host_range_parts;

typedef enum { HOST_SCALAR, HOST_ARRAY, HOST_RANGE } host_shape;

// One value: a parameter, or a cell of a result. `shape` is a host_shape, and says what of `as` counts.
typedef struct {
    uint8_t shape;
    union {
        host_scalar scalar;
        host_array_parts array;
        host_range_parts range;
    } as;
} host_value;

// Values for parameters. Those of pointers copy nothing.
host_value host_null(void);
host_value host_boolean(bool value);
host_value host_int2(int16_t value);
host_value host_int4(int32_t value);
host_value host_int8(int64_t value);
host_value host_float4(float value);
host_value host_float8(double value);
host_value host_numeric(const char *decimal);
host_value host_text(const char *text);
host_value host_text_of(const char *data, size_t length);
host_value host_bytea(const void *data, size_t length);
host_value host_date(int year, int month, int day);
host_value host_time(int hour, int minute, int second, int micros);
host_value host_timetz(int hour, int minute, int second, int micros, int offset);
// What a clock shows, without a zone.
host_value host_timestamp(int year, int month, int day, int hour, int minute, int second, int micros);
// The same, in UTC.
host_value host_timestamptz(int year, int month, int day, int hour, int minute, int second, int micros);
host_value host_interval(int32_t months, int32_t days, int64_t micros);
// Sixteen bytes.
host_value host_uuid(const uint8_t bytes[16]);
host_value host_json(const char *text);
host_value host_jsonb(const char *text);
// Any other type, as its text: inet, enum, bit, composite. As host_text, but for arrays of such a type.
host_value host_other(host_oid type, const char *text);
// An array with one dimension that begins at 1, of scalars that live as long as the value.
host_value host_array(host_oid element, const host_value *elements, size_t count);
// An array with any dimensions.
host_value host_array_of(host_oid element, const host_dimension *dimensions, size_t depth, const host_value *elements, size_t count);
// A range; NULL for an end that does not exist.
host_value host_range(host_oid element, const host_value *lower, bool lower_inclusive, const host_value *upper, bool upper_inclusive);

#ifdef __cplusplus
}
#endif

#endif
