package pebblestore_test

import (
	"flag"
	"testing"

	"wire.example/wire/internal/state/store/storetest"
)

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// Checkpoints of every version are read by all later ones: those of which Pebble wrote all tables, and those of which Wire wrote the tables of epochs.
func TestUpgrade(t *testing.T) {
	for _, version := range []string{"pebble-1", "pebble-2"} {
		t.Run(version, func(t *testing.T) {
			storetest.Upgrade(t, openForSuite, "../../../test/upgrade/store/"+version, *writeFixtures)
		})
	}
}
