// What a database migration written in C includes.
//
// A migration defines the two directions. Each answers true, or false after host_fail or a call that failed:
//
//     #include "host.h"
//
//     bool upgrade(void) {
//         HOST_TRY(host_execute("CREATE TABLE tables (number integer PRIMARY KEY, place text)", NULL));
//         return HOST_RUN(NULL, "INSERT INTO tables VALUES ($1, $2)", host_int4(1), host_text("by the window"));
//     }
//
//     bool downgrade(void) { return host_execute("DROP TABLE tables", NULL); }
//
// The host owns the one connection and the one transaction: what is done here is committed together with the version when the
// function answers true, and rolled back otherwise. There are no files, no network and no clock.
//
// Memory: what this library allocates is never given back before the migration ends, but for results (host_result_free). Texts of
// results live as long as the result, values that are made of pointers as long as what they point to.
#ifndef HOST_H
#define HOST_H

#include "host_values.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- What a migration defines ----

// Brings the database from the revision before to this one.
bool upgrade(void);

// Brings it back. Where that cannot be done, it returns host_irreversible().
bool downgrade(void);

// ---- Statements ----

// One column of a result.
typedef struct {
    host_bytes name;
    host_oid type;
    host_bytes type_name; // such as int4, text[] or order_status
    host_oid table;       // the table that it comes from, or 0
    int16_t number;       // its number in that table, or 0
} host_column;

// All of a result.
typedef struct {
    struct {
        host_column *items;
        size_t count;
    } columns;
    struct {
        struct {
            host_value *items;
            size_t count;
        } *items;
        size_t count;
    } rows;
} host_result;

// Parameters. HOST_PARAMS(host_int4(1), host_text("x")) makes some; NULL is none.
typedef struct {
    const host_value *items;
    size_t count;
} host_params;

#define HOST_PARAMS(...)                                                                                     \
    (&(const host_params){(const host_value[]){__VA_ARGS__}, sizeof((const host_value[]){__VA_ARGS__}) / sizeof(host_value)})

// All of these answer false when they fail; host_error() says why. Parameters are $1, $2, …

// Runs one statement without a result.
bool host_execute(const char *sql, const host_params *params);

// Runs one statement, and puts the number of rows that it touched into `touched`.
bool host_execute_counted(const char *sql, const host_params *params, uint64_t *touched);

// Runs one statement with the parameters that follow. `touched` may be NULL.
#define HOST_RUN(touched, sql, ...) host_execute_counted(sql, HOST_PARAMS(__VA_ARGS__), touched)

// Runs many statements without parameters. It stops at the first one that fails.
bool host_execute_script(const char *sql);

// Runs one statement and gives its rows. Give them back with host_result_free.
bool host_query(const char *sql, const host_params *params, host_result *result);

// The same where there has to be one row.
bool host_query_one(const char *sql, const host_params *params, host_result *result);

// The same where there has to be one row or none.
bool host_query_optional(const char *sql, const host_params *params, host_result *result);

void host_result_free(host_result *result);

// A value of a result. `row` and `column` count from 0; past the end it is NULL of the database.
const host_value *host_at(const host_result *result, size_t row, size_t column);

// The column of a name, or fails.
bool host_column_named(const host_result *result, const char *name, size_t *column);

// Reads a value. Only what loses nothing is read: an int64_t from any integer. They fail with what is there otherwise.
bool host_get_boolean(const host_result *result, size_t row, size_t column, bool *value);
bool host_get_int8(const host_result *result, size_t row, size_t column, int64_t *value);
bool host_get_float8(const host_result *result, size_t row, size_t column, double *value);
// Texts, numerics and JSON, ended by a zero. It lives until the migration ends.
bool host_get_text(const host_result *result, size_t row, size_t column, const char **text);
bool host_is_null(const host_result *result, size_t row, size_t column);

// A prepared statement. 0 is none.
typedef uint32_t host_statement;

bool host_prepare(const char *sql, host_statement *statement);
bool host_statement_execute(host_statement statement, const host_params *params, uint64_t *touched);
// Runs it once for each row of parameters, in few round trips. `touched` may be NULL.
bool host_statement_execute_many(host_statement statement, const host_params *rows, size_t count, uint64_t *touched);
bool host_statement_query(host_statement statement, const host_params *params, host_result *result);
void host_statement_close(host_statement statement);

// ---- Big tables: host_bulk.h and host_transform.h ----

#include "host_bulk.h"
#include "host_transform.h"

// ---- Savepoints ----

// An open savepoint: what comes after it can be undone by itself. Each one needs one end: keep or undo.
typedef uint32_t host_savepoint;

