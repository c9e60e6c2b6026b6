package main

import (
	"regexp"
	"testing"
)

func TestACodeCanBeReadOut(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{3}$`)
	for id := int64(1); id < 1000; id++ {
		if code := code(id, 0); !form.MatchString(code) {
			t.Errorf("%d: %s", id, code)
		}
	}
}

func TestTwoReservationsHaveTwoCodes(t *testing.T) {
	taken := map[string]bool{}
	first, again := unused(1, taken), unused(1, taken)
	if first == again || len(taken) != 2 {
		t.Errorf("%s, %s", first, again)
	}
}
