// A mistake in line 12.
#include "host.h"

#include <string.h>

static const char *table(void);

static bool has_table(void) { return strlen(table()) > 0; }

// Here it is.
bool upgrade(void) {
    return has_table() && ;
}

bool downgrade(void) { return true; }

static const char *table(void) { return "tables"; }
