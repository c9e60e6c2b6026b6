// Tests what the SDK computes by itself, on this machine: values, texts, results, and what is said where there is no host.
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(truth)                                                    \
    do {                                                                \
        if (!(truth)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth); \
            failures++;                                                 \
        }                                                               \
    } while (0)

bool upgrade(void) { return true; }
bool downgrade(void) { return true; }

static int32_t days(int year, int month, int day) { return host_date(year, month, day).as.scalar.as.date; }

// SELECT date 'X' - date '2000-01-01'
static void dates_are_those_of_postgresql(void) {
    CHECK(days(2000, 1, 1) == 0);
    CHECK(days(1999, 12, 31) == -1);
    CHECK(days(2000, 2, 29) == 59);
    CHECK(days(2100, 3, 1) == 36584);
    CHECK(days(1582, 10, 15) == -152384);
    CHECK(days(-4712, 1, 1) == -2451507);
    CHECK(days(5874897, 12, 31) == 2145031948);
    CHECK(host_timestamp(1999, 12, 31, 23, 59, 59, 999999).as.scalar.as.time == -1);
    CHECK(host_time(24, 0, 0, 0).as.scalar.as.time == 86400000000);
}

static void values_say_what_they_are(void) {
    static const uint8_t id[16] = {1, [15] = 2};
    CHECK(host_uuid(id).as.scalar.as.uuid.hi == 0x0100000000000000 && host_uuid(id).as.scalar.as.uuid.lo == 2);
    CHECK(host_text("Grüße").as.scalar.as.text.length == 7);
    const host_value numbers[] = {host_int4(1), host_null()};
    host_value array = host_array(23, numbers, 2), none = host_array(23, NULL, 0);
    CHECK(array.shape == HOST_ARRAY && array.as.array.dimensions.count == 1 && array.as.array.dimensions.items[0].lower == 1);
    CHECK(array.as.array.elements.items[0].as.int4 == 1 && array.as.array.elements.items[1].kind == HOST_NULL);
    CHECK(none.as.array.dimensions.count == 0 && none.as.array.elements.count == 0);
    host_value range = host_range(23, &numbers[0], true, NULL, false);
    CHECK(range.as.range.lower.exists && range.as.range.lower.at.inclusive && !range.as.range.upper.exists);
    // What a value is made of stays with it; the rest is given back here.
    free((void *)array.as.array.elements.items);
    free((void *)array.as.array.dimensions.items);
    free((void *)none.as.array.elements.items);
    free((void *)none.as.array.dimensions.items);
}

static void *copied(const void *from, size_t size) {
    void *copy = malloc(size);
    if (!copy) abort();
    return memcpy(copy, from, size);
}

static host_bytes owned(const char *text) { return (host_bytes){copied(text, strlen(text)), strlen(text)}; }

// A result with the columns n (bigint) and name (text), as the host would write it.
static host_result result(void) {
    host_result made = {0};
    host_column columns[] = {{.name = owned("n"), .type_name = owned("int8")}, {.name = owned("name"), .type_name = owned("text")}};
    host_value cells[] = {host_int8(9007199254740993), {.shape = HOST_SCALAR}};
    cells[1] = host_text("");
    cells[1].as.scalar.as.text = owned("soup");
    made.columns.items = copied(columns, sizeof columns);
    made.columns.count = 2;
    made.rows.items = malloc(sizeof *made.rows.items);
    if (!made.rows.items) abort();
    made.rows.items[0].items = copied(cells, sizeof cells);
    made.rows.items[0].count = 2;
    made.rows.count = 1;
    return made;
}

static void results_are_read_and_given_back(void) {
    host_result read = result();
    size_t column;
    int64_t n;
    const char *name;
    bool truth;
    CHECK(host_column_named(&read, "name", &column) && column == 1);
    CHECK(host_get_int8(&read, 0, 0, &n) && n == 9007199254740993);
    CHECK(host_get_text(&read, 0, 1, &name) && strcmp(name, "soup") == 0);
    free((void *)name);
    CHECK(!host_get_boolean(&read, 0, 1, &truth) && host_error()->kind == HOST_ERROR_CONVERSION);
    CHECK(host_equals(host_error()->as.why, "column \"name\" is text, boolean was wanted"));
    free((void *)host_error()->as.why.data);
    CHECK(!host_column_named(&read, "Name", &column));
    free((void *)host_error()->as.why.data);
    CHECK(host_is_null(&read, 1, 0));
    host_result_free(&read);
    CHECK(read.rows.count == 0);
}

