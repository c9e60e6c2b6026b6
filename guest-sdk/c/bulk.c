// Cursors and copies: see host_bulk.h. The binary form of a row is that of PostgreSQL's manual, COPY, "Binary Format".
#include "contract.h"

#include <stdlib.h>
#include <string.h>

// How many bytes come at a time, at most.
enum { BATCH_BYTES_MAX = 8 << 20 };

// ---- Cursors ----

bool host_cursor_open(const char *sql, const host_params *params, host_cursor *cursor) {
    answer answer;
    contract_open_cursor(sql, strlen(sql), params ? params->items : NULL, params ? params->count : 0, &answer);
    if (answer.failed) return host_note_error(&answer.as.error);
    *cursor = answer.as.handle;
    return true;
}

bool host_cursor_next(host_cursor cursor, uint32_t max_rows, host_batch *batch) {
    tuples_answer answer;
    host_batch_free(batch);
    contract_cursor_fetch_tuples(cursor, max_rows, BATCH_BYTES_MAX, &answer);
    if (answer.failed) return host_note_error(&answer.as.error);
    batch->rows = answer.as.tuples.rows;
    batch->data = answer.as.tuples.data;
    return true;
}

bool host_cursor_query(host_cursor cursor, uint32_t max_rows, host_result *result) {
    rows_answer answer;
    memset(result, 0, sizeof *result);
    contract_cursor_fetch_rows(cursor, max_rows, &answer);
    if (answer.failed) return host_note_error(&answer.as.error);
    contract_cursor_columns(cursor, &result->columns);
    memcpy(&result->rows, &answer.as.rows, sizeof result->rows);
    return true;
}

void host_cursor_close(host_cursor cursor) { contract_cursor_drop(cursor); }

// ---- Batches ----

void host_batch_free(host_batch *batch) {
    if (batch->data.length) free((void *)batch->data.data);
    memset(batch, 0, sizeof *batch);
}

static uint64_t big_endian(const char *from, size_t length) {
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) number = number << 8 | (uint8_t)from[i];
    return number;
}

// The length of the field at `at`, -1 for NULL. host writes no batch that ends in the middle of a field; a migration may.
static bool length_at(const host_batch *batch, size_t at, int32_t *length) {
    if (at > batch->data.length || batch->data.length - at < 4) return false;
    *length = (int32_t)big_endian(batch->data.data + at, 4);
    return *length < 0 || (size_t)*length <= batch->data.length - at - 4;
}

bool host_batch_row(host_batch *batch) {
    if (batch->read >= batch->rows || batch->next > batch->data.length || batch->data.length - batch->next < 2) return false;
    batch->read++;
    batch->fields = (uint16_t)big_endian(batch->data.data + batch->next, 2);
    batch->field = 0;
    batch->at = batch->next + 2;
    size_t end = batch->at;
    for (uint32_t i = 0; i < batch->fields; i++) {
        int32_t length;
        if (!length_at(batch, end, &length)) {
            batch->read = batch->rows;
            return false;
        }
        end += 4 + (length > 0 ? (size_t)length : 0);
    }
    batch->next = end;
    return true;
}

bool host_field_null(host_batch *batch) {
    int32_t length;
    if (batch->field >= batch->fields || !length_at(batch, batch->at, &length) || length >= 0) return false;
    batch->at += 4;
    batch->field++;
    return true;
}

static bool is_null(const host_batch *batch) {
    return host_refuse(HOST_ERROR_CONVERSION, host_format("column %u of row %u is NULL, a value was wanted",
                                                          (unsigned)batch->field + 1, (unsigned)batch->read));
}

bool host_field_bytes(host_batch *batch, host_bytes *value) {
    int32_t length;
    if (batch->field >= batch->fields || !length_at(batch, batch->at, &length)) {
        return host_refuse(HOST_ERROR_MISUSE, host_format("the row has %u columns, and column %u was wanted",
                                                          (unsigned)batch->fields, (unsigned)batch->field + 1));
    }
    if (length < 0) return is_null(batch);
    *value = (host_bytes){batch->data.data + batch->at + 4, (size_t)length};
    batch->at += 4 + (size_t)length;
    batch->field++;
    return true;
}

// Reads a field that has exactly so many bytes. What does not fit stays the next field.
static bool number(host_batch *batch, size_t length, const char *wanted, uint64_t *value) {
    host_batch before = *batch;
    host_bytes bytes;
    if (!host_field_bytes(batch, &bytes)) return false;
    if (bytes.length != length) {
        *batch = before;
        return host_refuse(HOST_ERROR_CONVERSION,
                           host_format("column %u of row %u is a field of %zu bytes, %s was wanted", (unsigned)batch->field + 1,
                                       (unsigned)batch->read, bytes.length, wanted));
    }
    *value = big_endian(bytes.data, length);
    return true;
}

bool host_field_boolean(host_batch *batch, bool *value) {
    uint64_t bits;
    if (!number(batch, 1, "boolean", &bits)) return false;
    *value = bits != 0;
    return true;
}

bool host_field_int2(host_batch *batch, int16_t *value) {
    uint64_t bits;
    if (!number(batch, 2, "smallint", &bits)) return false;
    *value = (int16_t)bits;
    return true;
}

