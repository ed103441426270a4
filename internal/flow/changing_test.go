package flow_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// latest keeps the last n of each key, and emits that it takes the place of the one before.
type latest struct {
	hasher *keyed.Hasher
	groups [op.KeyGroups]map[int64]int64
	out    batch.Batch
	at     int
}

func newLatest(b physical.Build) (op.Operator, error) {
	l := &latest{hasher: keyed.NewHasher([]int{0})}
	l.out.Cols = []*batch.Column{batch.NewColumn(b.Pool, schema.Of(schema.Int64)), batch.NewColumn(b.Pool, schema.Of(schema.Int64))}
	return l, nil
}

func (l *latest) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	hashes := l.hasher.Hash(in)
	for _, c := range l.out.Cols {
		c.Reset(batch.MaxRows)
	}
	l.out.Kinds, l.out.Len = l.out.Kinds[:0], 0
	put := func(key, n int64, kind batch.Change) {
		l.out.Cols[0].Int64s()[l.out.Len], l.out.Cols[1].Int64s()[l.out.Len] = key, n
		l.out.Kinds = append(l.out.Kinds, kind)
		l.out.Len++
	}
	for ; l.at < in.Rows() && l.out.Len < batch.MaxRows-2; l.at++ {
		row := in.Row(l.at)
		key, n := in.Cols[0].Int64s()[row], in.Cols[1].Int64s()[row]
		group := &l.groups[op.GroupOf(hashes[l.at])]
		if *group == nil {
			*group = map[int64]int64{}
		}
		before, known := (*group)[key]
		(*group)[key] = max(n, before)
		switch {
		case !known:
			put(key, n, batch.Insert)
		case n > before:
			put(key, before, batch.UpdateBefore)
			put(key, n, batch.UpdateAfter)
		}
		out.Counts.In++
		out.Counts.Absorbed++
	}
	for _, c := range l.out.Cols {
		c.Resize(l.out.Len)
	}
	out.Emit(0, &l.out)
	if l.at < in.Rows() {
		return true, nil
	}
	l.at = 0
	return false, nil
}

func (l *latest) Snapshot(group op.KeyGroup) ([]byte, error) {
	var data []byte
	for key, n := range l.groups[group] {
		data = append(strconv.AppendInt(append(strconv.AppendInt(data, key, 10), '='), n, 10), ' ')
	}
	return data, nil
}

func (l *latest) Restore(group op.KeyGroup, data []byte) error {
	l.groups[group] = map[int64]int64{}
	for pair := range strings.FieldsSeq(string(data)) {
		key, n, _ := strings.Cut(pair, "=")
		k, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return err
		}
		if l.groups[group][k], err = strconv.ParseInt(n, 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// signed puts 1 behind what comes to be, and -1 behind what ceases.
type signed struct {
	sign *batch.Column
	out  batch.Batch
}

func newSigned(b physical.Build) (op.Operator, error) {
	return &signed{sign: batch.NewColumn(b.Pool, schema.Of(schema.Int64))}, nil
}

func (s *signed) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	s.out.View(in, in.Sel)
	s.sign.Reset(in.Len)
	for i := range in.Len {
		if s.sign.Int64s()[i] = 1; len(in.Kinds) > 0 && !op.Adds(in.Kinds[i]) {
			s.sign.Int64s()[i] = -1
		}
	}
	s.out.Cols, s.out.Kinds = append(s.out.Cols, s.sign), nil
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &s.out)
	return false, nil
}

// newChanging makes a join of numbers by a column of each side.
func newChanging(kind join.Kind, left, right int, key join.Key, inputs [2]join.Input) func(physical.Build) (op.Operator, error) {
	types := slices.Repeat([]schema.Type{schema.Of(schema.Int64)}, max(left, right))
	return func(b physical.Build) (op.Operator, error) {
		return join.NewChanging(&join.Config{
			Name: "j", Kind: kind, Left: types[:left], Right: types[:right], Keys: []join.Key{key}, Inputs: inputs, Pool: b.Pool, Budget: b.Budget,
		})
	}
}

