// Big tables: rows that come from a cursor and go by COPY, some thousand at a time, in PostgreSQL's binary form. Part of host.h.
//
//     host_cursor guests;
//     host_copy_in digits;
//     host_batch batch = {0};
//     host_row_writer rows = {0};
//     HOST_TRY(host_cursor_open("SELECT id, phone FROM guests", NULL, &guests));
//     HOST_TRY(host_copy_in_begin("digits", HOST_COLUMNS("id", "phone"), &digits));
//     do {
//         HOST_TRY(host_cursor_next(guests, 10000, &batch));
//         while (host_batch_row(&batch)) {
//             int64_t id;
//             host_bytes phone;
//             HOST_TRY(host_field_int8(&batch, &id));
//             if (host_field_null(&batch)) continue;
//             HOST_TRY(host_field_text(&batch, &phone));
//             host_row_begin(&rows);
//             host_row_int8(&rows, id);
//             host_row_bytes(&rows, phone.data, phone.length);
//         }
//         HOST_TRY(host_copy_in_write(digits, &rows));
//     } while (batch.rows);
//     HOST_TRY(host_copy_in_finish(digits, NULL));
#ifndef HOST_BULK_H
#define HOST_BULK_H

#include "host_values.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Rows that are read ----

// Some rows, read one after the other and field by field. It begins as {0}.
typedef struct {
    uint32_t rows; // how many came; 0 at the end
    host_bytes data;
    size_t next; // where the row begins that comes next
    size_t at;   // where the field begins that comes next
    uint32_t read, fields, field;
} host_batch;

// A query whose rows stay on the server. It shows them as they were when it was opened. 0 is none.
typedef uint32_t host_cursor;

// Opens one. Other statements, also of other cursors, may run while it is open.
bool host_cursor_open(const char *sql, const host_params *params, host_cursor *cursor);

// Fetches the next rows, at most so many and 8 MiB, in the place of those that the batch had. `batch->rows` is 0 at the end.
bool host_cursor_next(host_cursor cursor, uint32_t max_rows, host_batch *batch);

// The same as values of any type; no rows at the end. Give them back with host_result_free. It is several times slower.
bool host_cursor_query(host_cursor cursor, uint32_t max_rows, host_result *result);

// Closes it. The end of the migration does the same.
void host_cursor_close(host_cursor cursor);

// Gives back what the batch holds.
void host_batch_free(host_batch *batch);

// Goes to the next row. Answers false at the end of the batch.
bool host_batch_row(host_batch *batch);

// Whether the next field is NULL. Such a field is skipped then.
bool host_field_null(host_batch *batch);

// Read the next field. They fail when it is NULL or not of that type. Bytes live as long as the batch. What a type has no function for
// is read as bytes, in PostgreSQL's binary form.
bool host_field_boolean(host_batch *batch, bool *value);
bool host_field_int2(host_batch *batch, int16_t *value);
bool host_field_int4(host_batch *batch, int32_t *value); // also a date: days since 2000-01-01
bool host_field_int8(host_batch *batch, int64_t *value); // also a time, timestamp or timestamptz: microseconds
bool host_field_float4(host_batch *batch, float *value);
bool host_field_float8(host_batch *batch, double *value);
bool host_field_text(host_batch *batch, host_bytes *value);
bool host_field_bytes(host_batch *batch, host_bytes *value);

// ---- Rows that are written ----

// Puts rows together. It begins as {0}; its memory is used again after each host_copy_in_write.
typedef struct {
    uint32_t rows;
    char *data;
    size_t length, capacity;
    size_t row; // where the row begins that is written
} host_row_writer;

// Begins a row; the calls after it append its fields. Their types have to be those of the columns: int8 for a bigint.
void host_row_begin(host_row_writer *rows);
void host_row_null(host_row_writer *rows);
void host_row_boolean(host_row_writer *rows, bool value);
void host_row_int2(host_row_writer *rows, int16_t value);
void host_row_int4(host_row_writer *rows, int32_t value);
void host_row_int8(host_row_writer *rows, int64_t value);
void host_row_float4(host_row_writer *rows, float value);
void host_row_float8(host_row_writer *rows, double value);
void host_row_text(host_row_writer *rows, const char *text);
// A text, a bytea, or any other type in PostgreSQL's binary form.
void host_row_bytes(host_row_writer *rows, const void *data, size_t length);
void host_row_writer_free(host_row_writer *rows);

// Names of columns.
typedef struct {
    const char *const *items;
    size_t count;
} host_names;

#define HOST_COLUMNS(...)                                                                                    \
    (&(const host_names){(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)})

// What writes rows into a table by COPY. host gathers rows and sends some megabytes at a time, so an error of the server may come with a
// later call. 0 is none.
typedef uint32_t host_copy_in;

// Begins to write into columns of a table that the search path finds.
bool host_copy_in_begin(const char *table, const host_names *columns, host_copy_in *copy);
// The same of a table of a schema.
bool host_copy_in_begin_schema(const char *schema, const char *table, const host_names *columns, host_copy_in *copy);
// Writes the rows of a writer, and empties it.
bool host_copy_in_write(host_copy_in copy, host_row_writer *rows);
// Writes all rows of a batch as they are.
bool host_copy_in_write_batch(host_copy_in copy, const host_batch *batch);
// Writes what is left and ends the copy. `written`, which may be NULL, is the number of rows in all.
bool host_copy_in_finish(host_copy_in copy, uint64_t *written);
// Ends a copy that is not finished. It leaves no rows.
void host_copy_in_close(host_copy_in copy);

#ifdef __cplusplus
}
#endif

#endif
