package host

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestOutsideOfHostEveryCallSaysSo(t *testing.T) {
	_, executed := Execute("SELECT 1")
	_, queried := Query("SELECT 1")
	_, prepared := Prepare("SELECT 1")
	for _, err := range []error{executed, queried, prepared, ExecuteScript("SELECT 1"), Savepoint(func() error { return nil })} {
		if err == nil || !strings.Contains(err.Error(), "there is no host here") {
			t.Errorf("%v", err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Run gave facts of a run that there is not")
		}
	}()
	Run()
}

// failure reads a result<_, failure>.
func failure(err error) (kind uint8, message string) {
	b := encodeOutcome(err)
	b.placed(4096)
	m := memory{base: 4096, data: b.data, start: 4096}
	if !m.bool(m.start) {
		return 255, ""
	}
	if kind = m.u8(m.start + 4); kind == 2 {
		return kind, m.string(m.start + 8)
	}
	if kind == 0 {
		return kind, m.error(m.start + 8).Error()
	}
	return kind, ""
}

func TestWhatAMigrationReturnsIsToldAsItIs(t *testing.T) {
	refused := &SQLError{SQLState: "23505", Message: "duplicate key", Detail: "Key (id)=(1)", trace: "  at main.fill (migration.go:7)"}
	wrapped := errors.Join(ErrIrreversible)
	for _, c := range []struct {
		err     error
		kind    uint8
		message string
	}{
		{nil, 255, ""},
		{ErrIrreversible, 1, ""},
		{wrapped, 1, ""},
		{errors.New("the kitchen is closed"), 2, "the kitchen is closed"},
		{refused, 2, "duplicate key (SQLSTATE 23505): Key (id)=(1)\n  at main.fill (migration.go:7)"},
		{fault(Denied, "COMMIT"), 0, "not allowed: COMMIT"},
		{&Error{Kind: Exceeded, Limit: LimitBytes}, 0, "more bytes in a result than the host allows"},
	} {
		if kind, message := failure(c.err); kind != c.kind || message != c.message {
			t.Errorf("%v became %d %q", c.err, kind, message)
		}
	}
	if SQLState(errors.Join(refused)) != "23505" || SQLState(wrapped) != "" {
		t.Error("the SQLSTATE of a wrapped error")
	}
}

func TestALogLineHasItsAttributes(t *testing.T) {
	handler := (&LogHandler{}).WithAttrs([]slog.Attr{slog.Int("batch", 3)}).WithGroup("dish").(*LogHandler)
	var line strings.Builder
	line.WriteString("read" + handler.prefix)
	writeAttr(&line, handler.groups, slog.String("name", `soup "of the day"`))
	writeAttr(&line, handler.groups, slog.Group("price", slog.Float64("net", 1.5)))
	if want := `read batch=3 dish.name="soup \"of the day\"" dish.price.net=1.5`; line.String() != want {
		t.Errorf("%s instead of %s", line.String(), want)
	}
}

func TestTheLastArgumentCounts(t *testing.T) {
	run := RunInfo{Args: []Arg{{"batch", "10"}, {"batch", "20"}}}
	if value, ok := run.Arg("batch"); value != "20" || !ok {
		t.Error(value, ok)
	}
	if _, ok := run.Arg("other"); ok {
		t.Error("there is no such argument")
	}
}
