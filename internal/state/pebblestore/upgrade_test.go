package pebblestore_test

import (
	"errors"
	"flag"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/state/store/storetest"
)

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// Checkpoints of every version are read by all later ones: those of which Pebble wrote all tables, those of which Wire wrote the tables of epochs, and those that have logs beside them.
func TestUpgrade(t *testing.T) {
	const fixtures = "../../../test/upgrade/store/"
	for _, version := range []string{"pebble-1", "pebble-2"} {
		t.Run(version, func(t *testing.T) { storetest.Upgrade(t, openForSuite, fixtures+version, *writeFixtures) })
	}
	t.Run("pebble-3", func(t *testing.T) {
		storetest.UpgradeLogged(t, openForSuite, fixtures+"pebble-3", *writeFixtures)
		logs, err := filepath.Glob(fixtures + "pebble-3/*.changes")
		tables, tablesErr := filepath.Glob(fixtures + "pebble-3/*.sst")
		if err := errors.Join(err, tablesErr); err != nil || len(logs) != 2 || len(tables) == 0 {
			t.Errorf("it has the logs %q and the tables %q, %v", logs, tables, err)
		}
	})
}
