package timejoin_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// create makes a join of a pool and a budget.
type create func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error)

func createInterval(c timejoin.IntervalConfig) create {
	return func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		c.Pool, c.Budget = pool, budget
		return timejoin.NewInterval(&c)
	}
}

func createWindow(c timejoin.WindowConfig) create {
	return func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		c.Pool, c.Budget = pool, budget
		return timejoin.NewWindow(&c)
	}
}

func createTemporal(c timejoin.TemporalConfig) create {
	return func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		c.Pool, c.Budget = pool, budget
		return timejoin.NewTemporal(&c)
	}
}

// driven is a join as optest drives it: rows may be lag behind the watermark.
func driven(create create, keys []int, lag int64) optest.Operator {
	return optest.Operator{New: create, Inputs: []optest.Input{{Keys: keys}, {Keys: keys}}, Watermarks: optest.Bound(lag, timeColumn, timeColumn), Times: optest.AnyTime}
}

// drawRows draws rows in any order.
func drawRows(t *rapid.T, first int64) []row {
	rows := make([]row, rapid.IntRange(0, 30).Draw(t, "rows"))
	for i := range rows {
		rows[i].id = first + int64(i)
		if at := rapid.Int64Range(-21, 20).Draw(t, "time"); at > -21 {
			at *= unit
			rows[i].time = &at
		}
		if key := rapid.Int64Range(-1, 3).Draw(t, "key"); key >= 0 {
			rows[i].key = &key
		}
	}
	return rows
}

func drawBoth(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	return []*batch.Batch{lend(drawRows(t, 1), nil), lend(drawRows(t, 1001), nil)}
}

// rowsOf are the rows of a batch.
func rowsOf(b *batch.Batch) []row {
	rows := make([]row, b.Len)
	for i := range rows {
		cell := func(column int) *int64 {
			if b.Cols[column].IsNull(i) {
				return nil
			}
			v := b.Cols[column].Int64s()[i]
			return &v
		}
		rows[i] = row{key: cell(keyColumn), time: cell(timeColumn), id: *cell(idColumn)}
	}
	return rows
}

// texts are pairs of rows as optest writes them.
func texts(want map[pair]int, left, right *batch.Batch) [][]string {
	b := &batch.Batch{}
	half := func(in *batch.Batch, id func(pair) int64) {
		for _, from := range in.Cols {
			c := batch.NewColumn(&batch.Pool{}, from.Type())
			c.Reset(len(want))
			b.Cols = append(b.Cols, c)
			row := 0
			for _, p := range ordered(want) {
				if id(p) == 0 {
					c.SetNull(row)
				} else {
					c.CopyRow(row, from, int(id(p)-in.Cols[idColumn].Int64s()[0]))
				}
				row++
			}
		}
	}
	b.Len = len(want)
	half(left, func(p pair) int64 { return p.left })
	half(right, func(p pair) int64 { return p.right })
	return [][]string{sdktest.Rows(b)}
}

func ordered(want map[pair]int) []pair {
	return slices.SortedFunc(maps.Keys(want), func(a, b pair) int { return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right)) })
}

func TestIntervalJoinsDrivenInEveryWay(t *testing.T) {
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Full} {
		c := interval(kind, -3, 5)
		c.LeftLag, c.RightLag = 2*unit, 2*unit
		optest.Check(t, driven(createInterval(c), c.HashColumns(0), 2*unit), drawBoth, func(inputs []*batch.Batch) [][]string {
			i := intervalCase{cfg: c}
			return texts(i.wantOf(kind, rowsOf(inputs[0]), rowsOf(inputs[1])), inputs[0], inputs[1])
		})
	}
	for _, kind := range []timejoin.Kind{timejoin.Right, timejoin.Semi, timejoin.Anti} {
		c := interval(kind, -3, 5)
		c.Keys = nil
		optest.Check(t, driven(createInterval(c), nil, 0), drawBoth, nil)
		c = interval(kind, -3, 5)
		optest.Check(t, driven(createInterval(c), c.HashColumns(0), 0), drawBoth, nil)
	}
	endless := interval(timejoin.Full, -3, 5)
	endless.Lower = timejoin.NoLower
	optest.Check(t, driven(createInterval(endless), endless.HashColumns(0), 0), drawBoth, nil)
}

