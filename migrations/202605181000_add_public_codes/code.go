package main

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
)

// Crockford's alphabet: no I, L, O and U, which are taken for other characters on the telephone.
var alphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// code makes the code of a reservation: seven characters, with a dash so that they can be said in two breaths. Another try gives
// another code.
func code(id int64, try int) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("reservation %d, try %d", id, try)))
	text := alphabet.EncodeToString(sum[:5])
	return text[:4] + "-" + text[4:7]
}

// unused makes a code that no other reservation has, and takes it.
func unused(id int64, taken map[string]bool) string {
	for try := 0; ; try++ {
		if code := code(id, try); !taken[code] {
			taken[code] = true
			return code
		}
	}
}
