package host

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// The frames of the stack that are looked at.
const framesMax = 64

// module is the path of the migration's module, which stands in front of its files.
var module = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Path
	}
	return ""
})

// frames are the calls of the migration and of what it imports, innermost first: without Go's runtime, its standard library and
// this package.
func frames() []runtime.Frame {
	var counters [framesMax]uintptr
	found := runtime.CallersFrames(counters[:runtime.Callers(2, counters[:])])
	var kept []runtime.Frame
	for {
		frame, more := found.Next()
		if isOfMigration(frame.Function) {
			kept = append(kept, frame)
		}
		if !more {
			return kept
		}
	}
}

// isOfMigration tells by the path of a function's package: main, or one of the migration's module, or one with a domain.
func isOfMigration(function string) bool {
	if strings.HasPrefix(function, "host.example/host.") {
		return false
	}
	first, _, _ := strings.Cut(function, "/")
	isDomain := first != function && strings.Contains(first, ".")
	path := module()
	return strings.HasPrefix(function, "main.") || isDomain ||
		path != "" && (strings.HasPrefix(function, path+"/") || strings.HasPrefix(function, path+"."))
}

// place is the file and the line of a frame, the file without the path of the module.
func place(frame runtime.Frame) string {
	return fmt.Sprintf("%s:%d", strings.TrimPrefix(frame.File, module()+"/"), frame.Line)
}

// caller is the place in the migration that called this package.
func caller() string {
	if stack := frames(); len(stack) > 0 {
		return place(stack[0])
	}
	return "an unknown place"
}

// traceOf has a line for each call.
func traceOf(frames []runtime.Frame) string {
	lines := make([]string, len(frames))
	for i, frame := range frames {
		name := frame.Function[strings.LastIndex(frame.Function, "/")+1:]
		lines[i] = fmt.Sprintf("  at %s (%s)", name, place(frame))
	}
	return strings.Join(lines, "\n")
}
