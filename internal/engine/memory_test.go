package engine_test

import (
	"testing"

	"wire.example/wire/internal/engine"
)

func TestMemoryIsDivided(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		total       int64
		asked       bool
		rows, store int64
	}{
		{total: 1024 * mb, asked: true, rows: 666 * mb, store: 222 * mb}, // 136 MB are for what nobody counts
		{total: 1024 * mb, rows: 960 * mb, store: 64 * mb},               // nobody asked for a large cache
		{total: 64 * mb, asked: true, rows: 32 * mb, store: 16 * mb},
		{total: 40 * mb, asked: true, rows: 20 * mb, store: 16 * mb}, // a store takes 16 MB however little there is
		{total: 20 * mb, asked: true, rows: 10 * mb, store: 10 * mb},
		{total: 0, rows: 0, store: 64 * mb},
	} {
		if m := engine.Divide(c.total, c.asked); m.Rows != c.rows || m.Store != c.store {
			t.Errorf("%d MB (asked: %v) are divided into %d and %d", c.total/mb, c.asked, m.Rows, m.Store)
		}
	}
}

func TestRoom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ total, room int64 }{{1024 * mb, 888 * mb}, {64 * mb, 48 * mb}, {48 * mb, 40 * mb}, {32 * mb, 32 * mb}, {1, 1}} {
		if got := engine.Room(c.total); got != c.room {
			t.Errorf("of %d bytes %d are for what is counted, want %d", c.total, got, c.room)
		}
	}
}
