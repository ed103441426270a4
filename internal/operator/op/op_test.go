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
	one := op.Counts{In: 21, Forwarded: 1, Absorbed: 2, Filtered: 3, Late: 4, Rejected: 5, Held: 6, Emitted: 7}
	if !one.Balanced() {
		t.Error("21 = 1+2+3+4+5+6")
	}
	sum := one
	sum.Add(one)
	if want := (op.Counts{In: 42, Forwarded: 2, Absorbed: 4, Filtered: 6, Late: 8, Rejected: 10, Held: 12, Emitted: 14}); sum != want {
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