bool host_field_int4(host_batch *batch, int32_t *value) {
    uint64_t bits;
    if (!number(batch, 4, "integer", &bits)) return false;
    *value = (int32_t)bits;
    return true;
}

bool host_field_int8(host_batch *batch, int64_t *value) {
    uint64_t bits;
    if (!number(batch, 8, "bigint", &bits)) return false;
    *value = (int64_t)bits;
    return true;
}

bool host_field_float4(host_batch *batch, float *value) {
    uint64_t bits;
    if (!number(batch, 4, "real", &bits)) return false;
    uint32_t half = (uint32_t)bits;
    memcpy(value, &half, sizeof *value);
    return true;
}

bool host_field_float8(host_batch *batch, double *value) {
    uint64_t bits;
    if (!number(batch, 8, "double precision", &bits)) return false;
    memcpy(value, &bits, sizeof *value);
    return true;
}

bool host_field_text(host_batch *batch, host_bytes *value) { return host_field_bytes(batch, value); }

// ---- Writers ----

static char *reserve(host_row_writer *rows, size_t length) {
    if (length > rows->capacity - rows->length) {
        size_t wanted = rows->length + length, capacity = rows->capacity ? rows->capacity : 4096;
        while (capacity < wanted) {
            if (capacity > SIZE_MAX / 2) abort();
            capacity *= 2;
        }
        char *data = realloc(rows->data, capacity);
        if (!data) abort();
        rows->data = data;
        rows->capacity = capacity;
    }
    char *place = rows->data + rows->length;
    rows->length += length;
    return place;
}

static void put(char *place, uint64_t value, size_t length) {
    for (size_t i = 0; i < length; i++) place[i] = (char)(value >> (8 * (length - 1 - i)));
}

void host_row_begin(host_row_writer *rows) {
    rows->row = rows->length;
    put(reserve(rows, 2), 0, 2);
    rows->rows++;
}

// The place for a field. Without a row there is none, and nothing that could be right.
static char *field(host_row_writer *rows, int32_t length) {
    if (rows->rows == 0) abort();
    char *place = reserve(rows, 4 + (length > 0 ? (size_t)length : 0));
    put(place, (uint32_t)length, 4);
    char *count = rows->data + rows->row;
    put(count, big_endian(count, 2) + 1, 2);
    return place + 4;
}

void host_row_null(host_row_writer *rows) { field(rows, -1); }
void host_row_boolean(host_row_writer *rows, bool value) { put(field(rows, 1), value, 1); }
void host_row_int2(host_row_writer *rows, int16_t value) { put(field(rows, 2), (uint64_t)value, 2); }
void host_row_int4(host_row_writer *rows, int32_t value) { put(field(rows, 4), (uint64_t)value, 4); }
void host_row_int8(host_row_writer *rows, int64_t value) { put(field(rows, 8), (uint64_t)value, 8); }

void host_row_float4(host_row_writer *rows, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(field(rows, 4), bits, 4);
}

void host_row_float8(host_row_writer *rows, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(field(rows, 8), bits, 8);
}

void host_row_text(host_row_writer *rows, const char *text) { host_row_bytes(rows, text, strlen(text)); }

void host_row_bytes(host_row_writer *rows, const void *data, size_t length) {
    if (length > INT32_MAX) abort();
    char *place = field(rows, (int32_t)length);
    if (length) memcpy(place, data, length);
}

void host_row_writer_free(host_row_writer *rows) {
    free(rows->data);
    memset(rows, 0, sizeof *rows);
}

// ---- Copies ----

bool host_copy_in_begin_schema(const char *schema, const char *table, const host_names *columns, host_copy_in *copy) {
    answer answer;
    host_bytes *names = host_allocate(columns->count * sizeof *names);
    for (size_t i = 0; i < columns->count; i++) names[i] = (host_bytes){columns->items[i], strlen(columns->items[i])};
    contract_copy_in(schema != NULL, schema, schema ? strlen(schema) : 0, table, strlen(table), names, columns->count, &answer);
    free(names);
    if (answer.failed) return host_note_error(&answer.as.error);
    *copy = answer.as.handle;
    return true;
}

bool host_copy_in_begin(const char *table, const host_names *columns, host_copy_in *copy) {
    return host_copy_in_begin_schema(NULL, table, columns, copy);
}

static bool written(host_copy_in copy, uint32_t rows, const char *data, size_t length) {
    answer answer;
    contract_copy_in_write_tuples(copy, rows, data, length, &answer);
    return !answer.failed || host_note_error(&answer.as.error);
}

bool host_copy_in_write(host_copy_in copy, host_row_writer *rows) {
    bool answer = written(copy, rows->rows, rows->data, rows->length);
    rows->rows = 0;
    rows->length = 0;
    return answer;
}

bool host_copy_in_write_batch(host_copy_in copy, const host_batch *batch) {
    return written(copy, batch->rows, batch->data.data, batch->data.length);
}

bool host_copy_in_finish(host_copy_in copy, uint64_t *rows) {
    counted answer;
    contract_copy_in_finish(copy, &answer);
    contract_copy_in_drop(copy);
    if (answer.failed) return host_note_error(&answer.as.error);
    if (rows) *rows = answer.as.touched;
    return true;
}

void host_copy_in_close(host_copy_in copy) { contract_copy_in_drop(copy); }
