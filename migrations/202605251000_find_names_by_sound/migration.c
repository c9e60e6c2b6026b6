// Gives customers a key by the sound of their family name, so that staff find `Meyer` when somebody says `Maier`.
//
// The function comes from the program for the telephone, where it has run for years: both have to agree.
#include "host.h"
#include "soundex.h"

static const char CUSTOMERS[] = "SELECT id, translate(family_name, 'äöüßéèêëáàíóúñçÄÖÜÉ', 'aouseeeeaaiouncAOUE') "
                                "FROM customers WHERE family_name IS NOT NULL ORDER BY id";

bool upgrade(void) {
    // What people do to customers is tracked, and this is none of it.
    HOST_TRY(host_execute("ALTER TABLE customers ADD COLUMN family_sound text, DISABLE TRIGGER customers_changed", NULL));
    host_result customers;
    HOST_TRY(host_query(CUSTOMERS, NULL, &customers));
    host_statement update;
    HOST_TRY(host_prepare("UPDATE customers SET family_sound = $1 WHERE id = $2", &update));
    size_t done = 0;
    for (size_t row = 0; row < customers.rows.count; row++) {
        int64_t id;
        const char *name;
        char code[SOUNDEX_SIZE];
        HOST_TRY(host_get_int8(&customers, row, 0, &id));
        HOST_TRY(host_get_text(&customers, row, 1, &name));
        // Names in other scripts have no sound that this function knows.
        if (!soundex(name, code)) continue;
        HOST_TRY(host_statement_execute(update, HOST_PARAMS(host_text(code), host_int8(id)), NULL));
        done++;
    }
    host_statement_close(update);
    host_log(HOST_INFO, "%zu of %zu family names have a sound", done, customers.rows.count);
    host_result_free(&customers);
    HOST_TRY(host_execute("ALTER TABLE customers ENABLE TRIGGER customers_changed", NULL));
    return host_execute("CREATE INDEX customers_family_sound ON customers (family_sound)", NULL);
}

bool downgrade(void) { return host_execute("ALTER TABLE customers DROP COLUMN family_sound", NULL); }
