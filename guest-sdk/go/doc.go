// Package host is what a database migration written in Go imports.
//
// A migration is a package main that registers its two directions:
//
//	package main
//
//	import "host.example/host"
//
//	func init() { host.Register(upgrade, downgrade) }
//
//	// A reactor has no main; the compiler asks for one.
//	func main() {}
//
//	func upgrade() error {
//		if _, err := host.Execute("CREATE TABLE tables (number integer PRIMARY KEY, place text)"); err != nil {
//			return err
//		}
//		_, err := host.Execute("INSERT INTO tables VALUES ($1, $2)", 1, "by the window")
//		return err
//	}
//
//	func downgrade() error {
//		_, err := host.Execute("DROP TABLE tables")
//		return err
//	}
//
// The host owns the one connection and the one transaction: what is done here is committed together with the version when
// the function returns nil, and rolled back otherwise. There are no files, no network and no processes. The clock stands at
// the beginning of the run, and random numbers follow from the revision, so that a migration does the same everywhere.
//
// # Statements
//
// [Execute], [ExecuteScript], [ExecuteMany], [Query], [QueryOne], [QueryOptional] and [Prepare] run SQL. [Savepoint] undoes a
// part. A statement that the server refuses gives a [*SQLError], every other refusal an [*Error].
//
// # Big tables
//
// [OpenCursor] and [CopyInto] move many rows in PostgreSQL's binary form; [RunTransform] rewrites a table batch by batch.
//
// # Values
//
// What can be a parameter, and what [Row.Scan] and [Get] read:
//
//	Go                                     PostgreSQL
//	bool, int16, int32, float32, float64   boolean, smallint, integer, real, double precision
//	int, int64                             bigint; as a parameter also uint32, uint64 and their like
//	string                                 what the statement needs there, as a quoted literal; else write $1::text
//	[]byte, [N]byte                        bytea
//	Numeric                                numeric, as text without loss
//	time.Time                              timestamptz, to the microsecond; Timestamptz has the infinities
//	Date, Time, TimeTZ, Timestamp, Interval, UUID, JSON, JSONB, OID: the type of that name
//	json.RawMessage                        json or jsonb, whatever the statement needs
//	netip.Addr, netip.Prefix               inet, cidr
//	[]T, [][]T, …                          an array with the lower bounds 1; []*T may hold NULL
//	Array                                  any array
//	Range[T]                               a range
//	Raw                                    any other type
//	nil, *T, sql.Null[T]                   NULL, or the value; a nil slice is NULL, too
//	driver.Valuer, sql.Scanner             what they make of it
//
// A type of one's own, such as `type Tier string`, counts as what it is made of.
//
// # Logging
//
// [log/slog] and [log] write to the host's log, and so does what is printed. [Progress] says how far a long piece of work is,
// and [Run] has the facts of this run.
//
// # Tests
//
// The package also compiles natively, so that what a migration computes can be tested with go test. What would ask the host
// answers there with an error that says so.
package host
