// Big tables that host rewrites batch by batch: it reads the rows, gives them to a function of the migration, and writes what comes
// back. Part of host.h.
//
//     static bool digits(host_batch *rows, host_row_writer *out) {
//         while (host_batch_row(rows)) {
//             int64_t id;
//             host_bytes phone;
//             HOST_TRY(host_field_int8(rows, &id));
//             HOST_TRY(host_field_text(rows, &phone));
//             host_row_begin(out);
//             host_row_int8(out, id);
//             host_row_bytes(out, phone.data, digits_of(&phone));
//         }
//         return true;
//     }
//
//     HOST_TRANSFORMS({"digits", digits});
//
//     bool upgrade(void) {
//         const host_plan plan = {
//             .source = "SELECT id, phone FROM guests WHERE phone IS NOT NULL",
//             .key = HOST_COLUMNS("id"),
//             .into = "guests",
//             .columns = HOST_COLUMNS("id", "phone"),
//         };
//         return host_run_transform("digits", &plan, NULL);
//     }
#ifndef HOST_TRANSFORM_H
#define HOST_TRANSFORM_H

#include "host_bulk.h"

#ifdef __cplusplus
extern "C" {
#endif

// What becomes of the rows of a big table.
typedef struct {
    const char *name;
    // Turns one batch of rows into another. Rows for which it writes nothing stay as they are. It answers false after host_fail or a
    // call that failed; then host looks for the row that it is about, and tells its key. Each batch gets an instance of its own, which
    // keeps nothing for the next one and can run no statements. The bytes of fields lie in the batch, and nothing is copied.
    bool (*apply)(host_batch *rows, host_row_writer *out);
} host_transform;

// Makes functions transforms of this migration. Once, outside of functions: HOST_TRANSFORMS({"digits", digits}, {"names", names});
#define HOST_TRANSFORMS(...) const host_transform host_transforms[] = {__VA_ARGS__, {NULL, NULL}}
extern const host_transform host_transforms[] __attribute__((weak));

typedef enum {
    HOST_UPDATE, // rows with the same key are updated
    HOST_INSERT, // rows are inserted
    HOST_UPSERT, // rows are inserted, or updated where the key exists
} host_mode;

// How to rewrite a big table. What is left out is 0.
typedef struct {
    const char *source;        // the query that gives the rows
    const host_names *key;     // columns of it: those of a unique index of the table that they come from, in its order
    const char *schema;        // without it the search path decides
    const char *into;          // the table where the result goes
    const host_names *columns; // the columns of the rows that come back; those of the key are among them
    host_mode mode;            // without it HOST_UPDATE
    uint32_t batch_rows;       // rows in a batch, at most; without it 10,000
    uint32_t batch_bytes;      // bytes in a batch, at most; without it 8 MiB
    uint32_t parallelism;      // how many batches are worked on at a time; without it 1
    bool commit_per_batch;     // commits each batch by itself; the migration says transaction = "none"
} host_plan;

// Rewrites all rows by the transform of a name. `written`, which may be NULL, is the number of rows written.
bool host_run_transform(const char *name, const host_plan *plan, uint64_t *written);

#ifdef __cplusplus
}
#endif

#endif
