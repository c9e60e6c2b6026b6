package host

import (
	"fmt"
	"math"
	"time"
)

const (
	microsPerSecond = int64(1_000_000)
	microsPerDay    = 86_400 * microsPerSecond
	// The seconds from 1970-01-01 to 2000-01-01, PostgreSQL's first day.
	epochSeconds = int64(946_684_800)
	epochDays    = epochSeconds / 86_400
)

// Date is a date without a time: days since 2000-01-01, in the Gregorian calendar also before it was introduced.
type Date int32

const (
	// InfiniteDate is infinity, later than every other date.
	InfiniteDate Date = math.MaxInt32
	// NegativeInfiniteDate is -infinity, earlier than every other date.
	NegativeInfiniteDate Date = math.MinInt32
)

// NewDate is the date of a year, a month and a day. As with [time.Date], a day past the end of the month counts on into
// the next one. The year before 1 is 0.
func NewDate(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86_400) - epochDays)
}

// DateOf is the date of a point in time, in its own location.
func DateOf(t time.Time) Date {
	return NewDate(t.Date())
}

// Time is the beginning of the day in UTC; false for the two infinities.
func (d Date) Time() (time.Time, bool) {
	if d == InfiniteDate || d == NegativeInfiniteDate {
		return time.Time{}, false
	}
	return time.Unix((int64(d)+epochDays)*86_400, 0).UTC(), true
}

func (d Date) String() string {
	t, ok := d.Time()
	if !ok {
		return infinity(d > 0)
	}
	year, era := commonEra(t.Year())
	return fmt.Sprintf("%04d-%02d-%02d%s", year, t.Month(), t.Day(), era)
}

// Time is a time of day without a zone: microseconds since midnight. 24:00 exists.
type Time int64

// NewTime is the time of an hour, a minute, a second and what is left in microseconds.
func NewTime(hour, minute, second, micros int) Time {
	return Time((int64(hour)*3600+int64(minute)*60+int64(second))*microsPerSecond + int64(micros))
}

func (t Time) String() string {
	seconds, micros := floorDiv(int64(t), microsPerSecond), floorMod(int64(t), microsPerSecond)
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if micros != 0 {
		text += fmt.Sprintf(".%06d", micros)
	}
	return text
}

// TimeTZ is a time of day with an offset (timetz).
type TimeTZ struct {
	// Time is the local time of day.
	Time Time
	// Offset is in seconds east of Greenwich.
	Offset int32
}

func (t TimeTZ) String() string {
	sign, offset := '+', t.Offset
	if offset < 0 {
		sign, offset = '-', -offset
	}
	text := fmt.Sprintf("%s%c%02d:%02d", t.Time, sign, offset/3600, offset/60%60)
	if offset%60 != 0 {
		text += fmt.Sprintf(":%02d", offset%60)
	}
	return text
}

// Timestamp is a date and a time of day without a zone: microseconds since 2000-01-01 00:00.
type Timestamp int64

// Timestamptz is a point in time: microseconds since 2000-01-01 00:00 UTC. It is for the infinities; otherwise a [time.Time] does.
type Timestamptz int64

const (
	// InfiniteTimestamp is infinity, later than every other one.
	InfiniteTimestamp Timestamp = math.MaxInt64
	// NegativeInfiniteTimestamp is -infinity, earlier than every other one.
	NegativeInfiniteTimestamp Timestamp = math.MinInt64
	// InfiniteTimestamptz is infinity, later than every other one.
	InfiniteTimestamptz Timestamptz = math.MaxInt64
	// NegativeInfiniteTimestamptz is -infinity, earlier than every other one.
	NegativeInfiniteTimestamptz Timestamptz = math.MinInt64
)

// TimestampOf is what a clock in the location of t shows at t, to the microsecond.
func TimestampOf(t time.Time) (Timestamp, error) {
	_, offset := t.Zone()
	micros, err := micros(t.Add(time.Duration(offset) * time.Second))
	return Timestamp(micros), err
}

// TimestamptzOf is the point in time, to the microsecond.
func TimestamptzOf(t time.Time) (Timestamptz, error) {
	micros, err := micros(t)
	return Timestamptz(micros), err
}

// Time is the same in UTC; false for the two infinities.
func (t Timestamp) Time() (time.Time, bool) { return moment(int64(t)) }

// Time is the same in UTC; false for the two infinities.
func (t Timestamptz) Time() (time.Time, bool) { return moment(int64(t)) }

func (t Timestamp) String() string { return formatMoment(int64(t), "") }

func (t Timestamptz) String() string { return formatMoment(int64(t), "+00") }

// Interval is an interval: its three parts are independent, for a month has no fixed number of days.
type Interval struct {
	// Months and Days are whole ones.
	Months, Days int32
	// Micros is the rest, in microseconds.
	Micros int64
}

// IntervalOf is an interval of a duration, to the microsecond.
func IntervalOf(d time.Duration) Interval { return Interval{Micros: d.Microseconds()} }

func micros(t time.Time) (int64, error) {
	seconds, rest := t.Unix()-epochSeconds, int64(t.Nanosecond())/1000
	if limit := math.MaxInt64/microsPerSecond - 1; seconds > limit || seconds < -limit {
		return 0, fault(BadParams, "PostgreSQL has no such time as %s", t)
	}
	return seconds*microsPerSecond + rest, nil
}

func moment(micros int64) (time.Time, bool) {
	if micros == math.MaxInt64 || micros == math.MinInt64 {
		return time.Time{}, false
	}
	seconds, rest := floorDiv(micros, microsPerSecond), floorMod(micros, microsPerSecond)
	return time.Unix(seconds+epochSeconds, rest*1000).UTC(), true
}

func formatMoment(micros int64, zone string) string {
	t, ok := moment(micros)
	if !ok {
		return infinity(micros > 0)
	}
	year, era := commonEra(t.Year())
	return fmt.Sprintf("%04d-%02d-%02d %s%s%s", year, t.Month(), t.Day(), Time(floorMod(micros, microsPerDay)), zone, era)
}

func commonEra(year int) (int, string) {
	if year > 0 {
		return year, ""
	}
	return 1 - year, " BC"
}

func infinity(positive bool) string {
	if positive {
		return "infinity"
	}
	return "-infinity"
}

func floorDiv(a, b int64) int64 {
	return (a - floorMod(a, b)) / b
}

func floorMod(a, b int64) int64 {
	return (a%b + b) % b
}
