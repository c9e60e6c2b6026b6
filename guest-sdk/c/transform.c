// Big tables that host rewrites: see host_transform.h.
#include "contract.h"

#include <stdlib.h>
#include <string.h>

static const host_transform *find(const char *name, size_t length) {
    if (!host_transforms) return NULL;
    for (const host_transform *one = host_transforms; one->name; one++) {
        if (strlen(one->name) == length && memcmp(one->name, name, length) == 0) return one;
    }
    return NULL;
}

static host_bytes bytes_of(const char *text) { return (host_bytes){text, text ? strlen(text) : 0}; }

static contract_names names_of(const host_names *names) {
    if (!names) return (contract_names){NULL, 0};
    host_bytes *items = host_allocate(names->count * sizeof *items);
    for (size_t i = 0; i < names->count; i++) items[i] = bytes_of(names->items[i]);
    return (contract_names){items, names->count};
}

static uint32_t given_or(uint32_t given, uint32_t otherwise) { return given ? given : otherwise; }

bool host_run_transform(const char *name, const host_plan *plan, uint64_t *written) {
    // What host would say of these is about the contract.
    if (!plan->source || !plan->into) return host_refuse(HOST_ERROR_MISUSE, "a plan has a source and a table that its result goes into");
    if (!find(name, strlen(name))) {
        return host_refuse(HOST_ERROR_MISUSE, host_format("there is no transform '%s': name it in HOST_TRANSFORMS({\"%s\", …})", name, name));
    }
    const contract_transform call = {
        .pipeline = bytes_of(name),
        .source = bytes_of(plan->source),
        .key = names_of(plan->key),
        .has_schema = plan->schema != NULL,
        .schema = bytes_of(plan->schema),
        .table = bytes_of(plan->into),
        .columns = names_of(plan->columns),
        .mode = (uint8_t)plan->mode,
        .batch_rows = given_or(plan->batch_rows, 10000),
        .batch_bytes = given_or(plan->batch_bytes, 8 << 20),
        .parallelism = given_or(plan->parallelism, 1),
        .commit_per_batch = plan->commit_per_batch,
    };
    counted answer;
    contract_run_transform(&call, &answer);
    free((void *)call.key.items);
    free((void *)call.columns.items);
    if (answer.failed) return host_note_error(&answer.as.error);
    if (written) *written = answer.as.touched;
    return true;
}

// Host calls it on an instance of its own for each batch; in a component it is there where the migration calls host_run_transform.
EXPORT("host:migration/transform@0.1.0#apply")
applied *export_apply(const char *pipeline, size_t length, uint32_t rows, const char *data, size_t data_length) {
    static applied out;
    static host_row_writer writer;
    host_batch batch = {.rows = rows, .data = {data, data_length}};
    const host_transform *transform = find(pipeline, length);
    bool succeeded = transform ? transform->apply(&batch, &writer)
                               : HOST_FAIL("there is no transform '%.*s' in HOST_TRANSFORMS", (int)length, pipeline);
    host_finish_output();
    out.failed = !succeeded;
    if (succeeded) {
        out.as.tuples.rows = writer.rows;
        out.as.tuples.data = (host_bytes){writer.data, writer.length};
    } else {
        host_tell_failure(&out.as.failure, transform ? transform->name : "apply");
    }
    return &out;
}
