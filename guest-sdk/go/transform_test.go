package host

import (
	"errors"
	"strings"
	"testing"
)

func registered(t *testing.T, name string, work func(rows *Batch, out *RowWriter) error) {
	RegisterTransform(name, work)
	t.Cleanup(func() { delete(transforms, name) })
}

func TestATransformMakesRowsOfRows(t *testing.T) {
	registered(t, "shout", func(rows *Batch, out *RowWriter) error {
		var id int64
		var name RawBytes
		for rows.Next() {
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			if id == 3 {
				return errors.New("not three")
			}
			if err := out.Row(id, name); err != nil {
				return err
			}
		}
		return nil
	})
	var given, made RowWriter
	for id, name := range []any{"soup", nil} {
		if err := given.Row(int64(id), name); err != nil {
			t.Fatal(err)
		}
	}
	if err := applyTransform("shout", NewBatch(&given), &made); err != nil {
		t.Fatal(err)
	}
	if made.Len() != 2 || string(made.data) != string(given.data) {
		t.Errorf("%d rows: %x instead of %x", made.Len(), made.data, given.data)
	}
	if err := given.Row(int64(3), "tea"); err != nil {
		t.Fatal(err)
	}
	if err := applyTransform("shout", NewBatch(&given), &made); err == nil || err.Error() != "not three" {
		t.Errorf("%v", err)
	}
	if err := applyTransform("whisper", NewBatch(&given), &made); !errors.Is(err, Misuse) {
		t.Errorf("%v", err)
	}
}

func TestAPlanIsCheckedBeforeHostIsAsked(t *testing.T) {
	registered(t, "same", func(*Batch, *RowWriter) error { return nil })
	for name, plan := range map[string]Plan{"nowhere": {}, "same": {Mode: 7}} {
		if _, err := RunTransform(name, plan); !errors.Is(err, Misuse) || strings.Contains(err.Error(), "no host") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, plan := range []Plan{{BatchRows: -1}, {BatchBytes: 1 << 32}, {Parallelism: -5}} {
		if _, err := RunTransform("same", plan); !errors.Is(err, Misuse) || !strings.Contains(err.Error(), "of a plan is") {
			t.Errorf("%v", err)
		}
	}
	if _, err := RunTransform("same", Plan{}); err == nil || !strings.Contains(err.Error(), "there is no host here") {
		t.Errorf("%v", err)
	}
}

// The layout is that of a tuple<string, transform-plan> in the canonical ABI.
func TestAPlanIsLaidOutAsInTheContract(t *testing.T) {
	plan := Plan{
		Source: "SELECT 1", Key: []string{"a", "b"}, Schema: "s", Into: "t", Columns: []string{"c"}, Mode: Upsert,
		BatchRows: 7, Parallelism: 2, CommitPerBatch: true,
	}
	b, err := encodePlan("digits", plan)
	if err != nil {
		t.Fatal(err)
	}
	b.placed(4096)
	m := memory{base: 4096, data: b.data, start: 4096}
	keys, count := m.list(4096 + 16)
	if m.string(4096) != "digits" || m.string(4096+8) != plan.Source || count != 2 || m.string(keys+8) != "b" {
		t.Errorf("%x", b.data)
	}
	if m.optionalString(4096+24) != "s" || m.string(4096+36) != "t" || m.u8(4096+52) != 2 || !m.bool(4096+68) {
		t.Errorf("%x", b.data)
	}
	if rows, bytes, parallelism := m.u32(4096+56), m.u32(4096+60), m.u32(4096+64); rows != 7 || bytes != 8<<20 || parallelism != 2 {
		t.Errorf("%d %d %d", rows, bytes, parallelism)
	}
}

func TestATransformHasANameOfItsOwn(t *testing.T) {
	registered(t, "once", func(*Batch, *RowWriter) error { return nil })
	defer func() {
		if recover() == nil {
			t.Error("a second transform of that name was taken")
		}
	}()
	RegisterTransform("once", func(*Batch, *RowWriter) error { return nil })
}
