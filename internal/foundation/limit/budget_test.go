package limit_test

import (
	"errors"
	"math"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// wantUsed checks the use of several budgets at once.
func wantUsed(t *testing.T, want map[*limit.Budget]int64) {
	t.Helper()
	for b, n := range want {
		if got := b.Used(); got != n {
			t.Errorf("%s uses %d, want %d", b.Name(), got, n)
		}
	}
}

func TestReservationCountsInEveryAncestor(t *testing.T) {
	node := limit.New("node", 100)
	pipeline := node.Child("p", 60)
	join, sink := pipeline.Child("join", 50), pipeline.Child("sink", 0)
	for _, step := range []struct {
		budget *limit.Budget
		bytes  int64
		full   string // the budget that refuses; empty when it fits
	}{
		{join, 30, ""},
		{join, 21, "node/p/join"},
		{sink, 31, "node/p"},
		{sink, 30, ""},
		{node, 41, "node"},
		{node, 40, ""},
		{sink, 1, "node/p"},
		{join, 0, ""},
	} {
		err := step.budget.Reserve(step.bytes)
		var exceeded *limit.ExceededError
		if errors.As(err, &exceeded) != (step.full != "") || exceeded != nil && exceeded.Budget != step.full {
			t.Fatalf("Reserve(%d) in %s = %v, want refusal by %q", step.bytes, step.budget.Name(), err, step.full)
		}
	}
	wantUsed(t, map[*limit.Budget]int64{node: 100, pipeline: 60, join: 30, sink: 30})
	sink.Release(30)
	wantUsed(t, map[*limit.Budget]int64{node: 70, pipeline: 30, join: 30, sink: 0})
	if pipeline.Peak() != 60 || node.Peak() != 100 || sink.Peak() != 30 {
		t.Errorf("peaks %d %d %d", pipeline.Peak(), node.Peak(), sink.Peak())
	}
}

func TestRefusalLeavesNoTrace(t *testing.T) {
	node := limit.New("node", 10)
	child := node.Child("c", 100)
	if child.TryReserve(11) {
		t.Fatal("reserved beyond the parent's limit")
	}
	wantUsed(t, map[*limit.Budget]int64{node: 0, child: 0})
	if node.Peak() != 0 || child.Peak() != 0 {
		t.Error("a refused reservation raised a peak")
	}
}

func TestExceededErrorMessage(t *testing.T) {
	b := limit.New("node", 10).Child("p", 8)
	b.TryReserve(5)
	const want = "memory budget node/p exceeded: 4 bytes requested, 5 of 8 in use; raise the limit or process less at once"
	if err := b.Reserve(4); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestUnlimited(t *testing.T) {
	b := limit.New("node", 0)
	if b.Limit() != limit.Unlimited || !b.TryReserve(math.MaxInt64-1) || b.TryReserve(2) || b.Reserve(1) != nil {
		t.Error("an unlimited budget takes up to the largest int64 and no more")
	}
}

func TestAvailable(t *testing.T) {
	node := limit.New("node", 100)
	child := node.Child("c", 80)
	child.TryReserve(10)
	node.TryReserve(15)
	if got := child.Available(); got != 70 {
		t.Errorf("Available = %d, want the child's 70", got)
	}
	node.TryReserve(75)
	if got := child.Available(); got != 0 {
		t.Errorf("Available = %d, want the parent's 0", got)
	}
}

func TestClose(t *testing.T) {
	node := limit.New("node", 100)
	child := node.Child("c", 0)
	child.TryReserve(33)
	if left := child.Close(); left != 33 || node.Used() != 0 {
		t.Errorf("Close = %d, node uses %d", left, node.Used())
	}
}

func TestWrongBooksPanic(t *testing.T) {
	b := limit.New("node", 10)
	b.TryReserve(3)
	for name, f := range map[string]func(){
		"release too much":  func() { b.Child("c", 0).Release(1) },
		"release negative":  func() { b.Release(-1) },
		"reserve negative":  func() { b.TryReserve(-1) },
		"reserve with text": func() { _ = b.Reserve(-1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// Any sequence of calls on a tree gives what a plain recomputation gives.
func TestTreeMatchesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budgets := []*limit.Budget{limit.New("0", rapid.Int64Range(1, 100).Draw(t, "limit"))}
		parents := []int{-1}
		for i := range rapid.IntRange(0, 6).Draw(t, "children") {
			p := rapid.IntRange(0, i).Draw(t, "parent")
			budgets = append(budgets, budgets[p].Child("c", rapid.Int64Range(0, 100).Draw(t, "limit")))
			parents = append(parents, p)
		}
		own := make([]int64, len(budgets)) // reserved through this budget itself
		used := func(i int) int64 {
			sum := int64(0)
			for j := range own {
				for k := j; k >= 0; k = parents[k] {
					if k == i {
						sum += own[j]
					}
				}
			}
			return sum
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			i := rapid.IntRange(0, len(budgets)-1).Draw(t, "budget")
			if rapid.Bool().Draw(t, "release") {
				n := rapid.Int64Range(0, own[i]).Draw(t, "n")
				budgets[i].Release(n)
				own[i] -= n
			} else {
				n := rapid.Int64Range(0, 60).Draw(t, "n")
				fits := true
				for k := i; k >= 0; k = parents[k] {
					fits = fits && used(k)+n <= budgets[k].Limit()
				}
				if budgets[i].TryReserve(n) != fits {
					t.Fatalf("TryReserve(%d) in %d: want %v", n, i, fits)
				}
				if fits {
					own[i] += n
				}
			}
			for j, b := range budgets {
				if b.Used() != used(j) {
					t.Fatalf("budget %d uses %d, want %d", j, b.Used(), used(j))
				}
			}
		}
	})
}

func TestConcurrentReservationsStayWithinTheLimit(t *testing.T) {
	const goroutines, rounds = 8, 2000
	node := limit.New("node", 20)
	var group sync.WaitGroup
	for i := range goroutines {
		child := node.Child("c", 15)
		group.Go(func() {
			for range rounds {
				if n := int64(i + 1); child.TryReserve(n) {
					child.Release(n)
				}
			}
		})
	}
	group.Wait()
	wantUsed(t, map[*limit.Budget]int64{node: 0})
	if node.Peak() > 20 {
		t.Errorf("peak %d beyond the limit", node.Peak())
	}
}

func BenchmarkReserveThreeLevels(b *testing.B) {
	leaf := limit.New("node", 1<<30).Child("p", 1<<29).Child("op", 1<<28)
	b.ReportAllocs()
	for b.Loop() {
		leaf.TryReserve(64)
		leaf.Release(64)
	}
}
