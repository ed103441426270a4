package process

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// SeedVariable names the seed. A test that failed says which it had.
const SeedVariable = "WIRE_SEED"

// fixedSeed is the seed of what does not follow the day.
const fixedSeed = 1

// today is the day, as the number 20260131: one for all tests of a process.
var today = sync.OnceValue(func() uint64 { //nolint:gochecknoglobals // one for a process that runs past midnight
	year, month, day := time.Now().UTC().Date() //nolint:forbidigo // what is drawn follows the machine's time
	return uint64(year*10_000 + int(month)*100 + day)
})

// told are the tests that have said their seed.
var told sync.Map //nolint:gochecknoglobals // tests of a process share it

// Seed is what the points and moments of kills are drawn from, and what CI leaves out: the day, unless SeedVariable says another. The test says it, once, where it is seen if the test fails.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := seedOr(t, today())
	if _, before := told.LoadOrStore(t.Name(), true); !before {
		t.Logf("%s=%d", SeedVariable, seed)
	}
	return seed
}

// FixedSeed is what rows, and whatever else may be drawn so unluckily that a test proves nothing, are drawn from: the same each day, unless SeedVariable says another.
func FixedSeed(t testing.TB) uint64 {
	t.Helper()
	return seedOr(t, fixedSeed)
}

func seedOr(t testing.TB, unset uint64) uint64 {
	t.Helper()
	text := os.Getenv(SeedVariable)
	if text == "" {
		return unset
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", SeedVariable, err)
	}
	return n
}
