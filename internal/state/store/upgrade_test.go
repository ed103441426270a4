package store_test

import (
	"flag"
	"testing"

	"wire.example/wire/internal/state/store/storetest"
)

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// Checkpoints of every version are read by all later ones.
func TestUpgrade(t *testing.T) {
	storetest.Upgrade(t, openForSuite, "../../../test/upgrade/store/memory-1", *writeFixtures)
}
