// The functions of the contract as core WebAssembly has them (component model, "Canonical ABI"). For the SDK itself only.
#ifndef HOST_CONTRACT_H
#define HOST_CONTRACT_H

#include "host.h"

#ifdef __wasm__
#define IMPORT(interface, name) __attribute__((import_module("host:migration/" interface "@0.1.0"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

_Static_assert(sizeof(host_scalar) == 24, "a scalar is laid out as in the contract");
_Static_assert(sizeof(host_value) == 96, "a value is laid out as in the contract");
_Static_assert(sizeof(host_column) == 28, "a column is laid out as in the contract");
_Static_assert(sizeof(host_error_info) == 132, "an error is laid out as in the contract");
_Static_assert(sizeof(host_run_info) == 48, "the facts of a run are laid out as in the contract");
#else
#define IMPORT(interface, name)
#define EXPORT(name)
#endif

// What the functions answer: a flag for failure, then what was wanted or why not.
typedef struct {
    bool failed;
    union {
        host_error_info error;
        host_result result;
        uint32_t handle;
    } as;
} answer;

// The same where a number of 64 bits is wanted, which lies further behind.
typedef struct {
    bool failed;
    union {
        host_error_info error;
        uint64_t touched;
    } as;
} counted;

// Rows, some at a time.
typedef struct {
    bool failed;
    union {
        host_error_info error;
        struct {
            const void *items;
            size_t count;
        } rows;
    } as;
} rows_answer;

// The same in binary form.
typedef struct {
    bool failed;
    union {
        host_error_info error;
        struct {
            uint32_t rows;
            host_bytes data;
        } tuples;
    } as;
} tuples_answer;

// Why a migration gave up.
typedef struct {
    uint8_t kind;
    union {
        host_error_info error;
        host_bytes message;
    } as;
} failure;

// The answer of a direction.
typedef struct {
    bool failed;
    failure failure;
} outcome;

// The answer of a transform.
typedef struct {
    bool failed;
    union {
        failure failure;
        struct {
            uint32_t rows;
            host_bytes data;
        } tuples;
    } as;
} applied;

// A list of names.
typedef struct {
    const host_bytes *items;
    size_t count;
} contract_names;

// The arguments of run-transform: too many for a call, so they lie in memory.
typedef struct {
    host_bytes pipeline, source;
    contract_names key;
    bool has_schema;
    host_bytes schema, table;
    contract_names columns;
    uint8_t mode;
    uint32_t batch_rows, batch_bytes, parallelism;
    bool commit_per_batch;
} contract_transform;

#ifdef __wasm__
_Static_assert(sizeof(outcome) == 140 && sizeof(applied) == 140, "an answer is laid out as in the contract");
_Static_assert(sizeof(contract_transform) == 72, "a plan is laid out as in the contract");
#endif

enum { FAILURE_SQL, FAILURE_IRREVERSIBLE, FAILURE_MESSAGE };

IMPORT("sql", "execute")
void contract_execute(const char *, size_t, const host_value *, size_t, counted *);
IMPORT("sql", "execute-script")
void contract_execute_script(const char *, size_t, answer *);
IMPORT("sql", "query")
void contract_query(const char *, size_t, const host_value *, size_t, answer *);
IMPORT("sql", "prepare")
void contract_prepare(const char *, size_t, answer *);
IMPORT("sql", "[method]statement.execute")
void contract_statement_execute(uint32_t, const host_value *, size_t, counted *);
IMPORT("sql", "[method]statement.execute-many")
void contract_statement_execute_many(uint32_t, const host_params *, size_t, counted *);
IMPORT("sql", "[method]statement.query")
void contract_statement_query(uint32_t, const host_value *, size_t, answer *);
IMPORT("sql", "[resource-drop]statement")
void contract_statement_drop(uint32_t);
IMPORT("sql", "begin-savepoint")
void contract_begin_savepoint(answer *);
IMPORT("sql", "[method]savepoint.release")
void contract_savepoint_release(uint32_t, answer *);
IMPORT("sql", "[method]savepoint.rollback")
void contract_savepoint_rollback(uint32_t, answer *);
IMPORT("sql", "[resource-drop]savepoint")
void contract_savepoint_drop(uint32_t);
IMPORT("bulk", "open-cursor")
void contract_open_cursor(const char *, size_t, const host_value *, size_t, answer *);
// The answer is a list of host_column.
IMPORT("bulk", "[method]cursor.columns")
void contract_cursor_columns(uint32_t, void *);
IMPORT("bulk", "[method]cursor.fetch-rows")
void contract_cursor_fetch_rows(uint32_t, uint32_t, rows_answer *);
IMPORT("bulk", "[method]cursor.fetch-tuples")
void contract_cursor_fetch_tuples(uint32_t, uint32_t, uint32_t, tuples_answer *);
IMPORT("bulk", "[resource-drop]cursor")
void contract_cursor_drop(uint32_t);
IMPORT("bulk", "copy-in")
void contract_copy_in(uint32_t, const char *, size_t, const char *, size_t, const host_bytes *, size_t, answer *);
IMPORT("bulk", "[method]copy-in-writer.write-tuples")
void contract_copy_in_write_tuples(uint32_t, uint32_t, const char *, size_t, answer *);
IMPORT("bulk", "[method]copy-in-writer.finish")
void contract_copy_in_finish(uint32_t, counted *);
IMPORT("bulk", "[resource-drop]copy-in-writer")
void contract_copy_in_drop(uint32_t);
IMPORT("transforms", "run-transform")
void contract_run_transform(const contract_transform *, counted *);
IMPORT("env", "log")
void contract_log(uint32_t, const char *, size_t);
IMPORT("env", "progress")
void contract_progress(const char *, size_t, uint64_t, uint32_t, uint64_t);
IMPORT("env", "report-panic")
void contract_report_panic(const char *, size_t, uint32_t, const char *, size_t);
IMPORT("env", "run")
void contract_run(host_run_info *);

// Memory for as long as the migration runs, or the end of it.
void *host_allocate(size_t size);

// Notes that a call failed. Answers false.
bool host_note_error(const host_error_info *error);

// Notes that a call failed for a reason of the SDK's own. Answers false.
bool host_refuse(host_error_kind kind, const char *why);

// Says why a migration gives up, after what it has noted. `name` is the function that answered false.
void host_tell_failure(failure *into, const char *name);

// Writes out what was printed and has not reached the log.
void host_finish_output(void);

// Writes lines of standard output and standard error to the log that have no end.
void host_finish_lines(void);

#endif