// chained is a plan in which the numbers of c are joined with the last of their key, which changes, and the outcome, which changes too, by another column with
// the numbers again: all from one source.
func chained(c *counter, s *collector, k int64, lanes, tasks int) *physical.Plan {
	plan := pipe(c, s, lanes)
	by := func(stage *physical.Stage, input, column int) physical.Edge {
		e := edge(physical.Hash, stage, input)
		e.Exchange.Keys = []int{column}
		return e
	}
	sign := &physical.Step{Name: "sign", New: newSigned, Ports: one(plan.Sources[0].Next...)}
	appended := join.Input{AppendOnly: true}
	second := &physical.Step{Name: "second", New: newChanging(join.Inner, 4, 2, join.Key{Left: 1, Right: 1}, [2]join.Input{{}, appended}), Ports: one(physical.Edge{Step: sign})}
	secondStage := &physical.Stage{Name: "second", Tasks: tasks, Inputs: 2, Head: second}
	first := &physical.Step{Name: "first", New: newChanging(join.Left, 2, 2, join.Key{}, [2]join.Input{appended, {Unique: true}}), Ports: one(by(secondStage, 0, 1))}
	firstStage := &physical.Stage{Name: "first", Tasks: tasks, Inputs: 2, Head: first}
	last := &physical.Step{Name: "last", New: newLatest, Ports: one(by(firstStage, 1, 0))}
	lastStage := &physical.Stage{Name: "last", Tasks: tasks, Inputs: 1, Head: last}
	key := &physical.Step{Name: "key", New: newModulo(k), Ports: one(by(firstStage, 0, 0), by(lastStage, 0, 0), by(secondStage, 1, 1))}
	plan.Sources[0].Next = []physical.Edge{{Step: key}}
	plan.Stages = []*physical.Stage{lastStage, firstStage, secondStage}
	return plan
}

// left are the rows that signed ones leave, and an error in words if one of them is left other than once.
func left(rows []string) (list []string, wrong string) {
	counts := map[string]int{}
	for _, row := range rows {
		at := strings.LastIndexByte(row, ',')
		n, err := strconv.Atoi(row[at+1:])
		if err != nil {
			return nil, err.Error()
		}
		if counts[row[:at]] += n; counts[row[:at]] == 0 {
			delete(counts, row[:at])
		}
	}
	for row, n := range counts {
		if list = append(list, row); n != 1 {
			wrong = row + " is left " + strconv.Itoa(n) + " times"
		}
	}
	slices.Sort(list)
	return list, wrong
}

// chainedWant is the answer of chained.
func chainedWant(limit, k int64) []string {
	var want []string
	for n := range limit {
		last := limit - 1 - (limit-1-n)%k
		want = append(want, line(n%k, n, n%k, last, n%k, n))
	}
	slices.Sort(want)
	return want
}

// TestChangesGoThroughJoins: changes of one join are the input of another, all sides come from one source through queues of one entry, and nothing locks up.
func TestChangesGoThroughJoins(t *testing.T) {
	const limit, k = 3000, 97
	want := chainedWant(limit, k)
	for _, tasks := range []int{1, 2, 3} {
		for _, lanes := range []int{1, 3} {
			sink, s := &collector{}, settings()
			s.QueueDepth = 1
			account(t, chained(&counter{limit: limit, block: 63}, sink, k, lanes, tasks), s)
			if got, wrong := left(sink.published); wrong != "" || !slices.Equal(got, want) {
				t.Errorf("%d tasks, %d lanes: %d rows, want %d; %s", tasks, lanes, len(got), len(want), wrong)
			}
		}
	}
}

// TestChangesGoThroughJoinsAcrossRestarts resumes from epochs, at another parallelism.
func TestChangesGoThroughJoinsAcrossRestarts(t *testing.T) {
	const limit, k = 2000, 31
	want := chainedWant(limit, k)
	for stop := int64(1); stop < 40; stop += 9 {
		s := settings()
		s.StopAfter, s.QueueDepth = stop, 1
		before := &collector{}
		outcome, err := run(t, chained(&counter{limit: limit, block: 50}, before, k, 2, 3), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		resume := settings()
		resume.Resume = outcome.Manifest
		sink := &collector{}
		if _, err := run(t, chained(&counter{limit: limit, block: 40}, sink, k, 2, 2), resume, nil); err != nil {
			t.Fatal(err)
		}
		if got, wrong := left(sink.published); wrong != "" || !slices.Equal(got, want) {
			t.Errorf("stopped after %d blocks: %d rows, want %d; %s", stop, len(got), len(want), wrong)
		}
	}
}
