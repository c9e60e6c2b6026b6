package host

import "time"

// RunInfo has the facts of a run. They stay the same for the whole run.
type RunInfo struct {
	// Revision is the revision that runs.
	Revision string
	// ServerVersion is the server's version as in server_version_num, for example 150018.
	ServerVersion int
	// SearchPath has the schemas in which names without a schema are looked up, in order.
	SearchPath []string
	// DryRun says that a script is being written instead of a database changed.
	DryRun bool
	// Now is when the run began, by the database's clock.
	Now time.Time
	// Seed is a number for pseudo-random generators. It follows from the revision. math/rand is seeded likewise.
	Seed uint64
	// Args are what the operator gave with -x KEY=VALUE, in that order.
	Args []Arg
}

// Arg is one argument of the operator.
type Arg struct {
	// Key and Value are the two sides of KEY=VALUE.
	Key, Value string
}

// Arg is the value of the last argument with a key; false if there is none.
func (r RunInfo) Arg(key string) (string, bool) {
	for i := len(r.Args) - 1; i >= 0; i-- {
		if r.Args[i].Key == key {
			return r.Args[i].Value, true
		}
	}
	return "", false
}

// Run has the facts of this run. Outside of host it panics.
func Run() RunInfo {
	var info RunInfo
	err := call(request{operation: opRun}, func(answer memory) error {
		info = answer.runInfo()
		return nil
	})
	if err != nil {
		panic(err)
	}
	return info
}

// Progress says how far a long piece of work is: done of total, or of nobody knows how many, where total is 0.
func Progress(label string, done, total uint64) { progress(label, done, total) }
