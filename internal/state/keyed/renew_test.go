package keyed_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// awayRows returns rows of n hashes, one each, all of which have left memory.
func awayRows(t *testing.T, budget *limit.Budget, n int) (rows *keyed.Rows, hashes []uint64) {
	t.Helper()
	pool, memory := &batch.Pool{}, store.NewMemory()
	typ := schema.Of(schema.Int64)
	rows = keyed.NewRows(pool, []schema.Type{typ}, 0, "test", budget)
	rows.SetExtras(keyed.Extras{Has: func(uint64) bool { return false }})
	rows.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	rows.Attach(memory.Reader(), 0)
	ids := make([]uint32, 0, n)
	for from := 0; from < n; from += batch.MaxRows {
		c := batch.NewColumn(pool, typ)
		some := make([]uint32, min(batch.MaxRows, n-from))
		c.Reset(len(some))
		for i := range some {
			c.Int64s()[i] = int64(from + i)
		}
		b := &batch.Batch{Cols: []*batch.Column{c}, Len: len(some)}
		own := keyed.NewHasher([]int{0}).Hash(b)
		hashes = append(hashes, own...)
		if err := rows.Append(b.Cols, own, nil, some); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, some...)
	}
	changes := &store.Changes{}
	for rows.Spill(changes, 1<<20) {
	}
	if err := memory.Apply(context.Background(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	if err := rows.Expel(ids); err != nil {
		t.Fatal(err)
	}
	return rows, hashes
}

// TestNotesAreMadeAnew: what a renewal has not noted is not away any more, what it has noted is, and so is what left meanwhile.
func TestNotesAreMadeAnew(t *testing.T) {
	budget := limit.New("test", 0)
	rows, hashes := awayRows(t, budget, 20_000)
	before := budget.Used()
	if noted := rows.Noted(); noted < 19_000 {
		t.Fatalf("%d hashes are noted", noted)
	}
	rows.BeginRenewal()
	for _, hash := range hashes[:100] {
		rows.Renote(hash)
		rows.Renote(hash)
	}
	for _, hash := range hashes {
		if !rows.MayBeAway(hash) {
			t.Fatal("something is forgotten before the renewal is over")
		}
	}
	rows.Renewed()
	away := 0
	for i, hash := range hashes {
		switch has := rows.MayBeAway(hash); {
		case has:
			away++
		case i < 100:
			t.Fatal("something is forgotten that was noted")
		}
	}
	if away > 1000 || rows.Noted() > 100 || budget.Used() >= before {
		t.Errorf("%d hashes may be away, %d are noted, in %d bytes of %d", away, rows.Noted(), budget.Used(), before)
	}
	rows.Renewed() // none is under way
	if rows.BeginRenewal(); !rows.HasAway() {
		t.Error("nothing is away before the renewal is over")
	}
	if rows.Renewed(); rows.HasAway() || rows.Noted() > 0 {
		t.Error("something is away that nobody noted")
	}
	if rows.Free(); budget.Used() > 0 {
		t.Errorf("%d bytes are in use", budget.Used())
	}
}

// TestRenewalWithoutMemory is given up: what was noted before stays.
func TestRenewalWithoutMemory(t *testing.T) {
	budget := limit.New("test", 4<<20)
	rows, hashes := awayRows(t, budget, 20_000)
	rows.BeginRenewal()
	all := budget.Available()
	if !budget.TryReserve(all) {
		t.Fatal("no memory")
	}
	for _, hash := range hashes[:1] {
		rows.Renote(hash)
	}
	budget.Release(all)
	rows.Renewed()
	for _, hash := range hashes {
		if !rows.MayBeAway(hash) {
			t.Fatal("something is forgotten")
		}
	}
}

// TestBesideStandsBehindAllColumns: what is kept beside a stored row is found without its columns; a row that ends within them is corrupt.
func TestBesideStandsBehindAllColumns(t *testing.T) {
	source := everyType()
	memory := store.NewMemory()
	rows := keyed.NewRows(&batch.Pool{}, typesOf(source), 0, "test", limit.New("test", 0))
	rows.SetExtras(keyed.Extras{Append: func(dst []byte, id uint32) []byte { return append(append(dst, "beside"...), byte(id)) }, Has: func(uint64) bool { return false }})
	rows.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	rows.Attach(memory.Reader(), 0)
	if err := rows.Append(source.Cols, nil, nil, make([]uint32, source.Len)); err != nil {
		t.Fatal(err)
	}
	changes := &store.Changes{}
	for rows.Spill(changes, 1<<20) {
	}
	if err := memory.Apply(context.Background(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	read := 0
	over, err := rows.Read(&keyed.Bookmark{}, math.MaxUint64, func(_ uint64, _, value []byte) bool {
		want := append([]byte("beside"), byte(read))
		if got, err := rows.Beside(value); err != nil || !bytes.Equal(got, want) {
			t.Errorf("row %d: %q, %v", read, got, err)
		}
		var corrupt *keyed.CorruptError
		if _, err := rows.Beside(value[:len(value)-len(want)-1]); !errors.As(err, &corrupt) {
			t.Errorf("row %d without its last value: %v", read, err)
		}
		read++
		return true
	})
	if !over || err != nil || read != source.Len {
		t.Errorf("%d rows were read, over %t, %v", read, over, err)
	}
}

// TestNotesOfKeysThatTurnOver: keys come, leave memory, come back and are removed for ever, and nobody goes through those that are away: what is noted of them does not grow, and those that are away are found.
func TestNotesOfKeysThatTurnOver(t *testing.T) {
	const each, alive, rounds = 1500, 3, 60
	l := newLeavingTable(t)
	spill := func() {
		changes := &store.Changes{}
		for l.Spill(changes, 1<<20) {
		}
		l.apply(changes)
	}
	most := 0
	for round := range int64(rounds) {
		for n := range int64(each) {
			l.put(round*each + n)
			if n%100 == 0 { // a renewal goes on while keys come, leave and are looked up
				if err := l.Renew(); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Evict(10, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		spill()
		if err := l.Depart(false); err != nil {
			t.Fatal(err)
		}
		for n := range int64(each) {
			if n += (round - alive) * each; n < 0 {
				continue
			}
			slot := l.find(n)
			if slot == keyed.NoSlot {
				t.Fatalf("round %d: key %d is not found", round, n)
			}
			if err := l.Delete(slot); err != nil {
				t.Fatal(err)
			}
		}
		spill()
		most = max(most, l.Noted())
	}
	if most > 10*(alive+1)*each {
		t.Errorf("%d hashes are noted, and %d keys are there", most, (alive+1)*each)
	}
}

// TestNotesThatLastAreNotMadeAnew: what is noted means something, and so nothing is read for it.
func TestNotesThatLastAreNotMadeAnew(t *testing.T) {
	budget := limit.New("test", 0)
	rows, hashes := awayRows(t, budget, 20_000)
	before := rows.Noted()
	for range 10 {
		if err := rows.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Noted() != before {
		t.Errorf("%d hashes are noted, not %d", rows.Noted(), before)
	}
	for _, hash := range hashes {
		if !rows.MayBeAway(hash) {
			t.Fatal("something is forgotten")
		}
	}
}
