package timejoin_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
)

// TestEntriesFixtures: entries that a released version stored are read, and written as they were.
func TestEntriesFixtures(t *testing.T) {
	keyless, timeless := at(90, 0, 3), at(91, 7, 0)
	keyless.key, timeless.time = nil, nil
	lefts := []row{at(1, 7, 10), at(2, 7, 20), at(3, 8, 12), at(4, -9, -100), keyless, timeless, at(5, 7, 10)}
	rights := []row{at(1001, 7, 10), at(1002, 7, 11), at(1003, 9, 12), at(1004, 7, 10)}
	upserts, now := temporal(timejoin.Left), temporal(timejoin.Left)
	upserts.Upsert, now.Processing = true, true
	sessions := windowed(timejoin.Full)
	sessions.Width = 0
	gone := slices.Concat(rights, []row{of(batch.Delete, at(1003, 9, 12))})
	for name, test := range map[string]struct {
		create create
		rights []row
	}{
		"interval":     {createInterval(interval(timejoin.Full, -3, 5)), rights},
		"window":       {createWindow(windowed(timejoin.Full)), rights},
		"sessions":     {createWindow(sessions), rights},
		"temporal":     {createTemporal(upserts), gone},
		"temporal-now": {createTemporal(now), gone},
	} {
		t.Run(name, func(t *testing.T) {
			optest.EntriesFixture(t, driven(test.create, []int{keyColumn}, 0), "testdata/entries-v1-"+name+".txt", *write, lend(lefts, nil), lend(test.rights, nil))
		})
	}
}
