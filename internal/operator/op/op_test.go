package op_test

import (
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

func TestGroupOfIsTheTopByteOfTheHash(t *testing.T) {
	for hash, want := range map[uint64]op.KeyGroup{0: 0, 1<<56 - 1: 0, 1 << 56: 1, 1<<64 - 1: 255} {
		if got := op.GroupOf(hash); got != want {
			t.Errorf("group of %x is %d, want %d", hash, got, want)
		}
	}
}

func TestAccountsAddUp(t *testing.T) {
	one := op.Counts{In: 21, Forwarded: 1, Absorbed: 2, Filtered: 3, Late: 4, Rejected: 5, Held: 6, Emitted: 7, LateWindows: 8}
	if !one.Balanced() {
		t.Error("21 = 1+2+3+4+5+6")
	}
	sum := one
	sum.Add(one)
	if want := (op.Counts{In: 42, Forwarded: 2, Absorbed: 4, Filtered: 6, Late: 8, Rejected: 10, Held: 12, Emitted: 14, LateWindows: 16}); sum != want {
		t.Errorf("%+v", sum)
	}
	sum.Late--
	if sum.Balanced() {
		t.Error("a lost row was not noticed")
	}
}

func TestOutputForgetsOnReset(t *testing.T) {
	out := op.NewOutput(2)
	out.Emit(1, &batch.Batch{Len: 5})
	out.Reject(3, sqlstate.New(sqlstate.DivisionByZero, "x"))
	if out.Counts.Emitted != 5 || out.Counts.Rejected != 1 || out.Rejects[0].Row != 3 {
		t.Errorf("%+v", out)
	}
	out.Reset()
	if out.Ports[1] != nil || len(out.Rejects) != 0 || out.Counts != (op.Counts{}) {
		t.Errorf("%+v", out)
	}
}

// asked is a table that remembers what it was asked to load.
type asked struct {
	hashes []uint64
	groups [op.KeyGroups / 64]uint64
}

func (*asked) Resident() bool { return false }

func (a *asked) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	a.hashes, a.groups = append([]uint64(nil), hashes...), groups
	return nil
}

func TestNeedsAreLoadedTableByTable(t *testing.T) {
	var needs op.Needs
	first, second := &asked{}, &asked{}
	tables := []op.Table{first, second}
	needs.Keys(0, []uint64{7})
	needs.Keys(0, []uint64{8, 9})
	needs.Groups(1, 63, 64)
	if err := needs.Load(tables); err != nil {
		t.Fatal(err)
	}
	if len(first.hashes) != 3 || first.groups != [4]uint64{} {
		t.Errorf("the first table loads %v and %x", first.hashes, first.groups)
	}
	if len(second.hashes) != 0 || second.groups != [4]uint64{1 << 63, 1} {
		t.Errorf("the second table loads %v and %x", second.hashes, second.groups)
	}
	needs.All(0)
	if err := needs.Load(tables); err != nil {
		t.Fatal(err)
	}
	if len(first.hashes) != 0 || first.groups != [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)} || second.groups != [4]uint64{} {
		t.Errorf("the second round loads %v, %x and %x", first.hashes, first.groups, second.groups)
	}
}

// counted is a table that has so many keys of those it is asked for outside memory.
type counted struct {
	asked
	absent int
}

func (c *counted) Absent(hashes []uint64) int { return min(c.absent, len(hashes)) }

// TestNeedsSayWhatIsAbsent: the table counts to which most would have to come, and one that cannot tell as if all did; what was declared is forgotten.
func TestNeedsSayWhatIsAbsent(t *testing.T) {
	var needs op.Needs
	first, second, other := &counted{absent: 1}, &counted{absent: 2}, &asked{}
	for _, test := range []struct {
		tables []op.Table
		want   int
	}{
		{[]op.Table{first, second}, 2},
		{[]op.Table{second, first}, 2},
		{[]op.Table{first, other}, 3},
		{[]op.Table{}, 0},
	} {
		for i := range test.tables {
			needs.Keys(i, []uint64{7, 8, 9})
			needs.All(i)
		}
		if got := needs.Absent(test.tables); got != test.want {
			t.Errorf("%d are absent of %d tables, want %d", got, len(test.tables), test.want)
		}
		if got := needs.Absent(test.tables); got != 0 {
			t.Errorf("%d are absent when nothing is declared", got)
		}
		if err := needs.Load(test.tables); err != nil {
			t.Fatal(err)
		}
	}
	if len(other.hashes) != 0 || other.groups != [op.KeyGroups / 64]uint64{} {
		t.Errorf("what was counted is loaded: %v, %x", other.hashes, other.groups)
	}
}
