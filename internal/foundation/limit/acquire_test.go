package limit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"wire.example/wire/internal/foundation/limit"
)

// acquire starts an Acquire that must wait, and returns its outcome's channel once it does.
func acquire(ctx context.Context, b *limit.Budget, n int64) <-chan error {
	done := make(chan error, 1)
	before := b.Waiting()
	go func() { done <- b.Acquire(ctx, n) }()
	for b.Waiting() == before {
		runtime.Gosched()
	}
	return done
}

// pending fails the test if an Acquire has returned although the queue says how many wait.
func pending(t *testing.T, b *limit.Budget, want int, done ...<-chan error) {
	t.Helper()
	if got := b.Waiting(); got != want {
		t.Fatalf("%d wait, want %d", got, want)
	}
	for _, ch := range done {
		select {
		case err := <-ch:
			t.Fatalf("Acquire returned (%v), should wait", err)
		default:
		}
	}
}

func TestAcquireWithRoomReturnsAtOnce(t *testing.T) {
	b := limit.New("node", 10)
	if err := b.Acquire(t.Context(), 10); err != nil || b.Used() != 10 {
		t.Errorf("%v, used %d", err, b.Used())
	}
}

func TestAcquireWaitsForRelease(t *testing.T) {
	b := limit.New("node", 10)
	b.TryReserve(8)
	done := acquire(t.Context(), b, 5)
	b.Release(2)
	pending(t, b, 1, done)
	b.Release(1)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantUsed(t, map[*limit.Budget]int64{b: 10})
}

func TestAcquireRefusesWhatCanNeverFit(t *testing.T) {
	b := limit.New("node", 10).Child("p", 20)
	var exceeded *limit.ExceededError
	if err := b.Acquire(t.Context(), 11); !errors.As(err, &exceeded) || exceeded.Budget != "node" || exceeded.Limit != 10 {
		t.Errorf("got %v", err)
	}
}

func TestAcquireIsFirstInFirstOut(t *testing.T) {
	b := limit.New("node", 10)
	b.TryReserve(10)
	large, small := acquire(t.Context(), b, 8), acquire(t.Context(), b, 1)
	b.Release(5)
	pending(t, b, 2, large, small) // the small one would fit, but came later
	b.Release(4)
	if err := <-small; err == nil && b.Waiting() == 1 {
		t.Fatal("the later request overtook")
	}
	if err := <-large; err != nil {
		t.Fatal(err)
	}
}

func TestAcquireDoesNotWaitBehindAnotherBranch(t *testing.T) {
	node := limit.New("node", 100)
	tight, roomy := node.Child("tight", 10), node.Child("roomy", 50)
	tight.TryReserve(10)
	stuck := acquire(t.Context(), tight, 1)
	if err := roomy.Acquire(t.Context(), 50); err != nil {
		t.Fatal(err)
	}
	pending(t, node, 1, stuck)
	tight.Release(1)
	if err := <-stuck; err != nil {
		t.Fatal(err)
	}
}

func TestAcquireWaitsForAnAncestor(t *testing.T) {
	node := limit.New("node", 10)
	a, b := node.Child("a", 0), node.Child("b", 0)
	a.TryReserve(10)
	done := acquire(t.Context(), b, 4)
	a.Release(4)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantUsed(t, map[*limit.Budget]int64{node: 10, a: 6, b: 4})
}

func TestAcquireGivesUpWithContext(t *testing.T) {
	b := limit.New("node", 10)
	b.TryReserve(8)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := acquire(ctx, b, 9), acquire(t.Context(), b, 2)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := <-second; err != nil { // had waited only behind the first
		t.Error(err)
	}
	wantUsed(t, map[*limit.Budget]int64{b: 10})
	if err := b.Acquire(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire with a done context = %v", err)
	}
}

// Holders that take different sizes, give up at random and always release must all come through: a lost wake-up would hang here.
func TestAcquireLosesNoWakeup(t *testing.T) {
	node := limit.New("node", 10)
	leaves := []*limit.Budget{node.Child("a", 7), node.Child("b", 10), node}
	var group sync.WaitGroup
	for i := range 12 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		b := leaves[i%len(leaves)]
		group.Go(func() {
			for range 500 {
				ctx, cancel := context.WithCancel(context.Background())
				if random.IntN(4) == 0 {
					go cancel()
				}
				n := random.Int64N(8)
				if err := b.Acquire(ctx, n); err == nil {
					runtime.Gosched()
					b.Release(n)
				}
				cancel()
			}
		})
	}
	group.Wait()
	wantUsed(t, map[*limit.Budget]int64{node: 0, leaves[0]: 0, leaves[1]: 0})
	if node.Waiting() != 0 || node.Peak() > 10 {
		t.Errorf("%d wait, peak %d", node.Waiting(), node.Peak())
	}
}

// The order of grants is the order of arrival, whatever the sizes.
func TestAcquireOrder(t *testing.T) {
	b := limit.New("node", 4)
	b.TryReserve(4)
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for i, n := range []int64{4, 3, 4, 3, 4} { // no two fit together
		waiting := b.Waiting()
		group.Go(func() {
			if err := b.Acquire(context.Background(), n); err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			b.Release(n)
		})
		for b.Waiting() == waiting {
			runtime.Gosched()
		}
	}
	b.Release(4)
	group.Wait()
	if !slices.IsSorted(order) || len(order) != 5 {
		t.Errorf("served in order %v", order)
	}
}
