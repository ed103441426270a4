package keyed

import (
	"bytes"
	"testing"
)

// take has t take rows of so many bytes until there is no room, and returns how many.
func take(t *Taken, size int) (rows int) {
	value := bytes.Repeat([]byte{'v'}, size-8)
	for more := true; more; rows++ {
		more = t.Take(uint64(rows), []byte("the key "), value)
	}
	return rows
}

// Rows are taken until they have their bytes, also where these lie in several pieces of memory, and each keeps its own.
func TestTakenStopsAtItsBytes(t *testing.T) {
	taken := &Taken{Most: 100_000, MostBytes: 64 << 10}
	for _, size := range []int{100, 5_000, 40_000} {
		taken.Reset()
		rows := take(taken, size)
		if want := (taken.MostBytes + size - 1) / size; rows != want || taken.Len() != want {
			t.Errorf("rows of %d bytes: %d of them, %d in all; want %d", size, rows, taken.Len(), want)
		}
	}
	taken.Reset()
	for i := range 1000 {
		taken.Take(uint64(i), []byte{byte(i), byte(i >> 8)}, bytes.Repeat([]byte{byte(i)}, 50))
	}
	for i := range taken.Len() {
		if !bytes.Equal(taken.Keys[i], []byte{byte(i), byte(i >> 8)}) || !bytes.Equal(taken.Values[i], bytes.Repeat([]byte{byte(i)}, 50)) {
			t.Fatalf("row %d is %v and %v", i, taken.Keys[i], taken.Values[i])
		}
	}
	taken.Most = 10
	taken.Reset()
	if rows := take(taken, 100); rows != 10 {
		t.Errorf("%d rows", rows)
	}
}

// Memory is used again, but for that of long rows.
func TestTakenUsesItsMemoryAgain(t *testing.T) {
	taken := &Taken{Most: 100_000, MostBytes: 64 << 10}
	value := make([]byte, 100)
	round := func() {
		taken.Reset()
		for taken.Take(1, nil, value) {
		}
	}
	for range 3 {
		round()
	}
	if n := testing.AllocsPerRun(20, round); n > 0 {
		t.Errorf("%v allocations to take as much again", n)
	}
	taken.Reset()
	taken.Take(1, nil, make([]byte, 1<<20))
	taken.Reset()
	for _, piece := range taken.spare {
		if cap(piece) > taken.MostBytes {
			t.Errorf("a piece of %d bytes is kept", cap(piece))
		}
	}
}