// What a writer has written is what a batch reads.
static void rows_are_written_and_read(void) {
    host_row_writer rows = {0};
    for (int row = 0; row < 1000; row++) {
        host_row_begin(&rows);
        host_row_int8(&rows, -row);
        host_row_int4(&rows, INT32_MIN);
        host_row_int2(&rows, -2);
        host_row_boolean(&rows, true);
        host_row_float4(&rows, 1.5f);
        host_row_float8(&rows, -0.1);
        host_row_null(&rows);
        host_row_text(&rows, "soup");
        host_row_bytes(&rows, NULL, 0);
    }
    host_batch batch = {.rows = rows.rows, .data = {rows.data, rows.length}};
    int read = 0;
    for (; host_batch_row(&batch); read++) {
        int64_t eight;
        int32_t four;
        int16_t two;
        bool truth;
        float single;
        double twice;
        host_bytes text, nothing;
        CHECK(!host_field_null(&batch) && host_field_int8(&batch, &eight) && eight == -read);
        CHECK(host_field_int4(&batch, &four) && four == INT32_MIN);
        CHECK(host_field_int2(&batch, &two) && two == -2);
        CHECK(host_field_boolean(&batch, &truth) && truth);
        CHECK(host_field_float4(&batch, &single) && single == 1.5f);
        CHECK(host_field_float8(&batch, &twice) && twice == -0.1);
        if (read == 0) {
            CHECK(!host_field_int8(&batch, &eight) && host_equals(host_error()->as.why, "column 7 of row 1 is NULL, a value was wanted"));
            free((void *)host_error()->as.why.data);
        }
        CHECK(host_field_null(&batch));
        if (read == 1) {
            CHECK(!host_field_int8(&batch, &eight) && strstr(host_error()->as.why.data, "a field of 4 bytes, bigint was wanted"));
            free((void *)host_error()->as.why.data);
        }
        CHECK(host_field_text(&batch, &text) && host_equals(text, "soup"));
        CHECK(host_field_bytes(&batch, &nothing) && nothing.length == 0);
        CHECK(!host_field_null(&batch));
        if (read == 2) {
            CHECK(!host_field_text(&batch, &text) && host_equals(host_error()->as.why, "the row has 9 columns, and column 10 was wanted"));
            free((void *)host_error()->as.why.data);
        }
    }
    CHECK(read == 1000 && rows.rows == 1000);
    // A batch that was cut has no more rows than are whole.
    for (size_t cut = 0; cut < 80; cut++) {
        host_batch part = {.rows = 2, .data = {rows.data, cut}};
        int whole = 0;
        while (host_batch_row(&part)) whole++;
        CHECK(whole == (cut >= 69));
    }
    host_row_writer_free(&rows);
}

static bool same(host_batch *rows, host_row_writer *out) {
    while (host_batch_row(rows)) {
        int32_t id;
        HOST_TRY(host_field_int4(rows, &id));
        host_row_begin(out);
        host_row_int4(out, id);
    }
    return true;
}

HOST_TRANSFORMS({"same", same});

static void transforms_are_found_by_their_names(void) {
    const host_plan plan = {.source = "SELECT 1", .into = "guests"}, no_source = {.into = "guests"};
    CHECK(!host_run_transform("other", &plan, NULL) && strstr(host_error()->as.why.data, "there is no transform 'other'"));
    free((void *)host_error()->as.why.data);
    CHECK(!host_run_transform("same", &no_source, NULL) && strstr(host_error()->as.why.data, "a plan has a source"));
    CHECK(!host_run_transform("same", &plan, NULL) && strstr(host_error()->as.why.data, "there is no host here"));
    host_row_writer given = {0}, made = {0};
    for (int i = 0; i < 3; i++) {
        host_row_begin(&given);
        host_row_int4(&given, i);
    }
    host_batch batch = {.rows = given.rows, .data = {given.data, given.length}};
    CHECK(host_transforms[0].apply(&batch, &made) && made.rows == 3 && memcmp(made.data, given.data, given.length) == 0);
    host_row_writer_free(&given);
    host_row_writer_free(&made);
}

static void there_is_no_host_here(void) {
    host_result read;
    CHECK(!host_execute("SELECT 1", NULL) && host_error()->kind == HOST_ERROR_MISUSE);
    CHECK(strstr(host_error()->as.why.data, "there is no host here") != NULL);
    CHECK(!host_query("SELECT $1", HOST_PARAMS(host_int4(1)), &read));
    CHECK(!host_failed_with("23505"));
    host_cursor cursor;
    host_copy_in copy;
    CHECK(!host_cursor_open("SELECT 1", NULL, &cursor) && !host_copy_in_begin("tables", HOST_COLUMNS("number"), &copy));
}

int main(void) {
    dates_are_those_of_postgresql();
    values_say_what_they_are();
    results_are_read_and_given_back();
    rows_are_written_and_read();
    transforms_are_found_by_their_names();
    there_is_no_host_here();
    if (failures == 0) puts("ok");
    return failures != 0;
}
