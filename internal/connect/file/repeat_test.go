package file_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// rowSet are the rows of all published files, each once, sorted.
func rowSet(t *testing.T, fsys vfs.FS) []string {
	t.Helper()
	rows, err := partRows(t, fsys, "/out")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for _, row := range rows {
		set[row] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// TestRowsMayComeAgain: from the state of each epoch a run goes on whatever was published after it, when that is accepted. Nothing is lost, and a single file
// has nothing twice.
func TestRowsMayComeAgain(t *testing.T) {
	for name, options := range storyOptions {
		for lag := range connector.MaxUnconfirmed {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				var olds []*story
				whole := storyFS(t, options)
				s := &story{t: t, options: options, clock: clk(), lag: lag, generation: 1}
				s.published = func() {
					old := s.next()
					old.repeats = true
					olds = append(olds, old)
				}
				if err := s.run(whole); err != nil {
					t.Fatal(err)
				}
				want := rowSet(t, whole)
				for _, old := range olds {
					for until := old.done; until <= len(storyEpochs()); until++ {
						mem := ranUntil(t, options, lag, until)
						again := *old
						again.clock = clk()
						if err := again.run(mem); err != nil {
							t.Fatalf("from epoch %d of %d: %v", old.done, until, err)
						}
						if got := rowSet(t, mem); !slices.Equal(got, want) {
							t.Errorf("from epoch %d of %d: rows %q, want %q", old.done, until, got, want)
						}
						if err := noParts(t, mem); err != nil {
							t.Errorf("from epoch %d of %d: %v", old.done, until, err)
						}
						if options["roll_rows"] == nil && options["roll_size"] == nil && options["roll_every"] == nil && options["partition_by"] == nil {
							if err := sameRows(t, mem, options); err != nil {
								t.Errorf("from epoch %d of %d: %v", old.done, until, err)
							}
						}
					}
				}
			})
		}
	}
}

// ranUntil is a file system in which a story was killed when so many of its epochs were published, and committed but for the lag; the last one ends it.
func ranUntil(t *testing.T, options map[string]any, lag, until int) *vfs.Mem {
	t.Helper()
	mem := storyFS(t, options)
	s := &story{t: t, options: options, clock: clk(), lag: lag, generation: 1}
	sink, err := s.open(mem)
	if err != nil {
		t.Fatal(err)
	}
	epochs := storyEpochs()
	for i := range until {
		if err := s.epoch(sink, epochs[i], i == len(epochs)-1); err != nil {
			t.Fatal(err)
		}
	}
	if until == len(epochs) {
		if err := s.settle(sink, 0, true); err != nil {
			t.Fatal(err)
		}
	}
	return mem
}

// TestWhatWasPublishedSinceMustBeThere: rows that no state brings back are missed.
func TestWhatWasPublishedSinceMustBeThere(t *testing.T) {
	for content, want := range map[string]string{"": "neither /out/", "# header\np,4": "does not begin with the 13 bytes"} {
		mem, s := left(t)
		for _, part := range []string{partOne, partTwo} {
			if err := mem.Remove(part); err != nil {
				t.Fatal(err)
			}
		}
		put(t, mem, "/out/f-000001", []byte("# header\np,1\np,2\n"))
		if content != "" {
			put(t, mem, "/out/f-000002", []byte(content))
		}
		s.repeats = true
		if _, err := s.open(mem); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// TestAPublishedPartThatWasChangedHasAWayOn: a checkpoint of before it writes its rows again, to other parts.
func TestAPublishedPartThatWasChangedHasAWayOn(t *testing.T) {
	mem := vfs.NewMem()
	s := &story{t: t, options: map[string]any{"path": "/out/f", "roll_rows": int64(1)}, clock: clk(), generation: 1}
	sink, err := s.open(mem)
	if err != nil {
		t.Fatal(err)
	}
	putPairs(t, sink, "p,1")
	old := s.next()
	old.state, old.repeats = mustEpoch(t, sink, 1, false), true
	putPairs(t, sink, "p,2")
	s.state = mustEpoch(t, sink, 2, false)
	put(t, mem, "/out/f-000002", []byte("# header\np,7\n"))
	if _, err := s.next().open(mem); err == nil || !strings.Contains(err.Error(), "/out/f-000002 is not what it became") || !strings.Contains(err.Error(), "--accept-duplicates-since") {
		t.Fatal(err)
	}
	if sink, err = old.open(mem); err != nil {
		t.Fatal(err)
	}
	putPairs(t, sink, "p,2")
	mustEpoch(t, sink, 3, true)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, mem, "/out", map[string]string{"/out/f-000001": "# header\np,1\n", "/out/f-000002": "# header\np,7\n", "/out/f-000003": "# header\np,2\n"})
}

// TestABitAnywhereInAPartIsNoticed: far before its end, too, in a part that goes on and in one that was finished; and an older checkpoint, from which on the
// bit is written again, is a way on.
func TestABitAnywhereInAPartIsNoticed(t *testing.T) {
	const rows = 60_000 // of some 50 bytes each: three blocks of the checksum
	options := map[string]any{"path": "/out/f", "roll_rows": int64(rows)}
	write := func(sink connector.Sink, from, to int) {
		var some []string
		for i := from; i < to; i++ {
			some = append(some, fmt.Sprintf("p,%050d", i))
		}
		for chunk := range slices.Chunk(some, 1000) {
			putPairs(t, sink, chunk...)
		}
	}
	for _, until := range []int{rows / 2, rows} {
		mem := vfs.NewMem()
		s := &story{t: t, options: options, clock: clk(), generation: 1}
		sink, err := s.open(mem)
		if err != nil {
			t.Fatal(err)
		}
		write(sink, 0, 10)
		old := s.next()
		old.repeats = true
		if old.state, err = sink.Prepare(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		write(sink, 10, until)
		if s.state, err = sink.Prepare(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		content, err := vfs.ReadFile(mem, partOne)
		if err != nil || len(content) < 1<<20 {
			t.Fatal(len(content), err)
		}
		for _, contested := range []bool{false, true} {
			content[1000] ^= 1
			put(t, mem, partOne, content)
			next := s.next()
			next.contested = contested
			if _, err := next.open(mem); err == nil || !strings.Contains(err.Error(), partOne) || !strings.Contains(err.Error(), "--accept-duplicates-since") {
				t.Fatalf("until %d, contested %t: %v", until, contested, err)
			}
			content[1000] ^= 1
		}
		if sink, err = old.open(mem); err != nil {
			t.Fatal(err)
		}
		write(sink, 10, until)
		if _, err := epoch(t.Context(), sink, 3, true); err != nil {
			t.Fatal(err)
		}
		got, err := vfs.ReadFile(mem, "/out/f-000001")
		if err != nil || string(got) != string(content) {
			t.Errorf("until %d: %d bytes, %v", until, len(got), err)
		}
	}
}
