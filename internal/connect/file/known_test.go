package file_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// left is what a run leaves that was killed when an epoch was published and not committed: part 1 finished, part 2 open.
func left(t *testing.T) (*vfs.Mem, *story) {
	t.Helper()
	mem := vfs.NewMem()
	s := &story{t: t, options: map[string]any{"path": "/out/f", "roll_rows": int64(2)}, clock: clk(), generation: 1}
	sink, err := s.open(mem)
	if err != nil {
		t.Fatal(err)
	}
	putPairs(t, sink, "p,1", "p,2", "p,3")
	if s.state, err = sink.Prepare(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return mem, s.next()
}

const (
	partOne = "/out/.f-000001.wire-daa60617-1.part"
	partTwo = "/out/.f-000002.wire-daa60617-1.part"
)

// TestOtherBytesAreNotTakenForOurs: whatever a file of a state holds but what was durable, of the same length too, is an error that names it.
func TestOtherBytesAreNotTakenForOurs(t *testing.T) {
	const one, two = "# header\np,1\np,2\n", "# header\np,3\n"
	for name, test := range map[string]struct {
		files     map[string]string // "" removes
		contested bool
		want      []string // in the error; nil for none
	}{
		"as it was":                         {},
		"published already":                 {files: map[string]string{partOne: "", "/out/f-000001": one}},
		"published and longer":              {map[string]string{partOne: "", "/out/f-000001": one + "x"}, false, []string{partOne + " is gone", "/out/f-000001 is not what it became: it has 18 bytes, and 17 were to be published; put back", "--accept-duplicates-since"}},
		"published with another byte":       {map[string]string{partOne: "", "/out/f-000001": strings.Replace(one, "1", "7", 1)}, false, []string{partOne + " is gone", "/out/f-000001 is not what it became: it is as long as it was to be, 17 bytes, but holds other bytes: their checksum is 34e188a5ff083ab0 and not 6afabce728df1c75; put back", "--accept-duplicates-since"}},
		"both gone":                         {map[string]string{partOne: ""}, false, []string{"neither " + partOne + " nor /out/f-000001 is there"}},
		"finished, with another byte":       {map[string]string{partOne: strings.Replace(one, "1", "7", 1)}, false, []string{partOne + " holds something else", "/out/f-000001", "--accept-duplicates-since"}},
		"finished, longer":                  {map[string]string{partOne: one + "x"}, false, []string{partOne + " holds something else"}},
		"finished, cut":                     {map[string]string{partOne: one[:9]}, false, []string{partOne + " has 9 bytes, but 17 were durable", "/out/f-000001"}},
		"finished, and the target is taken": {map[string]string{"/out/f-000001": one}, false, []string{"/out/f-000001 has appeared", partOne}},
		"open, longer":                      {files: map[string]string{partTwo: two + "p,4 and more that is not durable"}},
		"open, with another byte":           {map[string]string{partTwo: strings.Replace(two, "3", "7", 1)}, false, []string{"the first 13 bytes of " + partTwo, "--accept-duplicates-since", "--fresh"}},
		"open, cut":                         {map[string]string{partTwo: two[:9]}, false, []string{partTwo + " has 9 bytes, but 13 were durable"}},
		"open, gone":                        {map[string]string{partTwo: ""}, false, []string{"the part that the stored state continues", partTwo}},
		"contested":                         {files: map[string]string{partTwo: two + "more"}, contested: true},
		"contested, with another byte":      {map[string]string{partTwo: strings.Replace(two, "3", "7", 1)}, true, []string{"the first 13 bytes of " + partTwo}},
		"contested, cut":                    {map[string]string{partTwo: two[:9]}, true, []string{partTwo + " has 9 bytes, but 13 were durable"}},
	} {
		t.Run(name, func(t *testing.T) {
			mem, s := left(t)
			for path, content := range test.files {
				if err := mem.Remove(path); content == "" && err != nil {
					t.Fatal(err)
				}
				if content != "" {
					put(t, mem, path, []byte(content))
				}
			}
			s.contested = test.contested
			sink, err := s.open(mem)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			if err != nil {
				if test.want == nil {
					t.Error(err)
				}
				return
			}
			putPairs(t, sink, "p,4")
			mustEpoch(t, sink, 2, true)
			if err := sink.Close(); err != nil {
				t.Error(err)
			}
			sameContents(t, mem, "/out", map[string]string{"/out/f-000001": one, "/out/f-000002": two + "p,4\n"})
		})
	}
}

// reading counts the bytes that are read of files.
type reading struct {
	*vfs.Mem
	bytes int
}

func (r *reading) Open(name string) (vfs.File, error) {
	f, err := r.Mem.Open(name)
	if err != nil {
		return nil, err
	}
	return &readFile{f, r}, nil
}

type readFile struct {
	vfs.File
	of *reading
}

func (f *readFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.of.bytes += n
	return n, err
}

func (f *readFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	f.of.bytes += n
	return n, err
}

// TestWhatIsPublishedIsReadLastAndOnce: starts that are killed early each give more parts their names, and what a start has compared its commit does not read again.
func TestWhatIsPublishedIsReadLastAndOnce(t *testing.T) {
	begin := func() (*vfs.Mem, *story) {
		mem := vfs.NewMem()
		s := &story{t: t, options: map[string]any{"path": "/out/f", "roll_rows": int64(2)}, clock: clk(), generation: 1}
		sink, err := s.open(mem)
		if err != nil {
			t.Fatal(err)
		}
		putPairs(t, sink, "p,1", "p,2", "p,3", "p,4", "p,5", "p,6")
		if s.state, err = sink.Prepare(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := mem.Rename(partOne, "/out/f-000001"); err != nil {
			t.Fatal(err)
		}
		return mem, s.next()
	}
	mem, s := begin()
	put(t, mem, "/out/f-000001", []byte("another"))
	if _, err := s.open(mem); err == nil || !strings.Contains(err.Error(), "/out/f-000001 is not what it became") {
		t.Errorf("%v", err)
	}
	if got := contents(t, mem, "/out"); got["/out/f-000003"] == "" {
		t.Errorf("parts wait for one before them to be read: %q", got)
	}

	mem, s = begin()
	read := &reading{Mem: mem}
	sink, err := s.open(read)
	if err != nil {
		t.Fatal(err)
	}
	const all = 3 * len("# header\np,1\np,2\n")
	if read.bytes != all {
		t.Errorf("the start reads %d bytes, not %d", read.bytes, all)
	}
	if err := sink.Commit(t.Context(), 1, s.state, false); err != nil || read.bytes != all {
		t.Errorf("with its commit it reads %d bytes, not %d (%v)", read.bytes, all, err)
	}
	if err := sink.Commit(t.Context(), 1, s.state, false); err != nil || read.bytes != 2*all {
		t.Errorf("with another one it reads %d bytes, not %d (%v)", read.bytes, 2*all, err)
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
}

// TestACommitFindsAnotherFileUnderItsPart: in the run that wrote it, too.
func TestACommitFindsAnotherFileUnderItsPart(t *testing.T) {
	mem := vfs.NewMem()
	s := mustPairSink(t, mem, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(1)}, nil)
	putPairs(t, s, "p,1")
	state, err := s.Prepare(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	put(t, mem, "/out/.x", []byte("# header\np,7\n"))
	if err := mem.Rename("/out/.x", "/out/.f-000001.part"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), 1, state, false); err == nil || !strings.Contains(err.Error(), "was replaced by another file") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestANameThatWasMovedByHalf: where a file gets its new name by a link, a crash can leave both.
func TestANameThatWasMovedByHalf(t *testing.T) {
	mem, s := left(t)
	if err := mem.Link(partOne, "/out/f-000001"); err != nil {
		t.Fatal(err)
	}
	sink, err := s.open(mem)
	if err != nil {
		t.Fatal(err)
	}
	mustEpoch(t, sink, 2, true)
	if err := errors.Join(sink.Close(), noParts(t, mem)); err != nil {
		t.Fatal(err)
	}
}

// TestWhoseParts: what no state speaks of is removed if it is this pipeline's and of no later owner.
func TestWhoseParts(t *testing.T) {
	parts := map[string]bool{ // stays at a first start, which knows of no state
		"/out/.f-000009.part":                   false,
		"/out/.f-000009.wire-daa60617-1.part":   false,
		"/out/.f-000009.wire-daa60617-2.part":   false,
		"/out/.f-000009.wire-daa60617-3.part":   true,
		"/out/.f-000009.wire-00000000-1.part":   true,
		"/out/.f-000009.wire-079aeb2a-9.part":   false, // given up
		"/out/.f-000009.wire-daa60617-.part":    true,
		"/out/.g-000009.wire-daa60617-1.part":   true,
		"/out/.f-000009.x.wire-daa60617-1.part": true,
	}
	for _, restored := range []bool{false, true} {
		mem, s := left(t)
		if !restored {
			s.state = nil
		}
		for path := range parts {
			put(t, mem, path, nil)
		}
		s.abandoned = []string{"another", "given up"}
		sink, err := s.open(mem) // as generation 2
		if err != nil {
			t.Fatal(err)
		}
		there := contents(t, mem, "/out")
		if !restored { // the run may be refused yet: then an earlier one goes on
			for path := range parts {
				if _, found := there[path]; !found {
					t.Errorf("%s was removed before the run began", path)
				}
			}
			putPairs(t, sink, "p,1")
			there = contents(t, mem, "/out")
		}
		for path, stays := range parts {
			stays = stays || restored && path == "/out/.f-000009.part"
			if _, found := there[path]; found != stays {
				t.Errorf("%s is there: %v, with a state: %v", path, found, restored)
			}
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAppendingToAFile(t *testing.T) {
	big := "# header\n" + strings.Repeat("p,a row of the file that was there\n", 40_000) // more than a block
	for name, test := range map[string]struct{ there, want, refused string }{
		"rows":     {there: "# header\np,0\n", want: "# header\np,0\np,1\n"},
		"many":     {there: big, want: big + "p,1\n"},
		"empty":    {there: "", want: "# header\np,1\n"},
		"no end":   {there: "# header\np,0", refused: "does not end with a line end"},
		"one byte": {there: "\n", want: "\np,1\n"},
	} {
		mem := vfs.NewMem()
		put(t, mem, "/f", []byte(test.there))
		s, err := pairSink(t, mem, clk(), map[string]any{"path": "/f", "if_exists": "append"}, nil)
		if test.refused != "" {
			if err == nil || !strings.Contains(err.Error(), test.refused) {
				t.Errorf("%s: %v", name, err)
			}
			sameContents(t, mem, "/", map[string]string{"/f": test.there})
			continue
		}
		if err != nil {
			t.Fatal(name, err)
		}
		putPairs(t, s, "p,1")
		if got := contents(t, mem, "/")["/f"]; got != test.there {
			t.Errorf("%s: changed before the end", name)
		}
		mustEpoch(t, s, 1, true)
		if err := s.Close(); err != nil {
			t.Fatal(name, err)
		}
		sameContents(t, mem, "/", map[string]string{"/f": test.want})
	}
}

// TestAppendingToAFileThatOthersChange: nothing of theirs is lost.
func TestAppendingToAFileThatOthersChange(t *testing.T) {
	for _, theirs := range []string{"old\nnew of others\n", "o", "OLD\n"} {
		mem := vfs.NewMem()
		put(t, mem, "/f", []byte("old\n"))
		s := mustPairSink(t, mem, clk(), map[string]any{"path": "/f", "if_exists": "append"}, nil)
		putPairs(t, s, "p,1")
		state, err := s.Prepare(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		put(t, mem, "/f", []byte(theirs))
		for range 2 {
			err := s.Commit(t.Context(), 1, state, true)
			if err == nil || !strings.Contains(err.Error(), "/f was changed since the run began") || !strings.Contains(err.Error(), "/.f.part") {
				t.Errorf("%v", err)
			}
		}
		sameContents(t, mem, "/", map[string]string{"/f": theirs, "/.f.part": "old\np,1\n"})
		if err := mem.Rename("/f", "/theirs"); err != nil { // as the message says
			t.Fatal(err)
		}
		if err := s.Commit(t.Context(), 1, state, true); err != nil {
			t.Error(err)
		}
		sameContents(t, mem, "/", map[string]string{"/f": "old\np,1\n", "/theirs": theirs})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLongPartsGoOn: parts of more than a block are known again, whatever their length.
func TestLongPartsGoOn(t *testing.T) {
	const block = 1 << 20
	for _, contested := range []bool{false, true} {
		mem := vfs.NewMem()
		s := &story{t: t, options: map[string]any{"path": "/f"}, clock: clk(), generation: 1}
		want := "# header\n"
		for i, size := range []int{block - 9, 0, block, 5, 2*block - 5, 3, 300} { // on and around the ends of blocks
			if i > 0 {
				s = s.next()
				s.contested = contested
			}
			sink, err := s.open(mem)
			if err != nil {
				t.Fatal(contested, i, err)
			}
			if size > 0 {
				row := strings.Repeat("x", size-3)
				want += "p," + row + "\n"
				putPairs(t, sink, "p,"+row)
			}
			s.state = mustEpoch(t, sink, int64(i+1), false)
			putPairs(t, sink, fmt.Sprint("p,not durable ", i))
			if err := sink.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := sink.Close(); err != nil {
				t.Fatal(err)
			}
		}
		last, err := s.next().open(mem)
		if err != nil {
			t.Fatal(err)
		}
		mustEpoch(t, last, 9, true)
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		sameContents(t, mem, "/", map[string]string{"/f": want})
	}
}

// TestWhatIsCutOffStaysOff: a run that goes on and writes nothing publishes what was durable, and no power failure brings back what was cut off.
func TestWhatIsCutOffStaysOff(t *testing.T) {
	mem := vfs.NewMem()
	s := &story{t: t, options: map[string]any{"path": "/out/f"}, clock: clk(), generation: 1}
	killed, err := s.open(mem)
	if err != nil {
		t.Fatal(err)
	}
	putPairs(t, killed, "p,1")
	if s.state, err = killed.Prepare(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	putPairs(t, killed, "p,2")
	if err := killed.Flush(t.Context()); err != nil { // on the disk, and in no epoch
		t.Fatal(err)
	}
	next, err := s.next().open(mem)
	if err != nil {
		t.Fatal(err)
	}
	mustEpoch(t, next, 2, true)
	sameContents(t, mem.CrashImage(vfs.CrashOptions{}), "/out", map[string]string{"/out/f": "# header\np,1\n"})
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAPartThatIsFullIsLookedFor: whoever has its name by now, the run hears of it at once, not at the commit.
func TestAPartThatIsFullIsLookedFor(t *testing.T) {
	mem := vfs.NewMem()
	s := mustPairSink(t, mem, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(2)}, nil)
	putPairs(t, s, "p,1")
	if err := mem.Remove("/out/.f-000001.part"); err != nil {
		t.Fatal(err)
	}
	chunk, err := s.NewChunk()
	if err != nil {
		t.Fatal(err)
	}
	chunk.Encode(pairs("p,2"))
	if err := s.Write(t.Context(), chunk); err == nil || !strings.Contains(err.Error(), "has vanished") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
