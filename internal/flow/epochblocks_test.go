package flow_test

import (
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// TestEpochsByBlocks: a source waits for an epoch after so many blocks, however fast it is.
func TestEpochsByBlocks(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		var sink collector
		s := settings()
		keeper := &memoryKeeper{store: store.NewMemory()}
		s.Keeper, s.Budget, s.EpochBlocks = keeper, limit.New("test", 64<<20), 7
		p, err := flow.Build(t.Context(), pipe(&counter{limit: 5_000, block: 50}, &sink, lanes), s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if want := 5_000 / 50 / 7; keeper.epochs < want || len(sink.published) != 5_000 {
			t.Errorf("%d lanes: %d epochs, want %d; %d rows", lanes, keeper.epochs, want, len(sink.published))
		}
	}
}
