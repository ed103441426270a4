package optest_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// echo keeps rows, and emits them at the end. Where fails names a call, that fails.
type echo struct {
	fails  string
	keys   []int
	hasher *keyed.Hasher
	rows   *keyed.Rows
	cursor keyed.Cursor
	ids    []uint32
	out    batch.Batch
}

var errEcho = errors.New("as it was told")

func newEcho(types []schema.Type, keys []int, fails string) func(*batch.Pool, *limit.Budget) (op.Operator, error) {
	return func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		if fails == "new" {
			return nil, errEcho
		}
		e := &echo{fails: fails, keys: keys, hasher: keyed.NewHasher(keys), ids: make([]uint32, batch.MaxRows)}
		e.rows = keyed.NewRows(pool, types, 0, "echo", budget)
		for _, typ := range types {
			e.out.Cols = append(e.out.Cols, batch.NewColumn(pool, typ))
		}
		return e, nil
	}
}

func (e *echo) fail(call string) error {
	if e.fails == call {
		return errEcho
	}
	return nil
}

func (e *echo) Tables() []op.Table { return []op.Table{failingTable{e.rows, e.fails}} }

// failingTable is rows whose Load may fail.
type failingTable struct {
	*keyed.Rows
	fails string
}

func (t failingTable) Load(hashes []uint64, groups [4]uint64) error {
	if t.fails == "load" {
		return errEcho
	}
	return t.Rows.Load(hashes, groups)
}

func (e *echo) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil:
		needs.All(0)
	case len(e.keys) == 0:
		needs.Groups(0, 0, 0)
	default:
		needs.Keys(0, e.hasher.Hash(in))
	}
}

func (e *echo) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	out.Counts.In += int64(in.Rows())
	out.Counts.Held += int64(in.Rows())
	rows := in.Sel
	if rows == nil {
		rows = make([]uint16, in.Len)
		for i := range rows {
			rows[i] = uint16(i)
		}
	}
	var hashes []uint64
	if len(e.keys) > 0 {
		hashes = e.hasher.Hash(in)
	}
	return false, errors.Join(e.rows.Append(in.Cols, hashes, rows, e.ids[:len(rows)]), e.fail("apply"))
}

func (e *echo) OnBarrier(_ int64, _ *op.Output) (bool, error) { return false, e.fail("barrier") }

func (e *echo) OnEnd(out *op.Output) (bool, error) {
	n := e.rows.Scan(&e.cursor, e.ids)
	if n == 0 {
		return false, e.fail("end")
	}
	e.rows.Gather(e.ids[:n], e.out.Cols)
	e.out.Len = n
	out.Emit(0, &e.out)
	return true, nil
}

func (e *echo) Snapshot(group op.KeyGroup) ([]byte, error) {
	data, err := e.rows.Snapshot(uint8(group))
	return data, errors.Join(err, e.fail("snapshot"))
}

func (e *echo) Restore(group op.KeyGroup, data []byte) error {
	if e.fails == "restored snapshot" {
		e.fails = "snapshot"
	}
	return errors.Join(e.rows.Restore(uint8(group), data), e.fail("restore"))
}

// everyKind has a column of each type.
func everyKind() *schema.Schema {
	s := &schema.Schema{}
	for _, typ := range sdktest.Types() {
		s.Fields = append(s.Fields, schema.Field{Name: "x", Type: typ})
	}
	return s
}

func typesOf(s *schema.Schema) []schema.Type {
	var types []schema.Type
	for _, f := range s.Fields {
		types = append(types, f.Type)
	}
	return types
}

func drawEvery(t *rapid.T, pool *batch.Pool) []*batch.Batch {
	return []*batch.Batch{sdktest.Values{}.DrawBatch(t, pool, everyKind(), rapid.IntRange(0, 12).Draw(t, "rows"))}
}

func wantSame(inputs []*batch.Batch) [][]string { return [][]string{sdktest.Rows(inputs[0])} }

// TestRowsOfEveryTypeComeBack keeps rows whose lent memory is overwritten, of every type.
func TestRowsOfEveryTypeComeBack(t *testing.T) {
	types := typesOf(everyKind())
	optest.Check(t, optest.Operator{New: newEcho(types, []int{1}, ""), Inputs: []optest.Input{{Keys: []int{1}}}}, drawEvery, wantSame)
	optest.Check(t, optest.Operator{New: newEcho(types, nil, ""), Ordered: true}, drawEvery, wantSame)
	optest.Check(t, optest.Operator{New: newEcho(types, nil, ""), Alone: true}, drawEvery, wantSame)
}

