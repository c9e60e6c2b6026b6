// The cases of the conformance suite in C: see tests/conformance/README.md.
#include "cases.h"

#include <string.h>

static const struct {
    const char *name;
    bool (*run)(void);
} cases[] = {
    {"edges", edges},           {"native", native},
    {"rows", rows},             {"prepared", prepared},
    {"bulk", bulk},             {"transform", transform},
    {"transform_values", transform_values},
    {"transform_rejects", transform_rejects},
    {"script", script},         {"caught", caught},
    {"savepoints", savepoints}, {"bad_params", bad_params},
    {"denied", denied},         {"conversion", conversion},
    {"misuse", misuse},         {"sql_error", sql_error},
    {"failure", failure},       {"panic", open_kitchen},
    {"offline", offline},       {"offline_query", offline_query},
    {"random", random_numbers}, {"clock", wall_clock},
    {"run_info", run_info},     {"log", log_lines},
    {"endless", endless},       {"memory", memory},
    {"recursion", recursion},   {"file", file},
    {"network", file},          {"process", file},
    {"irreversible", going_up},
};

static const char *name(void) {
    const char *name = host_arg("case");
    return name ? name : "";
}

bool upgrade(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, name()) != 0) continue;
        HOST_TRY(cases[i].run());
        return true;
    }
    return HOST_FAIL("unknown case %s", name());
}

bool downgrade(void) { return strcmp(name(), "irreversible") != 0 || host_irreversible(); }

bool note(const char *name, const char *value) {
    return HOST_RUN(NULL, "INSERT INTO notes VALUES ($1, $2)", host_text(name), host_text(value));
}
