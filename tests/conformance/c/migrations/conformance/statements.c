// Statements, results, errors and savepoints.
#include "cases.h"

#include <stdlib.h>
#include <string.h>

static const char *kinds[] = {"sql", "bad-params", "conversion", "exceeded", "denied", "offline", "misuse"};

// Notes the kind of the error that was just caught.
static bool note_kind(bool succeeded) {
    if (succeeded || host_error()->kind == HOST_ERROR_SQL) return HOST_FAIL("not refused by host");
    host_error_kind kind = host_error()->kind;
    host_forget_error();
    return note("kind", kinds[kind]);
}

bool rows(void) {
    host_result result;
    HOST_TRY(host_query("SELECT n, 'row ' || n AS name FROM generate_series(1, 1000) AS n", NULL, &result));
    size_t column;
    HOST_TRY(host_column_named(&result, "n", &column));
    int64_t sum = 0, n;
    int names = 0;
    for (size_t i = 0; i < result.rows.count; i++) {
        const char *name;
        HOST_TRY(host_get_int8(&result, i, column, &n));
        HOST_TRY(host_get_text(&result, i, 1, &name));
        sum += n;
        names += strcmp(name, host_format("row %lld", (long long)n)) == 0;
    }
    host_result_free(&result);
    HOST_TRY(HOST_RUN(NULL, "INSERT INTO notes VALUES ('sum', $1), ('names', $2)",
                      host_text(host_format("%lld", (long long)sum)), host_text(host_format("%d", names))));
    HOST_TRY(host_query_one("SELECT 7 AS seven", NULL, &result));
    HOST_TRY(host_get_int8(&result, 0, 0, &n));
    host_result_free(&result);
    HOST_TRY(note("seven", host_format("%lld", (long long)n)));
    HOST_TRY(host_query_optional("SELECT 1 WHERE false", NULL, &result));
    return note("nothing", result.rows.count == 0 ? "none" : "one");
}

enum { MANY = 1000 };

bool prepared(void) {
    host_statement insert, find;
    uint64_t one, many;
    HOST_TRY(host_prepare("INSERT INTO numbers VALUES ($1, $2)", &insert));
    HOST_TRY(host_statement_execute(insert, HOST_PARAMS(host_int4(0), host_text("zero")), &one));
    host_value(*values)[2] = malloc(MANY * sizeof *values);
    host_params *lines = malloc(MANY * sizeof *lines);
    if (!values || !lines) abort();
    for (int i = 0; i < MANY; i++) {
        values[i][0] = host_int4(i + 1);
        values[i][1] = host_text(host_format("n%d", i + 1));
        lines[i] = (host_params){values[i], 2};
    }
    HOST_TRY(host_statement_execute_many(insert, lines, MANY, &many));
    free(lines);
    free(values);
    host_statement_close(insert);
    HOST_TRY(note("one", host_format("%llu", (unsigned long long)one)));
    HOST_TRY(note("many", host_format("%llu", (unsigned long long)many)));
    HOST_TRY(host_prepare("SELECT name FROM numbers WHERE n = $1", &find));
    host_result result;
    HOST_TRY(host_statement_query(find, HOST_PARAMS(host_int4(500)), &result));
    const char *name;
    HOST_TRY(host_get_text(&result, 0, 0, &name));
    host_result_free(&result);
    host_statement_close(find);
    return note("found", name);
}

bool bulk(void) {
    host_cursor numbers;
    host_copy_in copy, dropped;
    host_batch batch = {0};
    host_row_writer rows = {0};
    uint64_t written;
    HOST_TRY(host_cursor_open("SELECT n, CASE WHEN n % 7 <> 0 THEN 'row ' || n END AS name FROM generate_series(1, 1000) AS n",
                              NULL, &numbers));
    HOST_TRY(host_copy_in_begin("numbers", HOST_COLUMNS("n", "name"), &copy));
    do {
        HOST_TRY(host_cursor_next(numbers, 300, &batch));
        while (host_batch_row(&batch)) {
            int32_t n;
            host_bytes name;
            HOST_TRY(host_field_int4(&batch, &n));
            host_row_begin(&rows);
            host_row_int4(&rows, n);
            if (host_field_null(&batch)) {
                host_row_null(&rows);
            } else {
                HOST_TRY(host_field_text(&batch, &name));
                host_row_bytes(&rows, name.data, name.length);
            }
        }
        HOST_TRY(host_copy_in_write(copy, &rows));
    } while (batch.rows);
    host_cursor_close(numbers);
    HOST_TRY(host_copy_in_finish(copy, &written));
    HOST_TRY(note("written", host_format("%llu", (unsigned long long)written)));
    HOST_TRY(host_copy_in_begin_schema("public", "numbers", HOST_COLUMNS("n", "name"), &dropped));
    host_row_begin(&rows);
    host_row_int4(&rows, 0);
    host_row_text(&rows, "zero");
    HOST_TRY(host_copy_in_write(dropped, &rows));
    host_copy_in_close(dropped);
    host_row_writer_free(&rows);
    return true;
}

bool script(void) {
    return host_execute_script("INSERT INTO notes VALUES ('a; b', '1'); INSERT INTO notes VALUES ('c', '2');");
}

bool caught(void) {
    host_savepoint attempt;
    HOST_TRY(host_savepoint_begin(&attempt));
    bool succeeded = note("twice", "1") && note("twice", "2");
    if (succeeded || !host_failed_with("23505")) return HOST_FAIL("a duplicate was taken");
    const host_sql_error said = host_error()->as.sql;
    host_savepoint_close(attempt);
    host_forget_error();
    HOST_TRY(note("sqlstate", host_copy(said.sqlstate)));
    HOST_TRY(note("constraint", host_copy(said.constraint.text)));
    HOST_TRY(note("table", host_copy(said.table.text)));
    return note("schema", host_copy(said.schema.text));
}

bool savepoints(void) {
    host_savepoint outer, inner;
    HOST_TRY(note("outer", "1"));
    HOST_TRY(host_savepoint_begin(&outer));
    HOST_TRY(note("inner", "1"));
    HOST_TRY(host_savepoint_begin(&inner));
    HOST_TRY(note("innermost", "1"));
    host_savepoint_close(inner);
    HOST_TRY(host_savepoint_release(outer));
    host_savepoint_close(outer);
    return true;
}

bool bad_params(void) {
    host_statement one;
    HOST_TRY(host_prepare("SELECT $1::int", &one));
    return note_kind(host_statement_execute(one, NULL, NULL));
}

bool denied(void) { return note_kind(host_execute("COMMIT", NULL)); }

bool conversion(void) {
    host_result result;
    return note_kind(host_query("SELECT '{[1,2)}'::int4multirange", NULL, &result));
}

bool misuse(void) {
    host_savepoint point;
    HOST_TRY(host_savepoint_begin(&point));
    HOST_TRY(host_savepoint_release(point));
    return note_kind(host_savepoint_release(point));
}

static bool insert_nowhere(void) {
    HOST_TRY(host_execute("INSERT INTO nowhere VALUES (1)", NULL));
    return true;
}

bool sql_error(void) {
    HOST_TRY(insert_nowhere());
    return true;
}
