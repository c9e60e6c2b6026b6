// The cases, each in a function of its own.
#ifndef CASES_H
#define CASES_H

#include "host.h"

bool note(const char *name, const char *value);

bool edges(void);
bool native(void);

bool rows(void);
bool prepared(void);
bool bulk(void);
bool transform(void);
bool transform_values(void);
bool transform_rejects(void);
bool script(void);
bool caught(void);
bool savepoints(void);
bool bad_params(void);
bool denied(void);
bool conversion(void);
bool misuse(void);
bool sql_error(void);

bool failure(void);
bool open_kitchen(void);
bool offline(void);
bool offline_query(void);
bool random_numbers(void);
bool wall_clock(void);
bool run_info(void);
bool log_lines(void);
bool endless(void);
bool memory(void);
bool recursion(void);
bool file(void);
bool going_up(void);

#endif
