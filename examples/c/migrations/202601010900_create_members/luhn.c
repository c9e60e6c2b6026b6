#include "luhn.h"

#include <string.h>

int64_t with_check_digit(const char *digits) {
    size_t length = strlen(digits);
    if (length == 0 || length > 17 || strspn(digits, "0123456789") != length) return -1;
    int64_t number = 0;
    int sum = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = digits[i] - '0';
        number = number * 10 + digit;
        // Every second digit counts twice, beginning with the last one.
        if ((length - i) % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return number * 10 + (10 - sum % 10) % 10;
}
