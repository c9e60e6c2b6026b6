// How a migration in C talks to the host: see host.h.
//
// The types of host.h are laid out as the component model's canonical ABI lays out those of the contract, so nothing is copied on
// the way. What libc would ask WASI for is in libc.c.
#include "contract.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *host_allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) abort();
    return memory;
}

// Where the host puts what it answers.
EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size) {
    (void)old_size;
    if (size == 0) return (void *)alignment;
    void *memory = realloc(old, size);
    if (!memory) abort();
    return memory;
}

// ---- Errors and failures ----

// How many places of a failure are kept, innermost first.
enum { PLACES_MAX = 16 };

static host_error_info last_error;
static bool has_error;
static bool is_irreversible;
static const char *failure_message;
static const char *places[PLACES_MAX];
static size_t place_count;

const host_error_info *host_error(void) { return &last_error; }

void host_forget_error(void) {
    has_error = false;
    place_count = 0;
}

bool host_note_error(const host_error_info *error) {
    last_error = *error;
    has_error = true;
    place_count = 0;
    return false;
}

bool host_refuse(host_error_kind kind, const char *why) {
    host_error_info error = {.kind = kind, .as.why = {why, strlen(why)}};
    return host_note_error(&error);
}

bool host_equals(host_bytes text, const char *other) {
    return strlen(other) == text.length && memcmp(text.data, other, text.length) == 0;
}

bool host_failed_with(const char *sqlstate) {
    return has_error && last_error.kind == HOST_ERROR_SQL && host_equals(last_error.as.sql.sqlstate, sqlstate);
}

void host_note_place(const char *file, int line, const char *function) {
    if (place_count < PLACES_MAX) places[place_count++] = host_format("  at %s (%s:%d)", function, file, line);
}

bool host_fail(const char *file, int line, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    failure_message = host_format("%s:%d: %s", file, line, text);
    return false;
}

bool host_irreversible(void) {
    is_irreversible = true;
    return false;
}

// The places that were noted on the way out, a line for each.
static const char *told_places(void) {
    const char *text = "";
    for (size_t i = 0; i < place_count; i++) text = host_format("%s%s%s", text, i ? "\n" : "", places[i]);
    return text;
}

// What the server said, and these places.
static const char *told_error(void) {
    const host_sql_error *said = &last_error.as.sql;
    const char *text = host_format("%.*s (SQLSTATE %.*s)", (int)said->message.length, said->message.data,
                                   (int)said->sqlstate.length, said->sqlstate.data);
    if (said->detail.exists) text = host_format("%s: %.*s", text, (int)said->detail.text.length, said->detail.text.data);
    return host_format("%s\n%s", text, told_places());
}

static void say(failure *into, const char *message) {
    into->kind = FAILURE_MESSAGE;
    into->as.message = (host_bytes){message, strlen(message)};
}

// Libc's function that writes out what printf still holds, if the migration uses any of that.
void __stdio_exit(void) __attribute__((weak));

void host_finish_output(void) {
    if (__stdio_exit) __stdio_exit();
    host_finish_lines();
}

void host_tell_failure(failure *into, const char *name) {
    if (failure_message) {
        say(into, failure_message);
    } else if (is_irreversible) {
        into->kind = FAILURE_IRREVERSIBLE;
    } else if (has_error && last_error.kind == HOST_ERROR_SQL && place_count > 0) {
        say(into, told_error());
    } else if (has_error) {
        // What host itself refused is told as it is, and the places before it.
        const char *where = told_places();
        if (place_count > 0) contract_report_panic("", 0, 1, where, strlen(where));
        into->kind = FAILURE_SQL;
        into->as.error = last_error;
    } else {
        say(into, host_format("%s answered false, without a call that failed and without HOST_FAIL", name));
    }
}

static outcome *run(bool (*direction)(void), const char *name) {
    static outcome out;
    out.failed = !direction();
    host_finish_output();
    if (out.failed) host_tell_failure(&out.failure, name);
    return &out;
}

EXPORT("host:migration/migration@0.1.0#upgrade")
void *export_upgrade(void) { return run(upgrade, "upgrade"); }

EXPORT("host:migration/migration@0.1.0#downgrade")
void *export_downgrade(void) { return run(downgrade, "downgrade"); }

// ---- Statements ----

static const host_params no_params;

static const host_params *given(const host_params *params) { return params ? params : &no_params; }

