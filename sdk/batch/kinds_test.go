package batch_test

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/batch"
)

func TestPairKinds(t *testing.T) {
	const (
		i  = batch.Insert
		ub = batch.UpdateBefore
		ua = batch.UpdateAfter
		d  = batch.Delete
	)
	for _, test := range [][2][]batch.Change{
		{{}, {}},
		{{i, ub, ua, d}, {i, ub, ua, d}},
		{{ub, ua, ub, ua}, {ub, ua, ub, ua}},
		{{ub}, {d}},
		{{ua}, {i}},
		{{ub, ub, ua, ua}, {d, ub, ua, i}},
		{{ub, i, ua, ub, d}, {d, i, i, d, d}},
	} {
		kinds := slices.Clone(test[0])
		if batch.PairKinds(kinds); !slices.Equal(kinds, test[1]) {
			t.Errorf("%v becomes %v, want %v", test[0], kinds, test[1])
		}
	}
}
