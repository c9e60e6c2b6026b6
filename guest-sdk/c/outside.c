// Outside of host.
//
// Compiled for the machine itself, so that what a migration computes can be tested. What would ask the host fails, and says so.

#ifndef __wasm__
#include "contract.h"

#include <stdio.h>

static const char no_host[] = "there is no host here: a migration's SQL runs only in `host upgrade` and `host downgrade`";

static host_error_info missing(void) {
    return (host_error_info){.kind = HOST_ERROR_MISUSE, .as.why = {no_host, sizeof no_host - 1}};
}

static void refuse(answer *into) { *into = (answer){.failed = true, .as.error = missing()}; }
static void refuse_counted(counted *into) { *into = (counted){.failed = true, .as.error = missing()}; }

void contract_execute(const char *sql, size_t length, const host_value *params, size_t count, counted *into) {
    (void)sql, (void)length, (void)params, (void)count;
    refuse_counted(into);
}
void contract_execute_script(const char *sql, size_t length, answer *into) {
    (void)sql, (void)length;
    refuse(into);
}
void contract_query(const char *sql, size_t length, const host_value *params, size_t count, answer *into) {
    (void)sql, (void)length, (void)params, (void)count;
    refuse(into);
}
void contract_prepare(const char *sql, size_t length, answer *into) {
    (void)sql, (void)length;
    refuse(into);
}
void contract_statement_execute(uint32_t handle, const host_value *params, size_t count, counted *into) {
    (void)handle, (void)params, (void)count;
    refuse_counted(into);
}
void contract_statement_execute_many(uint32_t handle, const host_params *rows, size_t count, counted *into) {
    (void)handle, (void)rows, (void)count;
    refuse_counted(into);
}
void contract_statement_query(uint32_t handle, const host_value *params, size_t count, answer *into) {
    (void)handle, (void)params, (void)count;
    refuse(into);
}
void contract_statement_drop(uint32_t handle) { (void)handle; }
void contract_begin_savepoint(answer *into) { refuse(into); }
void contract_savepoint_release(uint32_t handle, answer *into) {
    (void)handle;
    refuse(into);
}
void contract_savepoint_rollback(uint32_t handle, answer *into) {
    (void)handle;
    refuse(into);
}
void contract_savepoint_drop(uint32_t handle) { (void)handle; }
void contract_open_cursor(const char *sql, size_t length, const host_value *params, size_t count, answer *into) {
    (void)sql, (void)length, (void)params, (void)count;
    refuse(into);
}
void contract_cursor_columns(uint32_t handle, void *into) {
    (void)handle;
    *(host_bytes *)into = (host_bytes){0};
}
void contract_cursor_fetch_rows(uint32_t handle, uint32_t rows, rows_answer *into) {
    (void)handle, (void)rows;
    *into = (rows_answer){.failed = true, .as.error = missing()};
}
void contract_cursor_fetch_tuples(uint32_t handle, uint32_t rows, uint32_t bytes, tuples_answer *into) {
    (void)handle, (void)rows, (void)bytes;
    *into = (tuples_answer){.failed = true, .as.error = missing()};
}
void contract_cursor_drop(uint32_t handle) { (void)handle; }
void contract_copy_in(uint32_t has_schema, const char *schema, size_t schema_length, const char *table, size_t length,
                      const host_bytes *columns, size_t count, answer *into) {
    (void)has_schema, (void)schema, (void)schema_length, (void)table, (void)length, (void)columns, (void)count;
    refuse(into);
}
void contract_copy_in_write_tuples(uint32_t handle, uint32_t rows, const char *data, size_t length, answer *into) {
    (void)handle, (void)rows, (void)data, (void)length;
    refuse(into);
}
void contract_copy_in_finish(uint32_t handle, counted *into) {
    (void)handle;
    refuse_counted(into);
}
void contract_copy_in_drop(uint32_t handle) { (void)handle; }
void contract_run_transform(const contract_transform *call, counted *into) {
    (void)call;
    refuse_counted(into);
}
void contract_log(uint32_t level, const char *message, size_t length) {
    (void)level;
    fprintf(stderr, "%.*s\n", (int)length, message);
}
void contract_progress(const char *label, size_t length, uint64_t done, uint32_t has_total, uint64_t total) {
    (void)label, (void)length, (void)done, (void)has_total, (void)total;
}
void contract_report_panic(const char *message, size_t length, uint32_t has_places, const char *places, size_t places_length) {
    (void)message, (void)length, (void)has_places, (void)places, (void)places_length;
}
void contract_run(host_run_info *into) { *into = (host_run_info){.revision = {"", 0}}; }

void host_finish_lines(void) {}
#else
// There the host has them.
typedef int host_is_here;
#endif