static bool touched_by(const counted *answer, uint64_t *touched) {
    if (answer->failed) return host_note_error(&answer->as.error);
    if (touched) *touched = answer->as.touched;
    return true;
}

static bool rows_of(const answer *answer, host_result *result) {
    if (answer->failed) return host_note_error(&answer->as.error);
    *result = answer->as.result;
    return true;
}

bool host_execute_counted(const char *sql, const host_params *params, uint64_t *touched) {
    counted answer;
    contract_execute(sql, strlen(sql), given(params)->items, given(params)->count, &answer);
    return touched_by(&answer, touched);
}

bool host_execute(const char *sql, const host_params *params) { return host_execute_counted(sql, params, NULL); }

bool host_execute_script(const char *sql) {
    answer answer;
    contract_execute_script(sql, strlen(sql), &answer);
    return !answer.failed || host_note_error(&answer.as.error);
}

bool host_query(const char *sql, const host_params *params, host_result *result) {
    answer answer;
    contract_query(sql, strlen(sql), given(params)->items, given(params)->count, &answer);
    return rows_of(&answer, result);
}

static bool has_rows(const char *sql, host_result *result, const char *wanted, size_t least) {
    size_t count = result->rows.count;
    if (count <= 1 && count >= least) return true;
    host_result_free(result);
    return host_refuse(HOST_ERROR_CONVERSION, host_format("%s was wanted, \"%s\" gave %zu", wanted, sql, count));
}

bool host_query_one(const char *sql, const host_params *params, host_result *result) {
    return host_query(sql, params, result) && has_rows(sql, result, "one row", 1);
}

bool host_query_optional(const char *sql, const host_params *params, host_result *result) {
    return host_query(sql, params, result) && has_rows(sql, result, "at most one row", 0);
}

bool host_prepare(const char *sql, host_statement *statement) {
    answer answer;
    contract_prepare(sql, strlen(sql), &answer);
    if (answer.failed) return host_note_error(&answer.as.error);
    *statement = answer.as.handle;
    return true;
}

bool host_statement_execute(host_statement statement, const host_params *params, uint64_t *touched) {
    counted answer;
    contract_statement_execute(statement, given(params)->items, given(params)->count, &answer);
    return touched_by(&answer, touched);
}

bool host_statement_execute_many(host_statement statement, const host_params *rows, size_t count, uint64_t *touched) {
    counted answer;
    contract_statement_execute_many(statement, rows, count, &answer);
    return touched_by(&answer, touched);
}

bool host_statement_query(host_statement statement, const host_params *params, host_result *result) {
    answer answer;
    contract_statement_query(statement, given(params)->items, given(params)->count, &answer);
    return rows_of(&answer, result);
}

void host_statement_close(host_statement statement) { contract_statement_drop(statement); }

bool host_savepoint_begin(host_savepoint *savepoint) {
    answer answer;
    contract_begin_savepoint(&answer);
    if (answer.failed) return host_note_error(&answer.as.error);
    *savepoint = answer.as.handle;
    return true;
}

bool host_savepoint_rollback(host_savepoint savepoint) {
    answer answer;
    contract_savepoint_rollback(savepoint, &answer);
    return !answer.failed || host_note_error(&answer.as.error);
}

bool host_savepoint_release(host_savepoint savepoint) {
    answer answer;
    contract_savepoint_release(savepoint, &answer);
    return !answer.failed || host_note_error(&answer.as.error);
}

void host_savepoint_close(host_savepoint savepoint) { contract_savepoint_drop(savepoint); }

// ---- What surrounds a run ----

void host_log(host_level level, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    contract_log(level, text, strlen(text));
}

void host_progress(const char *label, uint64_t done, uint64_t total) {
    contract_progress(label, strlen(label), done, total != 0, total);
}

const host_run_info *host_run(void) {
    static host_run_info info;
    if (!info.revision.data) contract_run(&info);
    return &info;
}

const char *host_arg(const char *key) {
    const host_run_info *info = host_run();
    for (size_t i = info->args.count; i > 0; i--) {
        if (host_equals(info->args.items[i - 1].key, key)) return host_copy(info->args.items[i - 1].value);
    }
    return NULL;
}

const char *host_copy(host_bytes text) {
    char *copy = host_allocate(text.length + 1);
    memcpy(copy, text.data, text.length);
    copy[text.length] = 0;
    return copy;
}

const char *host_format(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) abort();
    char *text = host_allocate((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
