package host

import "fmt"

// transforms are those that are registered, by name.
var transforms = map[string]func(rows *Batch, out *RowWriter) error{}

// RegisterTransform makes a function a transform of this migration, which [RunTransform] runs by its name. Call it in an init function.
//
//	func init() {
//		host.Register(upgrade, downgrade)
//		host.RegisterTransform("digits", digits)
//	}
//
//	func digits(rows *host.Batch, out *host.RowWriter) error {
//		var id int64
//		var phone string
//		for rows.Next() {
//			if err := rows.Scan(&id, &phone); err != nil {
//				return err
//			}
//			if err := out.Row(id, strings.ReplaceAll(phone, " ", "")); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// It turns one batch of rows into another. Rows for which it writes nothing stay as they are. When it fails, host looks for the row
// that it is about, and tells its key. Each batch gets an instance of its own, which keeps nothing for the next one and can run no
// statements.
func RegisterTransform(name string, work func(rows *Batch, out *RowWriter) error) {
	if name == "" || work == nil {
		panic("host.RegisterTransform: a transform has a name and a function")
	}
	if _, ok := transforms[name]; ok {
		panic(fmt.Sprintf("host.RegisterTransform: there is a transform %q already", name))
	}
	transforms[name] = work
}

// A Mode says what becomes of the rows that a transform gives back.
type Mode uint8

const (
	// Update updates rows with the same key.
	Update Mode = iota
	// Insert inserts rows.
	Insert
	// Upsert inserts rows, or updates those whose key exists.
	Upsert
)

// A Plan says how to rewrite a big table.
type Plan struct {
	// Source is the query that gives the rows.
	Source string
	// Key are columns of the source: those of a unique index of the table that they come from, in its order.
	Key []string
	// Schema is the schema of the table; without it the search path decides.
	Schema string
	// Into is the table where the result goes.
	Into string
	// Columns are the columns of the rows that come back; those of the key are among them.
	Columns []string
	// Mode is what becomes of them; without it Update.
	Mode Mode
	// BatchRows and BatchBytes are how large a batch is, at most; without them 10,000 rows and 8 MiB.
	BatchRows, BatchBytes int
	// Parallelism is how many batches are worked on at a time; without it 1.
	Parallelism int
	// CommitPerBatch commits each batch by itself. The migration must say transaction = "none".
	CommitPerBatch bool
}

// The sizes of a batch where the plan does not say them.
const (
	batchRows  = 10_000
	batchBytes = 8 << 20
)

// RunTransform rewrites all rows of a plan by a transform that is registered, and gives the number of rows written. It is an [Error] of
// kind [Misuse] when the plan fits neither source nor target, and when the transform rejects a row.
//
//	_, err := host.RunTransform("digits", host.Plan{
//		Source: "SELECT id, phone FROM guests WHERE phone IS NOT NULL",
//		Key:    []string{"id"}, Into: "guests", Columns: []string{"id", "phone"},
//	})
func RunTransform(name string, plan Plan) (int64, error) {
	if _, ok := transforms[name]; !ok {
		return 0, fault(Misuse, "there is no transform %q: register it with host.RegisterTransform in an init function, at %s", name, caller())
	}
	request, err := encodePlan(name, plan)
	if err != nil {
		return 0, err
	}
	var written int64
	err = callTransform(request, func(answer memory) (err error) {
		written, err = answer.touched()
		return err
	})
	return written, err
}

// The size of the arguments of run-transform, which lie in memory because they are too many for a call.
const planSize = 72

// encodePlan writes a tuple<string, transform-plan>.
func encodePlan(name string, plan Plan) (*block, error) {
	b := newBlock()
	b.reserve(planSize, 4)
	b.string(0, name)
	b.string(8, plan.Source)
	b.strings(16, plan.Key)
	b.optionalString(24, plan.Schema)
	b.string(36, plan.Into)
	b.strings(44, plan.Columns)
	b.u8(52, uint8(plan.Mode))
	if plan.Mode > Upsert {
		return nil, fault(Misuse, "a plan has the mode %d, which there is not, at %s", plan.Mode, caller())
	}
	numbers := []struct {
		name             string
		given, otherwise int
	}{{"BatchRows", plan.BatchRows, batchRows}, {"BatchBytes", plan.BatchBytes, batchBytes}, {"Parallelism", plan.Parallelism, 1}}
	for i, number := range numbers {
		if number.given < 0 || uint64(number.given) >= 1<<32 {
			return nil, fault(Misuse, "%s of a plan is %d, at %s", number.name, number.given, caller())
		}
		if number.given == 0 {
			number.given = number.otherwise
		}
		b.u32(56+4*i, uint32(number.given))
	}
	b.bool(68, plan.CommitPerBatch)
	return b, nil
}

func (b *block) strings(at int, texts []string) {
	first := b.reserve(8*len(texts), 4)
	for i, text := range texts {
		b.string(first+8*i, text)
	}
	b.list(at, first, len(texts))
}

// applyTransform is what a transform makes of a batch.
func applyTransform(name string, batch *Batch, out *RowWriter) error {
	work, ok := transforms[name]
	if !ok {
		return fault(Misuse, "there is no transform %q: register it with host.RegisterTransform in an init function", name)
	}
	return work(batch, out)
}
