// Prints what the models are as SQL: go run ./cmd/schema
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"example.com/workshop/models"
)

// printer takes statements in the place of a database.
type printer struct{}

var errNoDatabase = errors.New("there is no database here")

func (printer) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, errNoDatabase }

func (printer) ExecContext(_ context.Context, statement string, args ...any) (sql.Result, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("a statement with parameters: %s", statement)
	}
	fmt.Println(strings.TrimSuffix(statement, ";") + ";")
	return result{}, nil
}

func (printer) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errNoDatabase
}

func (printer) QueryRowContext(context.Context, string, ...any) *sql.Row { return nil }

type result struct{}

func (result) LastInsertId() (int64, error) { return 0, nil }
func (result) RowsAffected() (int64, error) { return 0, nil }

func main() {
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: printer{}}), &gorm.Config{
		DisableAutomaticPing:   true,
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard,
	})
	if err == nil {
		err = db.Migrator().CreateTable(models.All...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
