package keyed_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// jointRows are rows of two inputs that have one index, of how many rows of each a hash has in memory.
type jointRows struct {
	rows  [2]*keyed.Rows
	index map[uint64]*[2]int
	*keyed.Joint
	putting bool
	asked   uint64 // what is being loaded counts as missing
}

func newJointRows(t *testing.T, in *store.Memory) *jointRows {
	j := &jointRows{index: map[uint64]*[2]int{}}
	for input := range j.rows {
		rows := keyed.NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, 0, "rows", limit.New("test", 0))
		rows.SetExtras(keyed.Extras{Has: j.has, Postpone: true, Loaded: func(ids []uint32) error {
			if !j.putting {
				t.Error("nobody was told that rows are put in")
			}
			for _, id := range ids {
				j.enter(input, rows.HashOf(id))
			}
			return nil
		}})
		rows.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(input)}, To: math.MaxUint64}) //nolint:gosec // two
		rows.Attach(in.Reader(), 0)
		j.rows[input] = rows
	}
	j.Joint = keyed.NewJoint(j.has, func(on bool) { j.putting = on }, j.rows[0], j.rows[1])
	return j
}

func (j *jointRows) has(hash uint64) bool { return hash != j.asked && j.index[hash] != nil }

func (j *jointRows) enter(input int, hash uint64) {
	if j.index[hash] == nil {
		j.index[hash] = &[2]int{}
	}
	j.index[hash][input]++
}

// add appends rows with one hash.
func (j *jointRows) add(t *testing.T, input int, hash uint64, n int) {
	t.Helper()
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	hashes := slices.Repeat([]uint64{hash}, n)
	c.Reset(n)
	for i := range n {
		c.Int64s()[i] = int64(i)
		j.enter(input, hash)
	}
	if err := j.rows[input].Append([]*batch.Column{c}, hashes, nil, make([]uint32, n)); err != nil {
		t.Fatal(err)
	}
}

// storeEpoch stores what changed.
func storeEpoch(t *testing.T, in *store.Memory, parts ...*keyed.Rows) {
	t.Helper()
	changes := &store.Changes{}
	for _, p := range parts {
		p.Seal()
		if _, err := p.Drain(changes, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
}

// numberedHash spreads numbers over all key groups.
func numberedHash(n int) uint64 { return uint64(n+1) * 0x9e3779b97f4a7c15 } //nolint:gosec // any

// TestJointPartsAreReadTogether: behind each piece a hash has all its rows of both inputs in memory or none, however unevenly they have them; what is in memory already is not put in again, and with pass nothing is.
func TestJointPartsAreReadTogether(t *testing.T) {
	for _, many := range [][2]int{{1, 1}, {1, 40}, {40, 1}, {0, 3}, {3, 0}} {
		for _, pass := range []bool{false, true} {
			t.Run(fmt.Sprint(many, pass), func(t *testing.T) { readTogether(t, many, pass) })
		}
	}
}

func readTogether(t *testing.T, many [2]int, pass bool) {
	const hashes, shared = 500, 7
	stored := store.NewMemory()
	first := newJointRows(t, stored)
	want := map[uint64][2]int{}
	for n := range hashes {
		of := many
		if n%shared == 0 { // rows of both
			of = [2]int{2, 1}
		}
		for input, rows := range of {
			first.add(t, input, numberedHash(n), rows)
		}
		want[numberedHash(n)] = of
	}
	storeEpoch(t, stored, first.rows[0], first.rows[1])

	j := newJointRows(t, stored)
	for input, rows := range j.rows {
		rows.Above(first.rows[input].Highest())
	}
	j.Postpone(0)
	j.asked, j.putting = numberedHash(hashes/2), true // asked for before it is read on
	for _, rows := range j.rows {
		if err := rows.Load([]uint64{j.asked}, [keyed.Groups / 64]uint64{}); err != nil {
			t.Fatal(err)
		}
	}
	j.asked, j.putting = 0, false
	pieces := 0
	for more := true; more; pieces++ {
		var err error
		if more, err = j.ReadOn(10, pass); err != nil {
			t.Fatal(err)
		}
		for hash, have := range j.index {
			if *have != want[hash] {
				t.Fatalf("piece %d: hash %x has %v rows, of %v", pieces, hash, *have, want[hash])
			}
		}
	}
	if pieces < hashes/50 {
		t.Errorf("all was read in %d pieces", pieces)
	}
	if n := len(j.index); n != hashes && !pass || n != 1 && pass {
		t.Errorf("%d hashes are in memory", n)
	}
	for input, rows := range j.rows {
		if away := rows.HasAway(); away != pass {
			t.Errorf("rows of input %d are away: %v", input, away)
		}
	}
}

// TestJointPartsThatCannotBeNoted: where there is no memory to note rows of one part those of the other stay unread, too.
func TestJointPartsThatCannotBeNoted(t *testing.T) {
	const hashes = 20_000
	stored := store.NewMemory()
	first := newJointRows(t, stored)
	for n := range hashes {
		first.add(t, 0, numberedHash(n), 1)
		first.add(t, 1, numberedHash(n), 1)
	}
	storeEpoch(t, stored, first.rows[0], first.rows[1])
	j := newJointRows(t, stored)
	budget := limit.New("test", 64<<10)
	j.rows[1] = keyed.NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, 0, "rows", budget)
	j.rows[1].SetExtras(keyed.Extras{Has: j.has, Postpone: true})
	j.rows[1].Keep(keyed.Home{Space: store.Space{Operator: 1, Table: 1}, To: math.MaxUint64})
	j.rows[1].Attach(stored.Reader(), 0)
	j.Joint = keyed.NewJoint(j.has, nil, j.rows[0], j.rows[1])
	j.Postpone(0)
	for more, pieces := true, 0; more; pieces++ {
		var err error
		if more, err = j.ReadOn(100, true); err != nil {
			t.Fatal(err)
		}
		if pieces > hashes/100+1 {
			t.Fatal("all was noted, and the test is none")
		}
	}
	for n := range hashes {
		for input, rows := range j.rows {
			if !rows.MayBeAway(numberedHash(n)) {
				t.Fatalf("row %d of input %d is lost", n, input)
			}
		}
	}
	if !j.rows[0].HasUnread() || !j.rows[1].HasUnread() {
		t.Error("nothing is unread")
	}
}
