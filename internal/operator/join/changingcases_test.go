package join_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// teller feeds changes written as text, "left +I 1 a, right -D 2 b", and tells what comes of each.
type teller struct {
	t     *testing.T
	op    *join.Changing
	out   *op.Output
	types []schema.Type
}

func newTeller(t *testing.T, c join.Config, columns int) *teller {
	t.Helper()
	c.Name, c.Pool = "j", &batch.Pool{}
	if c.Budget == nil {
		c.Budget = limit.New("test", 0)
	}
	for range columns {
		c.Left, c.Right = append(c.Left, schema.Of(schema.Int64)), append(c.Right, schema.Of(schema.Int64))
	}
	o, err := join.NewChanging(&c)
	if err != nil {
		t.Fatal(err)
	}
	return &teller{t: t, op: o, out: op.NewOutput(1), types: c.Left}
}

// feed feeds one batch: the input, and each row with its kind. It returns what was emitted, in order, and the codes of what was rejected.
func (r *teller) feed(text string) string {
	r.t.Helper()
	input, rest, _ := strings.Cut(text, " ")
	b := &batch.Batch{}
	var rows [][]string
	for row := range strings.SplitSeq(rest, ", ") {
		cells := strings.Fields(row)
		b.Kinds = append(b.Kinds, map[string]batch.Change{"+I": batch.Insert, "-U": batch.UpdateBefore, "+U": batch.UpdateAfter, "-D": batch.Delete}[cells[0]])
		rows = append(rows, cells[1:])
	}
	plain := makeBatch(r.t, r.types, rows, false)
	b.Cols, b.Len = plain.Cols, plain.Len
	var said []string
	for more := true; more; {
		r.out.Reset()
		var err error
		if more, err = r.op.ApplyInput(map[string]int{"left": 0, "right": 1}[input], b, r.out); err != nil {
			r.t.Fatal(err)
		}
		for _, reject := range r.out.Rejects {
			said = append(said, fmt.Sprintf("%s of row %d", reject.Err.Code, reject.Row))
		}
		if b := r.out.Ports[0]; b != nil {
			for i, row := range texts(b) {
				kind := batch.Insert
				if b.Kinds != nil {
					kind = b.Kinds[i]
				}
				said = append(said, kind.String()+" "+row)
			}
		}
	}
	return strings.Join(said, ", ")
}

// tell feeds batches and compares what comes of them: pairs of both.
func (r *teller) tell(pairs ...string) {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := r.feed(pairs[i]); got != pairs[i+1] {
			r.t.Errorf("%s\n gives %s\n want  %s", pairs[i], got, pairs[i+1])
		}
	}
}

