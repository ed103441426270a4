package join_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// stored makes an operator of each sort with state in every part.
func stored(t testing.TB) map[string]func() op.Multi {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	config := func(c join.Config) *join.Config {
		c.Name, c.Left, c.Right, c.Pool, c.Budget = "j", types, types, &batch.Pool{}, limit.New("test", 0)
		return &c
	}
	must := func(o op.Multi, err error) op.Multi {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	return map[string]func() op.Multi{
		"hash-v1": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}, {Left: 1, Right: 1}}}))
			return must(o, err)
		},
		"hash-dated-v2": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Left, Build: join.RightInput, Keys: []join.Key{{}}, Dated: true}))
			return must(o, err)
		},
		"hash-undated-v1": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Left, Build: join.RightInput, Keys: []join.Key{{}}}))
			return must(o, err)
		},
		"hash-whole-v1": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}}}))
			return must(o, err)
		},
		"hash-bare-v1": func() op.Multi {
			keys := []join.Key{{Match: join.In}, {Left: 1, Right: 1}}
			o, err := join.NewHash(config(join.Config{Kind: join.Anti, NullAware: true, Build: join.RightInput, Keys: keys}))
			return must(o, err)
		},
		"loop-v1": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Full}))
			return must(o, err)
		},
		"changing-v1": func() op.Multi {
			o, err := join.NewChanging(config(join.Config{Kind: join.Full, Keys: []join.Key{{}}}))
			return must(o, err)
		},
		"changing-numbers-v1": func() op.Multi {
			o, err := join.NewChanging(config(join.Config{Kind: join.Anti, Keys: []join.Key{{}}}))
			return must(o, err)
		},
		"changing-aware-v1": func() op.Multi {
			o, err := join.NewChanging(config(join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}, {Left: 1, Right: 1}}}))
			return must(o, err)
		},
		"changing-ttl-v1": func() op.Multi {
			o, err := join.NewChanging(config(join.Config{Kind: join.Full, Keys: []join.Key{{}}, Inputs: [2]join.Input{{TTL: 1}, {TTL: 1}}}))
			if err == nil {
				_, err = o.OnTime(1_000_000, op.NewOutput(1))
			}
			return must(o, err)
		},
		"merge-v1": func() op.Multi {
			o, err := join.NewMerge(config(join.Config{Kind: join.Full, Keys: []join.Key{{}}}))
			return must(o, err)
		},
		"broadcast-v1": func() op.Multi {
			o, err := join.NewHash(config(join.Config{Kind: join.Left, Build: join.RightInput, Keys: []join.Key{{}}, Broadcast: true, Deal: []int{1}}))
			return must(o, err)
		},
	}
}

// storedRows are fed to each of them.
func storedRows(input int) [][]string {
	rows := [][]string{{"1", "a"}, {"1", "a text that is not inline"}, {"2", "a"}, {"2", "b"}, {null, "a"}, {null, null}}
	if input == join.RightInput {
		rows = rows[1:]
	}
	return rows
}

