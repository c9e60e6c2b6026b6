// Failures, the facts of a run, the log, and what a migration must not do.
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>

bool failure(void) { return HOST_FAIL("the kitchen is closed"); }

bool open_kitchen(void) { abort(); }

bool offline(void) { return note("offline", "it's"); }

bool offline_query(void) {
    host_result result;
    return host_query("SELECT 1", NULL, &result);
}

// C has no generator that is seeded: the seed of the run is what it begins with.
bool random_numbers(void) {
    srand((unsigned)host_run()->seed);
    int first = rand(), second = rand();
    return note("random", host_format("%d %d %d", first, second, rand()));
}

// Without WASI there is no clock but that of the run.
bool wall_clock(void) { return note("clock", host_run()->now_micros > 0 ? "same" : "none"); }

bool run_info(void) {
    const host_run_info *run = host_run();
    const char *path = "", *args = "";
    for (size_t i = 0; i < run->search_path.count; i++) {
        path = host_format("%s%s%s", path, i ? "," : "", host_copy(run->search_path.items[i]));
    }
    for (size_t i = 0; i < run->args.count; i++) {
        args = host_format("%s%s%s=%s", args, i ? "," : "", host_copy(run->args.items[i].key), host_copy(run->args.items[i].value));
    }
    const int64_t new_year_2026 = 1767225600000000;
    HOST_TRY(note("revision", host_copy(run->revision)));
    HOST_TRY(note("dry_run", run->dry_run ? "true" : "false"));
    HOST_TRY(note("server", host_format("%u", (unsigned)(run->server_version / 10000))));
    HOST_TRY(note("path", path));
    HOST_TRY(note("args", args));
    HOST_TRY(note("seed", host_format("%llu", (unsigned long long)run->seed)));
    return note("now_is_recent", run->now_micros > new_year_2026 ? "true" : "false");
}

bool log_lines(void) {
    host_log(HOST_DEBUG, "one");
    host_log(HOST_INFO, "two");
    host_log(HOST_WARN, "three");
    host_log(HOST_ERROR, "four");
    printf("printed\n");
    host_progress("tables", 3, 10);
    return true;
}

bool endless(void) {
    for (volatile int turns = 0;; turns = turns + 1) {
    }
}

bool memory(void) {
    for (;;) {
        volatile char *taken = malloc(1 << 20);
        if (!taken) return HOST_FAIL("there is no more memory");
        *taken = 1;
    }
}

static int descend(volatile int *depth) {
    volatile int here = *depth + 1;
    return here == 0 ? 0 : descend(&here) + here;
}

bool recursion(void) {
    volatile int depth = 0;
    return descend(&depth) > 0;
}

bool file(void) { return HOST_FAIL("migrations have no files"); }

bool going_up(void) { return note("up", "1"); }
