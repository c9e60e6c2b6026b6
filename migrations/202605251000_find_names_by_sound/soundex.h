// American Soundex, as the National Archives describe it.
#ifndef SOUNDEX_H
#define SOUNDEX_H

// A letter and three digits, and a zero.
enum { SOUNDEX_SIZE = 5 };

// The code of a name. Only ASCII letters count; false where there is none.
_Bool soundex(const char *name, char code[SOUNDEX_SIZE]);

#endif