func fill(t testing.TB, o op.Multi) *run {
	t.Helper()
	r := newRun(t, o)
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	for input := range 2 {
		if err := r.feed(types, event{input: input, rows: storedRows(input), dated: input == join.LeftInput}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestFixtures: state that a released version stored is read, and written as it was.
func TestFixtures(t *testing.T) {
	for name, fresh := range stored(t) {
		t.Run(name, func(t *testing.T) {
			r := fill(t, fresh())
			var written []byte
			add := func(label byte, data []byte) {
				written = append(binary.AppendUvarint(append(written, label), uint64(len(data))), data...)
			}
			state := r.snapshot()
			for g := range op.KeyGroups {
				if data := state[op.KeyGroup(g)]; data != nil {
					add(byte(g), data)
				}
			}
			if shared, ok := r.op.(op.Shared); ok {
				data, err := shared.SnapshotShared()
				if err != nil {
					t.Fatal(err)
				}
				if data != nil {
					add('S', data)
				}
			}
			path := filepath.Join("testdata", name+".state")
			kept, err := os.ReadFile(path)
			if os.IsNotExist(err) && *writeFixtures {
				kept, err = written, os.WriteFile(path, written, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(kept, written) {
				t.Fatalf("%s is written differently now; a change of the layout needs a new version", path)
			}
		})
	}
}

// TestRestoredOperatorsGoOn with both kinds of state of a broadcast join, too.
func TestRestoredOperatorsGoOn(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	for name, fresh := range stored(t) {
		t.Run(name, func(t *testing.T) {
			ways := make([][]string, 2)
			for way := range ways {
				r := fill(t, fresh())
				if way == 1 {
					next := fresh()
					if shared, ok := r.op.(op.Shared); ok {
						data, err := shared.SnapshotShared()
						if err != nil {
							t.Fatal(err)
						}
						if data != nil {
							if err := next.(op.Shared).RestoreShared(data); err != nil {
								t.Fatal(err)
							}
						}
					}
					r.restart(next)
				}
				for input := range 2 {
					if err := r.feed(types, event{input: input}); err != nil {
						t.Fatal(err)
					}
				}
				ways[way] = r.rows
			}
			if len(ways[0]) == 0 || !slices.Equal(ways[0], ways[1]) {
				t.Errorf("%q, restored %q", ways[0], ways[1])
			}
		})
	}
}

// TestDamagedStateIsRefused, wherever it is damaged.
func TestDamagedStateIsRefused(t *testing.T) {
	for name, fresh := range stored(t) {
		t.Run(name, func(t *testing.T) {
			r := fill(t, fresh())
			check := func(data []byte, restore func(op.Multi, []byte) error) {
				for i := range data {
					for _, damaged := range [][]byte{data[:i], flipped(data, i)} {
						var corrupt *keyed.CorruptError
						if err := restore(fresh(), damaged); !errors.As(err, &corrupt) {
							t.Fatalf("byte %d: %v", i, err)
						}
					}
				}
			}
			for g, data := range r.snapshot() {
				check(data, func(o op.Multi, damaged []byte) error { return o.(op.Stateful).Restore(g, damaged) })
				break
			}
			if shared, ok := r.op.(op.Shared); ok {
				data, err := shared.SnapshotShared()
				if err != nil {
					t.Fatal(err)
				}
				check(data, func(o op.Multi, damaged []byte) error { return o.(op.Shared).RestoreShared(damaged) })
			}
		})
	}
}

func flipped(data []byte, i int) []byte {
	damaged := slices.Clone(data)
	damaged[i] ^= 0x10
	return damaged
}

// TestStateOfAnotherShapeIsRefused: the seals are right, and yet the parts are not those of this join.
func TestStateOfAnotherShapeIsRefused(t *testing.T) {
	key := []schema.Type{schema.Of(schema.Int64)}
	budget := limit.New("test", 0)
	cols := makeBatch(t, key, [][]string{{"1"}}, false).Cols
	rows := keyed.NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}, 2, "j", budget)
	if err := rows.Append([]*batch.Column{cols[0], nil}, nil, nil, make([]uint32, 1)); err != nil {
		t.Fatal(err)
	}
	store, err := rows.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	table := func(types []schema.Type, value ...byte) []byte {
		tab := keyed.NewTable(&batch.Pool{}, types, "j", budget)
		values := [][]string{{"1", "a"}}
		if len(types) == 1 {
			values[0] = []string{"a"}
		}
		if _, err := tab.Upsert([]uint64{7}, makeBatch(t, types, values, false).Cols, nil, make([]uint32, 1)); err != nil {
			t.Fatal(err)
		}
		data, err := tab.Snapshot(0, func(dst []byte, _ uint32) []byte { return append(dst, value...) })
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	both, text := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}, []schema.Type{schema.Of(schema.Text)}
	for name, parts := range map[string][][]byte{
		"short chain":        {store, table(both, 1, 2), nil, nil, nil},
		"chain of no rows":   {store, table(both, 0, 0, 0, 0, 9, 0, 0, 0), nil, nil, nil},
		"short group":        {store, nil, table(text, 1, 2), nil, nil},
		"group of no rows":   {store, nil, table(text, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0), nil, nil},
		"other number":       {store, nil},
		"rows of other type": {table(both, 1), nil, nil, nil, nil},
		"held of other type": {nil, nil, nil, nil, store},
	} {
		var corrupt *keyed.CorruptError
		if err := stored(t)["hash-v1"]().(op.Stateful).Restore(0, keyed.AppendParts(nil, 1, parts...)); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, parts := range map[string][][]byte{
		"chain where there are no rows": {nil, table(both, 0, 0, 0, 0, 0, 0, 0, 0), nil, nil, nil},
		"group where there are no rows": {nil, nil, table(text, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), nil, nil},
		"no group":                      {nil, nil, table(text, 0), nil, nil},
	} {
		var corrupt *keyed.CorruptError
		if err := stored(t)["hash-bare-v1"]().(op.Stateful).Restore(0, keyed.AppendParts(nil, 1, parts...)); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"changing-v1", "changing-numbers-v1", "merge-v1", "broadcast-v1"} {
		var corrupt *keyed.CorruptError
		o := stored(t)[name]()
		if err := o.(op.Stateful).Restore(0, keyed.AppendParts(nil, 1, store)); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if shared, ok := o.(op.Shared); ok {
			for _, data := range [][]byte{keyed.AppendParts(nil, 1, store), keyed.AppendParts(nil, 1, append([][]byte{store}, make([][]byte, 255)...)...)} {
				if err := shared.RestoreShared(data); !errors.As(err, &corrupt) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}