func TestWhatRowsGive(t *testing.T) {
	key := []join.Key{{}}
	t.Run("left join", func(t *testing.T) {
		newTeller(t, join.Config{Kind: join.Left, Keys: key}, 2).tell(
			"left +I 1 10", "+I 1 10 NULL NULL",
			"right +I 1 20", "-U 1 10 NULL NULL, +U 1 10 1 20",
			"right +I 1 21", "+I 1 10 1 21",
			"right -U 1 20, +U 1 22", "-U 1 10 1 20, +U 1 10 1 22",
			"right -D 1 21", "-D 1 10 1 21",
			"left -U 1 10, +U 1 11", "-U 1 10 1 22, +U 1 11 1 22",
			"left -U 1 11, +U 2 11", "-D 1 11 1 22, +I 2 11 NULL NULL",
			"left -U 2 11, +U 2 12", "-U 2 11 NULL NULL, +U 2 12 NULL NULL",
			"left -U 2 12, +U 1 12", "-D 2 12 NULL NULL, +I 1 12 1 22",
			"right -D 1 22", "-U 1 12 1 22, +U 1 12 NULL NULL",
			"left -D 1 12, +I NULL 1, -D NULL 1", "-D 1 12 NULL NULL, +I NULL 1 NULL NULL, -D NULL 1 NULL NULL",
		)
	})
	t.Run("what cancels out gives nothing", func(t *testing.T) {
		newTeller(t, join.Config{Kind: join.Full, Keys: key}, 2).tell(
			"left +I 1 10, -D 1 10", "",
			"left +I 1 10", "+I 1 10 NULL NULL",
			"right +I 1 20, -U 1 20, +U 1 21, -D 1 21", "",
			"right +I 1 20", "-U 1 10 NULL NULL, +U 1 10 1 20",
			"right -D 1 20, +I 1 21", "-D 1 10 1 20, +I 1 10 1 21",
			"right -U 1 21, +U 1 21", "",
			"right -D 2 1", "",
		)
	})
	t.Run("semi join of rows that stay", func(t *testing.T) {
		stay := [2]join.Input{{AppendOnly: true}, {AppendOnly: true}}
		newTeller(t, join.Config{Kind: join.Semi, Keys: key, Inputs: stay}, 2).tell(
			"left +I 1 10, +I 2 11", "",
			"right +I 1 20, +I 1 20", "+I 1 10",
			"right +I 1 21", "",
			"left +I 1 12", "+I 1 12",
		)
	})
	t.Run("mark join", func(t *testing.T) {
		newTeller(t, join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}}}, 1).tell(
			"left +I 1, +I NULL", "+I 1 f, +I NULL f",
			"right +I NULL", "-U NULL f, +U NULL NULL, -U 1 f, +U 1 NULL",
			"right +I 1", "-U 1 NULL, +U 1 t",
			"right -D NULL", "",
			"right -D 1", "-U 1 t, +U 1 f, -U NULL NULL, +U NULL f",
		)
	})
}

// TestWhatIsNotKnownIsNotTakenBack: what is taken back and was never there changes nothing, then or later.
func TestWhatIsNotKnownIsNotTakenBack(t *testing.T) {
	for kind, want := range map[join.Kind][3]string{
		join.Semi: {"", "+I 1 10", "-D 1 10"}, join.Anti: {"+I 1 10", "-D 1 10", "+I 1 10"},
		join.Left: {"+I 1 10 NULL NULL", "-U 1 10 NULL NULL, +U 1 10 1 20", "-U 1 10 1 20, +U 1 10 NULL NULL"},
	} {
		r := newTeller(t, join.Config{Kind: kind, Keys: []join.Key{{}}}, 2)
		r.tell(
			"right -D 1 20", "",
			"left -D 1 10", "",
			"left +I 1 10", want[0],
			"right -D 1 20", "",
			"right +I 1 20", want[1],
			"right -D 1 20, -D 1 20", want[2],
			"right +I 1 20", want[1],
			"left -D 1 11", "",
		)
		if r.op.Ignored() != 5 {
			t.Errorf("%s join: %d rows were ignored", kind, r.op.Ignored())
		}
	}
}

// TestSecondRows: a scalar subquery has one row at most.
func TestSecondRows(t *testing.T) {
	c := join.Config{Kind: join.Single, Keys: []join.Key{{}}}
	newTeller(t, c, 2).tell(
		"left +I 1 10", "+I 1 10 NULL NULL",
		"right +I 1 20, +I 1 21", "21000 of row 1, -U 1 10 NULL NULL, +U 1 10 1 20",
		"right -D 1 21", "",
		"right -D 1 20", "-U 1 10 1 20, +U 1 10 NULL NULL",
		"right +I 2 1, +I 2 2", "",
		"left +I 2 10, -D 2 10, -U 2 10, +U 2 11, -U 1 10, +U 2 10", "21000 of row 0, 21000 of row 3, 21000 of row 5, -D 1 10 NULL NULL",
	)
	c.Residual, c.Reads = program(t, []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}, []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}, "l1 < r1")
	newTeller(t, c, 2).tell(
		"left +I 1 10", "+I 1 10 NULL NULL",
		"right +I 1 9, +I 1 20", "-U 1 10 NULL NULL, +U 1 10 1 20",
		"right +I 1 21", "21000 of row 0",
		"right -U 1 20, +U 1 22", "-U 1 10 1 20, +U 1 10 1 22",
		"left +I 1 8, +I 1 11", "21000 of row 0, +I 1 11 1 22",
		"left -D 1 8, -D 1 11", "-D 1 11 1 22",
		"left -U 1 10, +U 1 22", "-D 1 10 1 22, +I 1 22 NULL NULL",
		"right -D 1 22", "",
	)
}

