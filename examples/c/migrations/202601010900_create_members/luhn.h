// Card numbers with the check digit of ISO/IEC 7812-1.
#include <stdint.h>

// The number of a card with its check digit behind it, or -1 if it is no number of at most 17 digits.
int64_t with_check_digit(const char *digits);
