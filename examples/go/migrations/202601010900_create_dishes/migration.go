// Create the dishes of a menu, from a table that somebody kept in a spreadsheet.
package main

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"host.example/host"
)

func init() { host.Register(upgrade, downgrade) }

func main() {}

//go:embed dishes.csv
var spreadsheet string

type dish struct {
	name  string
	cents int64
}

func upgrade() error {
	dishes, err := parse(spreadsheet)
	if err != nil {
		return err
	}
	if _, err := host.Execute("CREATE TABLE dishes (name text PRIMARY KEY, price numeric(8, 2) NOT NULL)"); err != nil {
		return err
	}
	rows := make([][]any, len(dishes))
	for i, dish := range dishes {
		rows[i] = []any{dish.name, price(dish.cents)}
	}
	count, err := host.ExecuteMany("INSERT INTO dishes VALUES ($1, $2)", rows)
	slog.Info("took the menu over", "dishes", count)
	return err
}

func downgrade() error {
	_, err := host.Execute("DROP TABLE dishes")
	return err
}

// parse reads lines such as `Soup;4,50 €`.
func parse(text string) ([]dish, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma, reader.FieldsPerRecord = ';', 2
	records, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	var dishes []dish
	for i, record := range records {
		cents, err := parsePrice(record[1])
		if err != nil {
			return nil, fmt.Errorf("line %d of dishes.csv: %w", i+1, err)
		}
		dishes = append(dishes, dish{strings.TrimSpace(record[0]), cents})
	}
	return dishes, nil
}

func parsePrice(text string) (int64, error) {
	digits := strings.NewReplacer("€", "", " ", "", ",", "").Replace(text)
	cents, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !strings.Contains(text, ",") {
		return 0, errors.New(strconv.Quote(text) + " is not a price")
	}
	return cents, nil
}

func price(cents int64) host.Numeric {
	return host.Numeric(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}
