package host

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func TestRowsCrossInBinaryForm(t *testing.T) {
	var rows RowWriter
	id := UUID{1, 15: 2}
	name := "Grüße"
	if err := rows.Row(true, int16(-1), int32(math.MinInt32), int64(math.MaxInt64), float32(0.5), -0.25, name, []byte{0, 255}, &name); err != nil {
		t.Fatal(err)
	}
	if err := rows.Row(InfiniteDate, NewTime(23, 59, 59, 0), NegativeInfiniteTimestamp, InfiniteTimestamptz, id, nil, (*string)(nil), []byte(nil), ""); err != nil {
		t.Fatal(err)
	}
	batch := NewBatch(&rows)
	if batch.Len() != 2 || !batch.Next() {
		t.Fatal("two rows were written")
	}
	var (
		yes         bool
		small       int16
		middle      int32
		large       int64
		half        float32
		quarter     float64
		text        string
		raw         []byte
		nullable    *string
		date        Date
		clock       Time
		local       Timestamp
		moment      Timestamptz
		found       UUID
		missing     *int64
		missingText *string
		empty       string
	)
	if err := batch.Scan(&yes, &small, &middle, &large, &half, &quarter, &text, &raw, &nullable); err != nil {
		t.Fatal(err)
	}
	if !yes || small != -1 || middle != math.MinInt32 || large != math.MaxInt64 || half != 0.5 || quarter != -0.25 || text != name ||
		!bytes.Equal(raw, []byte{0, 255}) || nullable == nil || *nullable != name {
		t.Errorf("read %v %v %v %v %v %v %v %v %v", yes, small, middle, large, half, quarter, text, raw, nullable)
	}
	if !batch.Next() {
		t.Fatal("the second row")
	}
	var none **[]byte = new(*[]byte)
	if err := batch.Scan(&date, &clock, &local, &moment, &found, &missing, &missingText, none, &empty); err != nil {
		t.Fatal(err)
	}
	if date != InfiniteDate || clock != NewTime(23, 59, 59, 0) || local != NegativeInfiniteTimestamp || moment != InfiniteTimestamptz ||
		found != id || missing != nil || missingText != nil || *none != nil || empty != "" {
		t.Errorf("read %v %v %v %v %v %v %v %v %q", date, clock, local, moment, found, missing, missingText, *none, empty)
	}
	if batch.Next() {
		t.Error("a third row")
	}
}

func TestAFieldThatDoesNotFitNamesItsPlace(t *testing.T) {
	var rows RowWriter
	if err := rows.Row(int32(1), nil); err != nil {
		t.Fatal(err)
	}
	batch := NewBatch(&rows)
	batch.Next()
	var large int64
	var text string
	var small int32
	for _, try := range []struct {
		into []any
		says string
	}{
		{[]any{&large, &text}, "column 1 of row 1: a field of 4 bytes is no int64"},
		{[]any{&small, &text}, "column 2 of row 1: NULL is no string"},
		{[]any{&small}, "row 1 has 2 fields, and 1 were wanted"},
	} {
		if err := batch.Scan(try.into...); err == nil || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%v: %v", try.says, err)
		}
	}
	if err := rows.Row(1); err == nil || !strings.Contains(err.Error(), "value 1 of the row is a int") || rows.Len() != 1 {
		t.Errorf("an int has no size of its own: %v", err)
	}
}