// TestSecondRowsForAMoment: where it is known that there is one row at most, the new one may come before the old one is taken back.
func TestSecondRowsForAMoment(t *testing.T) {
	newTeller(t, join.Config{Kind: join.Single, Keys: []join.Key{{}}, Inputs: [2]join.Input{{}, {Unique: true}}}, 2).tell(
		"left +I 1 10", "+I 1 10 NULL NULL",
		"right +I 1 20", "-U 1 10 NULL NULL, +U 1 10 1 20",
		"right +I 1 21", "+I 1 10 1 21",
		"right -D 1 20", "-D 1 10 1 20",
	)
}

// TestRowsThatFail: a row beside which the condition fails is rejected, and is not there.
func TestRowsThatFail(t *testing.T) {
	two := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Left, join.Full, join.Anti} {
		c := join.Config{Kind: kind, Keys: []join.Key{{}}}
		c.Residual, c.Reads = program(t, two, two, "6 / (l1 - r1) > 0")
		r := newTeller(t, c, 2)
		r.feed("left +I 1 5")
		for _, text := range []string{"right +I 1 5", "right +I 1 5, -D 1 5"} {
			if got := r.feed(text); text == "right +I 1 5" && got != "22012 of row 0" {
				t.Errorf("%s join: %s gives %s", kind, text, got)
			}
		}
		if got := r.feed("right -D 1 5"); got != "" || r.op.Ignored() == 0 {
			t.Errorf("%s join: a row that was rejected is taken back: %s, %d ignored", kind, got, r.op.Ignored())
		}
		r.feed("right +I 1 1")
		if got, want := r.feed("left -U 1 5, +U 1 1"), map[join.Kind]string{
			join.Left: "22012 of row 1, -D 1 5 1 1", join.Full: "22012 of row 1, -D 1 5 1 1, +I NULL NULL 1 1", join.Anti: "22012 of row 1",
		}[kind]; got != want {
			t.Errorf("%s join gives %s, want %s", kind, got, want)
		}
		if kind == join.Anti {
			continue
		}
		if got, want := r.feed("right -D 1 1"), map[join.Kind]string{join.Left: "", join.Full: "-D NULL NULL 1 1"}[kind]; got != want {
			t.Errorf("%s join gives %s, want %s", kind, got, want)
		}
	}
}

// TestRowsThatAreDoneWith are not kept: what they meet is there, and nothing else will come.
func TestRowsThatAreDoneWith(t *testing.T) {
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Semi, join.Anti, join.Mark} {
		r := newTeller(t, join.Config{Kind: kind, Keys: []join.Key{{}}, Inputs: [2]join.Input{{AppendOnly: true}, {AppendOnly: true, Unique: true}}}, 2)
		kept := func() int { return r.op.Tables()[2].(*keyed.Rows).Len() }
		r.feed("left +I 1 10, +I 2 11, +I 3 12")
		if kept() != 3 {
			t.Errorf("%s join: %d rows wait", kind, kept())
		}
		r.feed("right +I 1 20, +I 2 21")
		if kept() != 1 {
			t.Errorf("%s join: %d rows wait for one key", kind, kept())
		}
		r.feed("left +I 1 13, +I 4 14")
		if kept() != 2 {
			t.Errorf("%s join: %d rows wait for two keys", kind, kept())
		}
	}
}