func TestWindowJoinsDrivenInEveryWay(t *testing.T) {
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Right, timejoin.Full, timejoin.Semi, timejoin.Anti} {
		for _, width := range []int64{0, unit} {
			c := windowed(kind)
			c.Lag, c.Width = unit, width
			var want func(inputs []*batch.Batch) [][]string
			if kind <= timejoin.Full {
				want = func(inputs []*batch.Batch) [][]string {
					equal := func(l, r row) bool {
						return l.key != nil && r.key != nil && *l.key == *r.key && l.time != nil && r.time != nil && *l.time == *r.time
					}
					return texts(define(kind, rowsOf(inputs[0]), rowsOf(inputs[1]), equal), inputs[0], inputs[1])
				}
			}
			o := driven(createWindow(c), c.HashColumns(0), unit-1)
			optest.Check(t, o, drawBoth, want)
			o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
				w, err := createWindow(c)(pool, budget)
				if err == nil {
					w.(*timejoin.Window).TakePieces(2, 3)
				}
				return w, err
			}
			optest.Check(t, o, drawBoth, want)
		}
	}
}

func TestTemporalJoinsDrivenInEveryWay(t *testing.T) {
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Left} {
		c := temporal(kind)
		c.LeftLag, c.RightLag = unit, unit
		optest.Check(t, driven(createTemporal(c), c.HashColumns(0), unit), drawBoth, nil)
		c.Processing = true
		o := driven(createTemporal(c), c.HashColumns(0), unit)
		o.Inputs[0].Follows = []int{1} // what a row meets is a matter of when it comes
		optest.Check(t, o, drawBoth, nil)
	}
}

func TestJoinsWithoutMemory(t *testing.T) {
	var lefts, rights []row
	for i := range int64(2000) {
		lefts, rights = append(lefts, at(1+i, i%1000, i%7)), append(rights, at(10_001+i, i%500, i%5))
	}
	inputs := []*batch.Batch{lend(lefts, nil), lend(rights, nil)}
	full := interval(timejoin.Full, -3, 5)
	optest.Starve(t, driven(createInterval(full), full.HashColumns(0), 0), "full interval join j", inputs...)
	window := windowed(timejoin.Full)
	window.Width = 0
	optest.Starve(t, driven(createWindow(window), window.HashColumns(0), 0), "full window join j", inputs...)
	left := temporal(timejoin.Left)
	optest.Starve(t, driven(createTemporal(left), left.HashColumns(0), 0), "left temporal join j", inputs...)
}

var write = flag.Bool("write-fixtures", false, "write the fixtures that are missing")

