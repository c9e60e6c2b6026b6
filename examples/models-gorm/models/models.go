// Package models has the models of a small workshop.
package models

import "time"

// All are the models, in the order in which their tables can be made.
var All = []any{&Customer{}, &Repair{}}

// Customer brings things that are broken.
type Customer struct {
	ID      int64     `gorm:"primaryKey"`
	Name    string    `gorm:"not null"`
	Phone   *string   `gorm:"uniqueIndex"`
	Created time.Time `gorm:"not null;default:now()"`
	Repairs []Repair
}

// Repair is one thing to be mended.
type Repair struct {
	ID         int64  `gorm:"primaryKey"`
	CustomerID int64  `gorm:"not null;index"`
	Thing      string `gorm:"not null;comment:what is broken"`
	Price      string `gorm:"type:numeric(8,2);not null;check:price >= 0"`
	Discount   string `gorm:"not null;default:'5%'"`
}
