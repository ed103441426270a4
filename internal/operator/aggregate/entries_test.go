package aggregate_test

import (
	"testing"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/optest"
)

// TestEntriesFixture: entries that an earlier release wrote are read, and what it goes on to answer is what it would have answered then.
func TestEntriesFixture(t *testing.T) {
	for name, config := range map[string]aggregate.Config{
		"one-group": {}, "a-key": {Keys: []int{keyText}}, "changes": {Keys: []int{keyText}, Changes: true, Retracts: true, TTL: 1_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types, config.Calls = "aggregate 1", types(), everyState(t)
			in := optest.Make(types(),
				[]any{1, "k", "1.50", 7, 0.1, "seven", true, 0.5}, []any{-2, "k", "2.0", 7, 1e100, "a text that no view holds", false, 0.5},
				[]any{3, "k", "NaN", -3, -1e-200, nil, true, 0.5}, []any{4, nil, "0.00001", 5, 2.5, "five", nil, 0.5},
				[]any{5, nil, nil, 6, nil, "six", true, 0.5}, []any{6, "k", "-7", 9, 3.0, "seven", true, 0.5})
			if name == "a-key" { // rows are chained, and leave memory by ranges
				optest.OldEntriesFixture(t, under(config), "testdata/entries-v1-a-key.txt", in)
				optest.EntriesFixture(t, under(config), "testdata/entries-v2-a-key.txt", *writeFixtures, in)
				return
			}
			optest.EntriesFixture(t, under(config), "testdata/entries-v1-"+name+".txt", *writeFixtures, in)
		})
	}
}
