// Runs on the machine itself; host leaves the folder tests out.
#include "../luhn.h"

#include <stdio.h>

int main(void) {
    static const struct {
        const char *digits;
        int64_t expected;
    } cases[] = {{"7992739871", 79927398713}, {"1234567812", 12345678127}, {"0", 0}, {"", -1}, {"12a", -1}};
    int failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t found = with_check_digit(cases[i].digits);
        if (found == cases[i].expected) continue;
        printf("%s: %lld instead of %lld\n", cases[i].digits, (long long)found, (long long)cases[i].expected);
        failures++;
    }
    return failures;
}