// TestStateIsReadAsItWasWritten: the files hold what joins stored that had rows of all sorts. Those of a released version are never written again.
func TestStateIsReadAsItWasWritten(t *testing.T) {
	keyless, timeless := at(90, 0, 3), at(91, 7, 0)
	keyless.key, timeless.time = nil, nil
	lefts := []row{at(1, 7, 10), at(2, 7, 20), at(3, 8, 12), at(4, -9, -100), keyless, timeless, at(5, 7, 10)}
	rights := []row{at(1001, 7, 10), at(1002, 7, 11), at(1003, 9, 12), of(batch.Delete, at(1003, 9, 12)), at(1004, 7, 10)}
	ttl := interval(timejoin.Full, timejoin.NoLower, 5)
	ttl.Lower, ttl.TTL = timejoin.NoLower, 8_000_000
	sessions := windowed(timejoin.Full)
	sessions.Width = 0
	upserts := temporal(timejoin.Left)
	upserts.Upsert = true
	now := temporal(timejoin.Left)
	now.Processing = true
	for name, create := range map[string]create{
		"interval": createInterval(interval(timejoin.Full, -3, 5)), "interval-ttl": createInterval(ttl), "window": createWindow(sessions),
		"temporal": createTemporal(upserts), "temporal-now": createTemporal(now),
	} {
		changes := name == "window" || name == "temporal" || name == "temporal-now"
		fresh := func() *rig {
			return newRig(t, []int{keyColumn}, 1, false, func(budget *limit.Budget) op.Multi {
				o, err := create(&batch.Pool{}, budget)
				if err != nil {
					t.Fatal(err)
				}
				return o.(op.Multi)
			})
		}
		r := fresh()
		r.feed(0, lefts[:4], nil)
		r.tick(20_000_000)
		for _, right := range rights {
			if right.kind == batch.Insert || changes {
				r.feed(1, []row{right}, nil)
			}
		}
		r.feed(0, lefts[4:], nil)
		r.watermark(0, 10*unit)
		r.watermark(1, 10*unit)
		r.order, r.got = nil, map[pair]int{}
		var stored []byte
		for g := range op.KeyGroups {
			data, err := r.instances[0].op.(op.Stateful).Snapshot(op.KeyGroup(g))
			if err != nil {
				t.Fatal(err)
			}
			if data != nil {
				stored = append(binary.AppendUvarint(append(stored, byte(g)), uint64(len(data))), data...)
			}
		}
		path := "testdata/" + name + "-1.state"
		kept, err := os.ReadFile(path)
		if os.IsNotExist(err) && *write {
			kept, err = stored, os.WriteFile(path, stored, 0o644) //nolint:gosec // part of the repository
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(kept, stored) {
			t.Errorf("%s is written differently now; a change of the layout needs a new version", path)
		}
		again := fresh()
		for len(kept) > 0 {
			size, n := binary.Uvarint(kept[1:])
			if err := again.instances[0].op.(op.Stateful).Restore(op.KeyGroup(kept[0]), kept[1+n:1+n+int(size)]); err != nil {
				t.Fatal(err)
			}
			kept = kept[1+n+int(size):]
		}
		for _, r := range []*rig{r, again} {
			r.feed(1, []row{at(2001, 7, 15), at(2002, 8, 13)}, nil)
			r.feed(0, []row{at(11, 7, 12), at(12, 9, 14)}, nil)
			r.end(0)
			r.end(1)
			for _, in := range r.instances {
				if e, ok := in.op.(op.Ender); ok {
					r.call(in, -1, nil, e.OnEnd)
				}
			}
		}
		if len(r.got) == 0 {
			t.Errorf("%s: nothing came out", name)
		}
		again.same(r.got, "a join restored from "+path+" goes on differently")
	}
}

func TestDamagedState(t *testing.T) {
	for name, create := range map[string]create{
		"interval": createInterval(interval(timejoin.Full, -3, 5)), "window": createWindow(windowed(timejoin.Full)), "temporal": createTemporal(temporal(timejoin.Left)),
	} {
		r := newRig(t, []int{keyColumn}, 1, false, func(budget *limit.Budget) op.Multi {
			o, err := create(&batch.Pool{}, budget)
			if err != nil {
				t.Fatal(err)
			}
			return o.(op.Multi)
		})
		r.feed(0, []row{at(1, 7, 10), at(2, 7, 20)}, nil)
		r.feed(1, []row{at(1001, 7, 10)}, nil)
		for g := range op.KeyGroups {
			data, err := r.instances[0].op.(op.Stateful).Snapshot(op.KeyGroup(g))
			if err != nil {
				t.Fatal(err)
			}
			for cut := range data {
				r.make(1)
				if err := r.instances[0].op.(op.Stateful).Restore(op.KeyGroup(g), data[:cut]); err == nil {
					t.Fatalf("%s: %d of %d bytes are restored", name, cut, len(data))
				}
				bad := bytes.Clone(data)
				bad[cut] ^= 0x55
				r.make(1)
				if err := r.instances[0].op.(op.Stateful).Restore(op.KeyGroup(g), bad); err == nil {
					t.Fatalf("%s: state is restored whose byte %d is wrong", name, cut)
				}
			}
		}
	}
}
