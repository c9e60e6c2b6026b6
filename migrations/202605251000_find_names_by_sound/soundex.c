#include "soundex.h"

// The digit of each letter; 0 for a vowel, which divides equal digits, 7 for H and W, which do not.
static const char digits[] = "01230127022455012623017202";

static int upper(char letter) {
    if (letter >= 'a' && letter <= 'z') return letter - 'a' + 'A';
    return letter >= 'A' && letter <= 'Z' ? letter : 0;
}

_Bool soundex(const char *name, char code[SOUNDEX_SIZE]) {
    int length = 0;
    char last = 0;
    for (; *name && length < SOUNDEX_SIZE - 1; name++) {
        int letter = upper(*name);
        if (!letter) continue;
        char digit = digits[letter - 'A'];
        if (length == 0) {
            code[length++] = (char)letter;
        } else if (digit != '0' && digit != '7' && digit != last) {
            code[length++] = digit;
        }
        if (digit != '7') last = digit;
    }
    if (length == 0) return 0;
    while (length < SOUNDEX_SIZE - 1) code[length++] = '0';
    code[length] = 0;
    return 1;
}