// passing hands its input on as it is.
type passing struct{}

func (passing) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	if in.Rows() > 0 {
		out.Emit(0, in)
	}
	return false, nil
}

// TestChangesAndColumnsThatNobodyReads passes kinds of change, and a nil column, through an operator without state.
func TestChangesAndColumnsThatNobodyReads(t *testing.T) {
	optest.Check(t, optest.Operator{New: func(*batch.Pool, *limit.Budget) (op.Operator, error) { return passing{}, nil }, Ordered: true},
		func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
			in := drawToy(t, pool)
			in[0].Cols[0] = nil
			for range in[0].Len {
				in[0].Kinds = append(in[0].Kinds, batch.Change(rapid.IntRange(0, 3).Draw(t, "kind")))
			}
			return in
		}, wantSame)
}

func TestErrorsAreReported(t *testing.T) {
	types := toyTypes()
	for _, fails := range []string{"new", "load", "apply", "barrier", "end", "snapshot", "restored snapshot", "restore"} {
		o := optest.Operator{New: newEcho(types, []int{0}, fails), Inputs: []optest.Input{{Keys: []int{0}}}}
		if got := optest.Catch(o, drawToy, wantSame); !strings.Contains(got, errEcho.Error()) {
			t.Errorf("%s: %q", fails, got)
		}
	}
	// An operator that always fails alike is as it should be.
	if got := optest.Catch(optest.Operator{New: newEcho(types, []int{0}, "end"), Inputs: []optest.Input{{Keys: []int{0}}}}, drawToy, nil); got != "" {
		t.Error(got)
	}
}

func TestFixturesAreWrittenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.state")
	in := optest.Make(toyTypes(), []any{"a", 1}, []any{nil, 2}, []any{"a", 3})
	optest.Fixture(t, toyOperator(none), path, true, in)
	optest.Fixture(t, toyOperator(none), path, false, in)
}

// TestRunsThatFail lets tests within a test fail.
func TestRunsThatFail(t *testing.T) {
	in := optest.Make(toyTypes(), []any{"a", 1}, []any{"b", 2})
	for name, test := range map[string]func(t *recorder){
		"Starve without memory":     func(t *recorder) { optest.Starve(t, passingOperator(), "passing", in) },
		"Starve of what fails":      func(t *recorder) { optest.Starve(t, optest.Operator{New: newEcho(toyTypes(), nil, "end")}, "echo", in) },
		"Starve of another name":    func(t *recorder) { optest.Starve(t, toyOperator(none), "sort", in) },
		"Fixture that is not there": func(t *recorder) { optest.Fixture(t, toyOperator(none), "testdata/none", false, in) },
		"Fixture of what forgets": func(t *recorder) {
			optest.Fixture(t, toyOperator(forgetsOnRestore), filepath.Join(t.TempDir(), "x"), true, optest.Make(toyTypes(), []any{"a", 1}, []any{"a", 2}))
		},
		"Fixture of what cannot be made": func(t *recorder) {
			optest.Fixture(t, optest.Operator{New: newEcho(toyTypes(), nil, "new")}, "testdata/none", false, in)
		},
		"Fixture of what cannot be fed": func(t *recorder) {
			optest.Fixture(t, optest.Operator{New: newEcho(toyTypes(), nil, "apply")}, "testdata/none", false, in)
		},
		"Fixture without a snapshot": func(t *recorder) {
			optest.Fixture(t, optest.Operator{New: newEcho(toyTypes(), nil, "snapshot")}, "testdata/none", false, in)
		},
	} {
		r := &recorder{TB: t}
		r.run(func() { test(r) })
		if !r.failed {
			t.Errorf("%s passes", name)
		}
	}
}

func passingOperator() optest.Operator {
	return optest.Operator{New: func(*batch.Pool, *limit.Budget) (op.Operator, error) { return passing{}, nil }}
}

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

func (r *recorder) Fatal(...any) { r.stop() }

func (r *recorder) Fatalf(string, ...any) { r.stop() }

func (r *recorder) stop() {
	r.failed = true
	panic(r)
}

func (r *recorder) run(test func()) {
	defer func() {
		if got := recover(); got != nil && got != r {
			panic(got)
		}
	}()
	test()
}