// TestManyRowsOfAKey: to take one of them back does not take longer the more there are, equal ones included; and all of them join.
func TestManyRowsOfAKey(t *testing.T) {
	const n = 60_000
	budget := limit.New("test", 0)
	number := schema.Of(schema.Int64)
	c := join.Config{Kind: join.Left, Left: []schema.Type{number, number}, Right: []schema.Type{number}, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: budget}
	j, err := join.NewChanging(&c)
	if err != nil {
		t.Fatal(err)
	}
	out := op.NewOutput(1)
	total := 0
	feed := func(input int, kind batch.Change, values []int) {
		for from := 0; from < len(values); from += batch.MaxRows {
			some := values[from:min(from+batch.MaxRows, len(values))]
			b := &batch.Batch{Len: len(some), Kinds: slices.Repeat([]batch.Change{kind}, len(some))}
			for k := range 2 - input {
				col := batch.NewColumn(c.Pool, number)
				col.Reset(len(some))
				for i, v := range some {
					col.Int64s()[i] = []int64{1, int64(v)}[k]
				}
				b.Cols = append(b.Cols, col)
			}
			for more := true; more; {
				out.Reset()
				if more, err = j.ApplyInput(input, b, out); err != nil {
					t.Fatal(err)
				}
				if b := out.Ports[0]; b != nil {
					for i := range b.Len {
						if len(b.Kinds) > 0 && !op.Adds(b.Kinds[i]) {
							total--
						} else {
							total++
						}
					}
				}
			}
		}
	}
	values := make([]int, n)
	for i := range values {
		values[i] = max(0, i-n/3) // a third of them is equal
	}
	feed(join.LeftInput, batch.Insert, values)
	feed(join.RightInput, batch.Insert, []int{0})
	if total != n {
		t.Fatalf("%d rows of %d are joined", total, n)
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(n, func(i, k int) { values[i], values[k] = values[k], values[i] })
	feed(join.LeftInput, batch.Delete, values[:n-1])
	feed(join.RightInput, batch.Delete, []int{0})
	if total != 1 || j.Ignored() != 0 {
		t.Fatalf("%d rows are left, %d were not found", total, j.Ignored())
	}
	feed(join.LeftInput, batch.Delete, values[n-1:])
	for input := range 2 {
		if _, err := j.OnInputEnd(input, out); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheEndFreesMemory: what nothing can meet any more is not kept.
func TestTheEndFreesMemory(t *testing.T) {
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Mark} {
		for first := range 2 {
			budget := limit.New("test", 0)
			keys := []join.Key{{}}
			if kind == join.Mark {
				keys[0].Match = join.In
			}
			r := newTeller(t, join.Config{Kind: kind, Keys: keys, Budget: budget}, 2)
			for i := range 5000 {
				r.feed(fmt.Sprintf("left +I %d 1", i))
				r.feed(fmt.Sprintf("right +I %d 2", i))
			}
			both := budget.Used()
			if _, err := r.op.OnInputEnd(first, r.out); err != nil {
				t.Fatal(err)
			}
			one := budget.Used()
			// The rows of the other input are of use to those that come out according to their matches, which are those of the one that has ended.
			needed := kind == join.Full || kind == join.Right && first == join.RightInput || kind != join.Right && kind != join.Inner && first == join.LeftInput
			if (one == both) != needed {
				t.Errorf("%s join: %d bytes, and %d after the end of input %d", kind, both, one, first)
			}
			other := [2]string{"right", "left"}[first]
			r.feed(other + " +I 7 3, -D 7 3")
			r.feed(other + " +I 7 3")
			if got := budget.Used(); !needed && got > one {
				t.Errorf("%s join: %d bytes after the end of input %d, and then %d", kind, one, first, got)
			}
			if got := r.feed(other + " -D 7 3"); got == "" && kind != join.Semi && kind != join.Mark {
				t.Errorf("%s join: nothing is taken back after the end of input %d", kind, first)
			}
			if _, err := r.op.OnInputEnd(1-first, r.out); err != nil {
				t.Fatal(err)
			}
			if used := budget.Used(); used != 0 {
				t.Errorf("%s join: %d bytes after both ends", kind, used)
			}
		}
	}
}
