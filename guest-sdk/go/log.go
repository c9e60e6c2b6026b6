package host

import (
	"context"
	"log/slog"
	"strings"
)

// LevelTrace is below [slog.LevelDebug]: of use only to whoever writes the migration.
const LevelTrace = slog.LevelDebug - 4

// LogHandler writes records of [log/slog] to the host's log, in one line each: the message, then key=value. Without doing
// anything for it, slog and log write there; a handler of one's own can be made of this one.
type LogHandler struct {
	prefix string
	groups string
}

// Enabled is always true: what is shown is for the operator to say.
func (*LogHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes a record.
func (h *LogHandler) Handle(_ context.Context, record slog.Record) error {
	var line strings.Builder
	line.WriteString(record.Message)
	line.WriteString(h.prefix)
	record.Attrs(func(attr slog.Attr) bool {
		writeAttr(&line, h.groups, attr)
		return true
	})
	log(levelOf(record.Level), line.String())
	return nil
}

// WithAttrs adds attributes to each record.
func (h *LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var added strings.Builder
	added.WriteString(h.prefix)
	for _, attr := range attrs {
		writeAttr(&added, h.groups, attr)
	}
	return &LogHandler{prefix: added.String(), groups: h.groups}
}

// WithGroup begins a group: the keys that follow have its name in front.
func (h *LogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &LogHandler{prefix: h.prefix, groups: h.groups + name + "."}
}

func writeAttr(line *strings.Builder, groups string, attr slog.Attr) {
	value := attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			groups += attr.Key + "."
		}
		for _, inner := range value.Group() {
			writeAttr(line, groups, inner)
		}
		return
	}
	if attr.Key == "" && value.Any() == nil {
		return
	}
	line.WriteString(" " + groups + attr.Key + "=" + quoteIfNeeded(value.String()))
}

func quoteIfNeeded(text string) string {
	if text == "" || strings.ContainsAny(text, " =\"\n\t") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(text) + `"`
	}
	return text
}

// levelOf is the contract's number of a level.
func levelOf(level slog.Level) uint32 {
	switch {
	case level < slog.LevelDebug:
		return 0
	case level < slog.LevelInfo:
		return 1
	case level < slog.LevelWarn:
		return 2
	case level < slog.LevelError:
		return 3
	}
	return 4
}
