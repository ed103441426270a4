package aggregate

import (
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// mode counts runs of equal values.
type mode struct {
	// best is the value of the longest run, of bestRun rows; last is that of the run that has come to run rows.
	best, last   *batch.Column
	bestRun, run int64
}

func newMode(spec *Spec) Scan {
	return &mode{best: batch.NewColumn(spec.Pool, spec.Args[0]), last: batch.NewColumn(spec.Pool, spec.Args[0])}
}

// Begin begins a group.
func (m *mode) Begin(int64) { m.bestRun, m.run = 0, 0 }

// Add takes the next rows.
func (m *mode) Add(in *Rows) {
	col := in.Args[0]
	for i := range in.N {
		row := in.Row(i)
		if m.run > 0 && eval.CompareValues(m.last, 0, col, row) == 0 {
			m.run++
			continue
		}
		m.end()
		m.last.Reset(1)
		m.last.CopyRow(0, col, row)
		m.run = 1
	}
}

// end ends a run.
func (m *mode) end() {
	if m.run > m.bestRun {
		m.best, m.last, m.bestRun = m.last, m.best, m.run
	}
	m.run = 0
}

// Result stores the answer.
func (m *mode) Result(out *batch.Column, row int) *sqlstate.Error {
	if m.end(); m.bestRun == 0 {
		setNull(out, row)
		return nil
	}
	out.CopyRow(row, m.best, 0)
	return nil
}

// Close releases the columns.
func (m *mode) Close() {
	m.best.Release()
	m.last.Release()
}
