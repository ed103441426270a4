package file_test

import (
	"time"

	"wire.example/wire/internal/foundation/clock"
)

// clk is a clock that stands still.
func clk() *clock.Manual { return clock.NewManual(time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)) }
