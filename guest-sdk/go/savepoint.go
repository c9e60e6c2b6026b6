package host

// Savepoint does a piece of work inside a savepoint: keeps it when the function returns nil, undoes it when it returns an error
// or panics.
//
//	err := host.Savepoint(func() error {
//		_, err := host.Execute("CREATE EXTENSION citext")
//		return err
//	})
//	if err != nil {
//		slog.Warn("without citext", "error", err)
//	}
func Savepoint(work func() error) error {
	point, err := BeginSavepoint()
	if err != nil {
		return err
	}
	defer point.Close()
	if err := work(); err != nil {
		return err
	}
	return point.Release()
}

// OpenSavepoint is a savepoint that is open: what comes after it can be undone by itself. [Savepoint] is shorter.
type OpenSavepoint struct {
	handle uint32
	ended  bool
}

// BeginSavepoint begins a savepoint. Closed without a release, it is rolled back.
//
//	point, err := host.BeginSavepoint()
//	if err != nil { return err }
//	defer point.Close()
func BeginSavepoint() (*OpenSavepoint, error) {
	point := &OpenSavepoint{}
	err := call(request{operation: opBeginSavepoint}, func(answer memory) (err error) {
		point.handle, err = answer.handle()
		return err
	})
	if err != nil {
		return nil, err
	}
	return point, nil
}

// Release keeps what was done since, and ends the savepoint and those inside it.
func (p *OpenSavepoint) Release() error {
	err := p.call(opSavepointRelease)
	if err == nil {
		p.Close()
	}
	return err
}

// Rollback undoes what was done since. The savepoint stays open.
func (p *OpenSavepoint) Rollback() error { return p.call(opSavepointRollback) }

// Close ends the savepoint, and undoes what was done since, unless it was released.
func (p *OpenSavepoint) Close() {
	if !p.ended {
		p.ended = true
		drop(opSavepointDrop, p.handle)
	}
}

func (p *OpenSavepoint) call(operation operation) error {
	if p.ended {
		return fault(Misuse, "the savepoint has ended already, at %s", caller())
	}
	return call(request{operation: operation, handle: p.handle}, func(answer memory) error { return answer.nothing() })
}
