package keyed_test

import (
	"errors"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store/storetest"
)

// TestNothingIsLeftOfReadsThatFail: when the store cannot be read, what was read and not put in yet is forgotten, with the memory that is reserved for it. Read again it is there once.
func TestNothingIsLeftOfReadsThatFail(t *testing.T) {
	stored := storeCrowd(t, crowdText)
	for name, read := range map[string]func(c *crowd) error{
		"by hash":  func(c *crowd) error { return c.Load([]uint64{crowdHash}, [keyed.Groups / 64]uint64{}) },
		"by group": func(c *crowd) error { return c.Load(nil, [keyed.Groups / 64]uint64{1 << (crowdHash >> 56)}) },
		"by range": func(c *crowd) error { return c.LoadRange(0, math.MaxUint64) },
		"read on": func(c *crowd) error {
			_, err := c.ReadOn(math.MaxInt, false)
			return err
		},
		"passed": func(c *crowd) error {
			_, err := c.ReadOn(math.MaxInt, true)
			return err
		},
		"jointly": func(c *crowd) error {
			_, err := keyed.NewJoint(func(uint64) bool { return c.Len() > 0 }, nil, c.Rows).ReadOn(math.MaxInt, false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, given := range []int{0, 20, crowdRows} {
				c := unreadCrowd(stored, limit.New("test", 0))
				r := &storetest.Reader{Reader: stored.Reader(), Fails: true, Left: given}
				c.Attach(r, 0)
				c.Postpone(0)
				before := c.budget.Used()
				if err := read(c); !errors.Is(err, storetest.ErrBroken) {
					t.Fatalf("behind %d entries: %v", given, err)
				}
				if c.Len() > 0 { // some were put in before, and now there is no more of their hash
					continue
				}
				if used := c.budget.Used() - before; used > 0 {
					t.Errorf("behind %d entries: %d bytes are still reserved", given, used)
				}
				r.Fails = false
				if err := c.Load([]uint64{crowdHash}, [keyed.Groups / 64]uint64{}); err != nil || c.Len() != crowdRows {
					t.Errorf("behind %d entries: %d rows, want %d: %v", given, c.Len(), crowdRows, err)
				}
			}
		})
	}
}