bool host_savepoint_begin(host_savepoint *savepoint);
// Undoes what was done since. The savepoint stays open.
bool host_savepoint_rollback(host_savepoint savepoint);
// Keeps what was done since. The handle stays until host_savepoint_close.
bool host_savepoint_release(host_savepoint savepoint);
// Gives it back; what was not released is undone.
void host_savepoint_close(host_savepoint savepoint);

// ---- Errors and failures ----

typedef enum {
    HOST_ERROR_SQL,        // the server refused the statement; the transaction is lost, unless a savepoint is rolled back
    HOST_ERROR_BAD_PARAMS, // the parameters do not fit; nothing was sent
    HOST_ERROR_CONVERSION, // a value or a result is not of the kind that is needed
    HOST_ERROR_EXCEEDED,   // a limit of the host was exceeded
    HOST_ERROR_DENIED,     // the host does not allow this statement; nothing was sent
    HOST_ERROR_OFFLINE,    // the call needs rows, but there is no database: a script is being written
    HOST_ERROR_MISUSE,     // the call makes no sense here
} host_error_kind;

typedef enum {
    HOST_LIMIT_ROWS,
    HOST_LIMIT_BYTES,
    HOST_LIMIT_STATEMENT_TIME,
    HOST_LIMIT_TOTAL_TIME,
    HOST_LIMIT_OPEN_HANDLES,
} host_limit;

// Something that may be missing.
typedef struct {
    bool exists;
    host_bytes text;
} host_optional;

// What the server said (PostgreSQL manual, "Error and Notice Message Fields").
typedef struct {
    host_bytes sqlstate;
    host_bytes severity;
    host_bytes message;
    host_optional detail, hint, context;
    struct {
        bool exists;
        uint32_t at; // in characters, from 1
    } position;
    host_optional schema, table, column, datatype, constraint;
} host_sql_error;

// Why a call failed. `kind` is a host_error_kind, and says what of `as` counts.
typedef struct {
    uint8_t kind;
    union {
        host_sql_error sql;
        uint8_t limit; // a host_limit
        host_bytes why;
    } as;
} host_error_info;

// Why the last call failed. It stays until the next one that fails.
const host_error_info *host_error(void);

// Whether the last call failed with this SQLSTATE: host_failed_with("23505").
bool host_failed_with(const char *sqlstate);

// Whether a text is that of a C string.
bool host_equals(host_bytes text, const char *other);

// Forgets that a call failed, because the migration goes on: what it answers later counts again.
void host_forget_error(void);

// Ends the direction with words of one's own, as printf makes them, with file and line in front:
//     return HOST_FAIL("%d tables have no place", count);
// Answers false.
#define HOST_FAIL(...) host_fail(__FILE__, __LINE__, __VA_ARGS__)
bool host_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Ends the direction where there is no way back. Answers false.
bool host_irreversible(void);

// Returns false from the function when a call fails, and notes the place.
#define HOST_TRY(call)                                     \
    do {                                                   \
        if (!(call)) {                                     \
            host_note_place(__FILE__, __LINE__, __func__); \
            return false;                                  \
        }                                                  \
    } while (0)
void host_note_place(const char *file, int line, const char *function);

// ---- What surrounds a run ----

typedef enum { HOST_TRACE, HOST_DEBUG, HOST_INFO, HOST_WARN, HOST_ERROR } host_level;

// Writes a line to the host's log, as printf makes it.
void host_log(host_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Says how far a long piece of work is: done of total, or of nobody knows how many, where total is 0.
void host_progress(const char *label, uint64_t done, uint64_t total);

// The facts of this run. They stay the same for the whole run.
typedef struct {
    host_bytes revision;
    uint32_t server_version; // as in server_version_num, for example 150018
    struct {
        host_bytes *items;
        size_t count;
    } search_path;
    bool dry_run;       // whether a script is being written instead of a database changed
    int64_t now_micros; // when the run began: microseconds since 1970-01-01 UTC, by the database's clock
    uint64_t seed;      // for pseudo-random generators; it follows from the revision
    struct {
        struct {
            host_bytes key, value;
        } *items;
        size_t count;
    } args; // what the operator gave with -x KEY=VALUE, in that order
} host_run_info;

const host_run_info *host_run(void);

// The value of the last argument with a key, ended by a zero, or NULL.
const char *host_arg(const char *key);

// A copy of a text that ends with a zero. It lives until the migration ends.
const char *host_copy(host_bytes text);

// A text as printf makes it, ended by a zero. It lives until the migration ends.
const char *host_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
