package flow_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// modulo puts the remainder of n by k before n: the key that the tests count by.
type modulo struct {
	k   int64
	key *batch.Column
	out batch.Batch
}

func newModulo(k int64) func(physical.Build) (op.Operator, error) {
	return func(b physical.Build) (op.Operator, error) {
		return &modulo{k: k, key: batch.NewColumn(b.Pool, schema.Of(schema.Int64))}, nil
	}
}

func (m *modulo) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	m.out.View(in, in.Sel)
	m.out.Cols = append(m.out.Cols[:0], m.key, in.Cols[0])
	m.key.Reset(in.Len)
	for i, n := range in.Cols[0].Int64s() {
		m.key.Int64s()[i] = n % m.k
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &m.out)
	return false, nil
}

// sums is what a tally knows of one key: rows and their sum, by input.
type sums struct {
	Count, Sum [2]int64
}

// tally counts and adds up column 1 by column 0, for each of up to two inputs, and emits the answer at the end in pieces of some rows.
type tally struct {
	task   int
	piece  int
	hasher *keyed.Hasher
	groups [op.KeyGroups]map[int64]sums
	left   []int64 // keys still to be emitted; nil before the end
	out    batch.Batch
	heard  *events
}

// events are what the operators of a test heard, in their order.
type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) note(text string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, text)
}

func newTally(piece int, heard *events) func(physical.Build) (op.Operator, error) {
	return func(b physical.Build) (op.Operator, error) {
		t := &tally{task: b.Task, piece: piece, hasher: keyed.NewHasher([]int{0}), heard: heard}
		for range 5 {
			t.out.Cols = append(t.out.Cols, batch.NewColumn(b.Pool, schema.Of(schema.Int64)))
		}
		return t, nil
	}
}

func (t *tally) Apply(in *batch.Batch, out *op.Output) (bool, error) { return t.ApplyInput(0, in, out) }

func (t *tally) ApplyInput(input int, in *batch.Batch, out *op.Output) (bool, error) {
	if t.left != nil {
		return false, errors.New("rows after the end")
	}
	for i, hash := range t.hasher.Hash(in) {
		row := in.Row(i)
		key := in.Cols[0].Int64s()[row]
		group := &t.groups[op.GroupOf(hash)]
		if *group == nil {
			*group = map[int64]sums{}
		}
		s := (*group)[key]
		s.Count[input]++
		s.Sum[input] += in.Cols[1].Int64s()[row]
		(*group)[key] = s
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	return false, nil
}

func (t *tally) OnInputEnd(input int, _ *op.Output) (bool, error) {
	t.heard.note("end of input " + string(rune('0'+input)))
	return false, nil
}

func (t *tally) find(key int64) sums {
	for _, g := range &t.groups {
		if s, ok := g[key]; ok {
			return s
		}
	}
	return sums{}
}

func (t *tally) OnEnd(out *op.Output) (bool, error) {
	if t.left == nil {
		t.heard.note("end")
		t.left = []int64{}
		for _, g := range &t.groups {
			t.left = append(t.left, slices.Collect(maps.Keys(g))...)
		}
		slices.Sort(t.left)
	}
	n := min(t.piece, len(t.left))
	t.out.Len = n
	for _, c := range t.out.Cols {
		c.Reset(n)
	}
	for i, key := range t.left[:n] {
		s := t.find(key)
		for c, v := range []int64{key, s.Count[0], s.Sum[0], s.Count[1], s.Sum[1]} {
			t.out.Cols[c].Int64s()[i] = v
		}
	}
	t.left = t.left[n:]
	out.Emit(0, &t.out)
	return len(t.left) > 0, nil
}

func (t *tally) Snapshot(group op.KeyGroup) ([]byte, error) {
	if t.groups[group] == nil {
		return nil, nil
	}
	return json.Marshal(t.groups[group])
}

func (t *tally) Restore(group op.KeyGroup, data []byte) error {
	return json.Unmarshal(data, &t.groups[group])
}

// expected is the answer of a tally with one input over the numbers below limit.
func expected(limit, k int64) []string {
	counts, sums := make([]int64, k), make([]int64, k)
	for n := range limit {
		counts[n%k]++
		sums[n%k] += n
	}
	var want []string
	for key := range k {
		if counts[key] > 0 {
			want = append(want, line(key, counts[key], sums[key], 0, 0))
		}
	}
	slices.Sort(want)
	return want
}

func line(values ...int64) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, numbers(v, v+1)[0])
	}
	return strings.Join(parts, ",")
}

// edge is one edge to a stage's input.
func edge(kind physical.ExchangeKind, stage *physical.Stage, input int) physical.Edge {
	x := &physical.Exchange{Kind: kind, To: physical.Input{Stage: stage, Number: input}}
	if kind == physical.Hash {
		x.Keys = []int{0}
	}
	return physical.Edge{Exchange: x}
}

// one is a single port with edges.
func one(edges ...physical.Edge) [][]physical.Edge { return [][]physical.Edge{edges} }

// tallied is a plan that counts the numbers of c by their remainders of k, in a stage of some tasks.
func tallied(c *counter, s *collector, k int64, lanes, tasks int) *physical.Plan {
	plan := pipe(c, s, lanes)
	count := &physical.Step{Name: "count", New: newTally(7, nil), Ports: one(plan.Sources[0].Next...)}
	stage := &physical.Stage{Name: "count", Tasks: tasks, Inputs: 1, Head: count}
	key := &physical.Step{Name: "key", New: newModulo(k), Ports: one(edge(physical.Hash, stage, 0))}
	plan.Sources[0].Next = []physical.Edge{{Step: key}}
	plan.Stages = []*physical.Stage{stage}
	return plan
}

// account runs plan and returns its account by step and sink, which must be balanced.
func account(t *testing.T, plan *physical.Plan, s flow.Settings) flow.Report {
	t.Helper()
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r := p.Report()
	if !r.Balanced() {
		t.Errorf("the account does not add up: %+v", r)
	}
	return r
}

func sorted(rows []string) []string { return slices.Sorted(slices.Values(rows)) }
