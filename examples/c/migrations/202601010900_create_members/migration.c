// Create the members of a club, whose card numbers end with a check digit.
#include "host.h"
#include "luhn.h"

static const struct {
    const char *name;
    const char *card;
} members[] = {{"Ada", "4992739871"}, {"Ben", "1234567812"}, {"Cem", "5105105105"}};

bool upgrade(void) {
    HOST_TRY(host_execute("CREATE TABLE members (card bigint PRIMARY KEY, name text NOT NULL)", NULL));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        int64_t card = with_check_digit(members[i].card);
        if (card < 0) return HOST_FAIL("%s has the card %s, which is not a number", members[i].name, members[i].card);
        HOST_TRY(HOST_RUN(NULL, "INSERT INTO members VALUES ($1, $2)", host_int8(card), host_text(members[i].name)));
    }
    host_log(HOST_INFO, "%zu members have a card", sizeof members / sizeof *members);
    return true;
}

bool downgrade(void) { return host_execute("DROP TABLE members", NULL); }
