package main

import (
	"strings"
	"testing"
)

func TestPricesAreRead(t *testing.T) {
	dishes, err := parse("Soup;4,50 €\n\"Fish; fried\"; 14,80€\n")
	if err != nil || len(dishes) != 2 || dishes[0] != (dish{"Soup", 450}) || dishes[1] != (dish{"Fish; fried", 1480}) {
		t.Errorf("%v %v", dishes, err)
	}
	if got := price(1405); got != "14.05" {
		t.Errorf("%s", got)
	}
}

func TestWhatIsNoPriceIsNamedWithItsLine(t *testing.T) {
	for _, text := range []string{"Soup;4\n", "Soup;free\n"} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), "line 1 of dishes.csv") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheSpreadsheetItselfIsRead(t *testing.T) {
	if dishes, err := parse(spreadsheet); err != nil || len(dishes) != 3 {
		t.Errorf("%v %v", dishes, err)
	}
}
