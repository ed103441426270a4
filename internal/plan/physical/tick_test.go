package physical

import (
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/plan/logical"
)

// TestTicks: who is told processing time, and how often.
func TestTicks(t *testing.T) {
	const second = 1_000_000
	now := &bind.Expr{Function: &builtin.Function{Clock: true}}
	window := func(every int64, table *logical.WindowTable, processing bool) *logical.Aggregate {
		return &logical.Aggregate{Window: &logical.GroupWindow{Table: table, Processing: processing}, Emit: logical.Emission{Every: every}}
	}
	tests := []struct {
		name      string
		got, want int64
	}{
		{"nothing expires: groups", tickOf(&logical.Aggregate{}), 0},
		{"nothing expires: join", tickOf(&logical.Join{}), 0},
		{"no state", tickOf(&logical.Filter{}), 0},
		{"groups", tickOf(&logical.Aggregate{TTL: second}), second / 10},
		{"a day", tickOf(&logical.Sort{TTL: 86_400 * second}), second},
		{"a millisecond", tickOf(&logical.Over{TTL: 1000}), 1000},
		{"one side of a join", tickOf(&logical.Join{TTLs: [2]int64{0, 2 * second}}), second / 5},
		{"the sooner side", tickOf(&logical.Join{TTLs: [2]int64{second, 2 * second}}), second / 10},
		{"sets", tickOf(&logical.SetOp{TTL: second}), second / 10},
		{"keys", tickOf(&logical.Normalize{TTL: second}), second / 10},
		{"windows", tickOf(window(0, nil, false)), 0},
		{"windows, early answers", tickOf(window(second, nil, false)), second / 10},
		{"windows, soon", tickOf(window(2, nil, false)), 1000},
		{"windows by the clock, elsewhere", tickOf(window(0, nil, true)), second / 10},
		{"windows by the clock", tickOf(window(0, &logical.WindowTable{Processing: true, Size: second, Every: 50_000}, true)), 50_000},
		{"sessions", tickOf(&logical.Sessions{}), 0},
		{"sessions by the clock", tickOf(&logical.Sessions{Processing: true}), second / 10},
		{"expressions", clockTick(&bind.Expr{Args: []*bind.Expr{{}}}), 0},
		{"an expression that asks", clockTick(&bind.Expr{}, &bind.Expr{Args: []*bind.Expr{{}, now}}), second / 10},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: %d µs, want %d", test.name, test.got, test.want)
		}
	}
}
