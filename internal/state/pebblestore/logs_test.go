package pebblestore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// plenty is how much may wait in the logs of tests.
const plenty = 1 << 30

// loggedChanges are changes in the form of a log.
func loggedChanges(fill func(c *store.Changes)) *store.Changes {
	c := &store.Changes{}
	c.Log(plenty)
	fill(c)
	return c
}

// smallLog are changes of every kind, few of each.
func smallLog(seed int) []*store.Changes {
	a, b := store.Space{Operator: 1}, store.Space{Operator: 300, Table: 7}
	return []*store.Changes{
		loggedChanges(func(c *store.Changes) {
			c.Put(a, 0, uint64(seed), []byte("key"), fmt.Append(nil, "value ", seed)) //nolint:gosec // small
			c.Put(a, -5, 1<<63, nil, nil)
			c.Delete(a, 0, uint64(seed-1), []byte("key")) //nolint:gosec // small
			c.Drop(a, 9, 3, math.MaxUint64)
		}),
		loggedChanges(func(c *store.Changes) {
			c.Put(b, math.MinInt64, math.MaxUint64, []byte("another"), bytes.Repeat([]byte("x"), 60))
			c.DropAll(b, 0, 1<<61)
		}),
	}
}

// openSmall opens a store that is closed with the test.
func openSmall(t *testing.T, disk vfs.FS, dir string, from ...string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{FS: disk, Dir: dir, From: from, Memory: MinMemory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// writtenLog is the content of a finished log of two calls.
func writtenLog(t testing.TB) []byte { return packedLog(t, nil) }

// packedLog is writtenLog, compressed if packer is not nil.
func packedLog(t testing.TB, packer *packer) []byte {
	t.Helper()
	disk := vfs.NewMem()
	file, err := newDiskFS(disk).createTable("/log", vfs.DirectBuffer(writeSize+roomBehind))
	if err != nil {
		t.Fatal(err)
	}
	w, err := beginLog(file, packer)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.append(smallLog(1)), w.append(smallLog(2)), w.finish(), w.file.close()); err != nil {
		t.Fatal(err)
	}
	content, err := vfs.ReadFile(disk, "/log")
	if err != nil || int64(len(content)) != w.size {
		t.Fatalf("%d bytes instead of %d, %v", len(content), w.size, err)
	}
	return content
}

// readLog reads a log of some content to its end and lists what it has.
func readLog(content []byte) (listed string, err error) {
	r := &logReader{path: "/some/log", in: bufio.NewReaderSize(bytes.NewReader(content), 512)}
	if err := r.begin(); err != nil {
		return "", err
	}
	into := newLog()
	for {
		end, err := r.next(into)
		if err != nil {
			return "", err
		}
		if end {
			return listOf(into), nil
		}
	}
}

// listOf lists changes in the order of keys.
func listOf(c *store.Changes) string {
	var out strings.Builder
	var s store.Sorted
	s.Sort([]*store.Changes{c})
	fmt.Fprintf(&out, "%d: %v", c.Len(), s.Drops())
	for shard := range store.Shards {
		_ = s.Each(shard, func(entries []store.Entry) error { // there is no error but that of the function
			fmt.Fprintf(&out, " %v", entries)
			return nil
		})
	}
	return out.String()
}

// toldLog reports whether an error says what is wrong with a log, and where.
func toldLog(err error) bool {
	var corrupt *store.CorruptError
	return errors.As(err, &corrupt) && corrupt.File == "/some/log" && corrupt.Offset >= 0
}

// Every flipped bit of a log, every cut and every byte more is told with its file and place, or is none of what it says.
func TestLogDamage(t *testing.T) {
	t.Run("as it is", func(t *testing.T) { damagedLog(t, writtenLog(t)) })
	t.Run("compressed", func(t *testing.T) { damagedLog(t, packedLog(t, &packer{kind: store.Zstd})) })
}

func damagedLog(t *testing.T, whole []byte) {
	t.Helper()
	want, err := readLog(whole)
	if err != nil || !strings.Contains(want, "another") && !strings.Contains(want, "[97 110 111") {
		t.Fatalf("%s, %v", want, err)
	}
	harmless := 0
	check := func(what string, content []byte) {
		switch got, err := readLog(content); {
		case err == nil && got != want:
			t.Fatalf("%s: %s instead of %s", what, got, want)
		case err == nil:
			harmless++
		case toldLog(err):
		case strings.Contains(err.Error(), "/some/log has version"):
		default:
			t.Fatalf("%s: %v", what, err)
		}
	}
	damaged := slices.Clone(whole)
	for at := range whole {
		bits := []int{0, 1, 2, 3, 4, 5, 6, 7}
		if at > 300 && whole[at] == 0 { // most of it fills up
			bits = []int{at % 8}
		}
		for _, bit := range bits {
			damaged[at] ^= 1 << bit
			check(fmt.Sprintf("bit %d of byte %d", bit, at), damaged)
			damaged[at] ^= 1 << bit
		}
	}
	end := bytes.LastIndexByte(whole, frameEnd)
	if most := 8*7 + 8*frameHeader + len(whole) - end; harmless > most { // what follows the version, and what fills up behind the end
		t.Errorf("%d bits do not matter, more than %d", harmless, most)
	}
	for n := range whole {
		check(fmt.Sprintf("the first %d bytes", n), whole[:n])
	}
	for _, more := range []byte{0, 1, frameDrops, frameEntries, frameFill, frameEnd} {
		check("a byte more", append(slices.Clone(whole), more))
	}
}

// A frame whose checksum is right may still be none.
func TestLogNonsense(t *testing.T) {
	for name, frame := range map[string]struct {
		kind       byte
		head, data string
	}{
		"an unknown kind":            {kind: 'X'},
		"a drop that is cut":         {kind: frameDrops, head: "\x01\x00"},
		"a drop without a range":     {kind: frameDrops, head: "\x01\x00\x00\x02\x00"},
		"a run that is cut":          {kind: frameEntries, head: "\x01\x00\x02"},
		"a large number":             {kind: frameEntries, head: "\x01\x00\x02\xff\xff\xff\xff\x0f\x00\x00"},
		"a slice that is no number":  {kind: frameEntries, head: "\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		"a run of too many bytes":    {kind: frameEntries, head: "\x01\x00\x02\x01\x00\x10", data: "0123456789"},
		"an end with other counts":   {kind: frameEnd, head: "\x01\x00\x01\x00"},
		"entries that nobody counts": {kind: frameEntries, data: "0123456789"},
	} {
		if _, err := readLog(sealed(frame.kind, frame.head, frame.data)); !toldLog(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := writtenLog(t)[:logHeader+frameHeader]
	for i := 4; i < 12; i++ {
		long[logHeader+i] = 0xff
	}
	if _, err := readLog(long); !toldLog(err) || !strings.Contains(err.Error(), "longer than one can be") {
		t.Error(err)
	}
}

// sealed is a log that begins with a frame.
func sealed(kind byte, head, data string) []byte { return sealedIn(logVersion, kind, head, data) }

// sealedIn is sealed for a log of some version.
func sealedIn(version, kind byte, head, data string) []byte {
	content := append([]byte(logMagic), version, 0, 0, 0, 0, 0, 0, 0)
	var header [frameHeader]byte
	sealFrame(&header, kind, []byte(head), []byte(data))
	content = append(content, header[:]...)
	return append(append(content, head...), data...)
}

// allocated reads a log and reports how much memory that took.
func allocated(content []byte) (listed string, size uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = func() error {
		r := &logReader{path: "/some/log", in: bufio.NewReaderSize(bytes.NewReader(content), 512)}
		if err := r.begin(); err != nil {
			return err
		}
		for into := newLog(); ; {
			if end, err := r.next(into); end || err != nil {
				return err
			}
		}
	}()
	runtime.ReadMemStats(&after)
	if err == nil {
		listed, err = readLog(content)
	}
	return listed, after.TotalAlloc - before.TotalAlloc, err
}

// readAnything reads a log, which is whole, or told; neither takes much more memory than it has bytes.
func readAnything(t *testing.T, content []byte) {
	t.Helper()
	listed, size, err := allocated(content)
	if most := uint64(2*firstPart + 64<<10 + 64*len(content)); size > most { //nolint:gosec // not negative
		t.Errorf("%d bytes took %d of memory", len(content), size)
	}
	if err != nil && !toldLog(err) && !strings.Contains(err.Error(), "/some/log has version") {
		t.Error(err)
	}
	if err == nil && listed == "" {
		t.Error("nothing was read")
	}
}

func FuzzReadLog(f *testing.F) {
	whole := writtenLog(f)
	f.Add(whole)
	f.Add(whole[:200])
	f.Add([]byte{})
	f.Fuzz(readAnything)
}

// FuzzReadFrame reads a frame of anything, whose checksum is right.
func FuzzReadFrame(f *testing.F) {
	whole := writtenLog(f)
	drops := whole[2*4096:]
	f.Add(drops[0], string(drops[frameHeader:frameHeader+int(drops[4])]), "")
	f.Add(byte(frameEntries), "\x01\x00\x02\x01\x00\x0b", "01234567\x00\x01x")
	f.Add(byte(frameEnd), "\x01\x00\x01\x00", "")
	f.Add(byte(frameFill), "", "\x00\x00")
	f.Fuzz(func(t *testing.T, kind byte, head, data string) { readAnything(t, sealed(kind, head, data)) })
}

// Memory that was lent is lent again, whatever the sizes: it does not become more from piece to piece.
func TestBuffersAreReused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b buffers
		most := 0
		for range rapid.IntRange(1, 30).Draw(t, "pieces") {
			var lent [][]byte
			total := 0
			for _, size := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 7, 4 << 10, 256 << 10, firstPart}), 0, 8).Draw(t, "sizes") {
				one := b.get(size)
				if len(one) != size || cap(one) != size {
					t.Fatalf("%d bytes of %d instead of %d", len(one), cap(one), size)
				}
				for i := 0; i < size; i += 1 << 10 {
					one[i] = byte(len(lent))
				}
				lent, total = append(lent, one), total+size
			}
			for n, one := range lent {
				if len(one) > 0 && one[0] != byte(n) {
					t.Fatal("a buffer was lent twice")
				}
			}
			most = max(most, total)
			b.reuse()
			if held := len(b.chunks) * bufferChunk; held > 2*most+bufferChunk {
				t.Fatalf("%d bytes are held for %d", held, most)
			}
		}
	})
}

// drawClaim draws a claim of few things.
func drawClaim(t *rapid.T) claim {
	hash := func() uint64 {
		h := rapid.Uint64Range(0, 9).Draw(t, "hash")
		if h > 4 {
			h = math.MaxUint64 - 9 + h
		}
		return h
	}
	c := claim{space: store.Space{Operator: uint16(rapid.IntRange(0, 1).Draw(t, "space"))}, low: hash(), high: hash()} //nolint:gosec // small
	c.low, c.high = min(c.low, c.high), max(c.low, c.high)
	if c.allSlices = rapid.IntRange(0, 3).Draw(t, "all") == 0; !c.allSlices {
		c.slice = int64(rapid.IntRange(0, 1).Draw(t, "slice"))
	}
	return c
}

// Drops cover what they have of a claim, place by place.
func TestCoveredBy(t *testing.T) {
	has := func(c *claim, space uint16, slice int64, hash uint64) bool {
		return c.space.Operator == space && (c.allSlices || c.slice == slice) && c.low <= hash && hash <= c.high
	}
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		var c claims
		var drops []claim
		for range rapid.IntRange(0, 3).Draw(t, "puts") {
			c.puts = append(c.puts, drawClaim(t))
		}
		for range rapid.IntRange(0, 2).Draw(t, "own drops") {
			c.drops = append(c.drops, drawClaim(t))
		}
		for range rapid.IntRange(0, 12).Draw(t, "drops") {
			drops = append(drops, drawClaim(t))
		}
		left := false
		for _, one := range slices.Concat(c.puts, c.drops) {
			for slice := range int64(3) { // the last stands for all others
				for hash := range uint64(12) {
					if hash > 5 {
						hash = math.MaxUint64 - 11 + hash
					}
					for space := range uint16(2) {
						in := has(&one, space, slice, hash)
						left = left || in && !slices.ContainsFunc(drops, func(d claim) bool { return has(&d, space, slice, hash) })
					}
				}
			}
		}
		got := c.coveredBy(drops)
		if got && left {
			t.Fatalf("%+v is covered by %+v", c, drops)
		}
		// All slices may be covered one by one, but there are always others.
		if !got && !left && len(c.puts)+len(c.drops) > 0 && !slices.ContainsFunc(slices.Concat(c.puts, c.drops), func(c claim) bool { return c.low <= 5 && c.high > 5 }) {
			t.Fatalf("%+v is not covered by %+v", c, drops)
		}
		seen[got]++
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("%v", seen)
	}
	many := claims{}
	for i := range mostClaims + 1 {
		many.dropped(store.Drop{Slice: int64(i)})
		many.dropped(store.Drop{From: 1})
		many.entries(store.LogRun{Slice: int64(i / 2), Low: uint64(i), High: uint64(i)}) //nolint:gosec // small
	}
	if all := []claim{{allSlices: true, high: math.MaxUint64}}; many.coveredBy(all) || len(many.drops) != mostClaims {
		t.Errorf("%d drops are noted", len(many.drops))
	} else if many.many = false; !many.coveredBy(all) {
		t.Error("a drop of everything does not cover it")
	}
}

// logHistory is a random history of a store whose logs are folded in pieces of a few bytes, beside that of a store in memory.
type logHistory struct {
	*rapid.T
	disk  *vfs.Mem
	dirs  int
	piece int64
	store *Store
	model store.Store
}

func (h *logHistory) dir() string {
	h.dirs++
	return fmt.Sprintf("/%d", h.dirs)
}

func (h *logHistory) open(from []string) {
	s, err := Open(h.Context(), Options{FS: h.disk, Dir: h.dir(), From: from, Memory: MinMemory})
	if err != nil {
		h.Fatal(err)
	}
	s.piece = h.piece
	h.store = s
}

// historySpaces are where a history has entries.
func historySpaces() []store.Space { return []store.Space{{Operator: 1}, {Operator: 1, Table: 1}} }

func (h *logHistory) apply(t *rapid.T) {
	changes := []*store.Changes{{}, {}}[:rapid.IntRange(1, 2).Draw(t, "tasks")]
	tables := rapid.IntRange(0, 9).Draw(t, "tables") == 0
	most := rapid.SampledFrom([]int64{100, 20_000, plenty, plenty, plenty}).Draw(t, "most")
	hash := func() uint64 {
		return rapid.SampledFrom([]uint64{0, 1, 1<<60 - 1, 1 << 60, 5 << 60, math.MaxUint64}).Draw(t, "hash")
	}
	for i, c := range changes {
		if !tables {
			c.Log(most)
		}
		for range rapid.IntRange(0, 4).Draw(t, "drops") {
			space := rapid.SampledFrom(historySpaces()).Draw(t, "space")
			from, to := uint64(0), uint64(math.MaxUint64)
			if rapid.IntRange(0, 2).Draw(t, "part") == 0 {
				from, to = hash(), hash()
			}
			if rapid.Bool().Draw(t, "all") {
				c.DropAll(space, from, to)
			} else {
				c.Drop(space, rapid.Int64Range(0, 1).Draw(t, "slice"), from, to)
			}
		}
		for range rapid.IntRange(0, 6).Draw(t, "entries") {
			space, slice := rapid.SampledFrom(historySpaces()).Draw(t, "space"), rapid.Int64Range(0, 1).Draw(t, "slice")
			key := fmt.Append(nil, i, rapid.IntRange(0, 1).Draw(t, "key")) // those of one task
			if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
				c.Delete(space, slice, hash(), key)
			} else {
				c.Put(space, slice, hash(), key, fmt.Append(nil, rapid.IntRange(0, 1000).Draw(t, "value")))
			}
		}
	}
	if err := errors.Join(h.store.Apply(t.Context(), changes), h.model.Apply(t.Context(), changes)); err != nil {
		t.Fatal(err)
	}
	h.settled(t)
}

// settled checks what the store says of its logs.
func (h *logHistory) settled(t *rapid.T) {
	l := &h.store.logs
	size := int64(0)
	for _, one := range l.all {
		info, err := h.disk.Stat(one.path)
		if err != nil || info.Size() != one.size {
			t.Fatalf("%s has %d bytes, %v", one.path, one.size, err)
		}
		size += one.size
	}
	if l.files.Load() != int64(len(l.all)) || l.bytes.Load() != size || len(l.all) > 0 != h.store.pending.Load() {
		t.Fatalf("%d logs of %d bytes instead of %d of %d; something waits: %t", l.files.Load(), l.bytes.Load(), len(l.all), size, h.store.pending.Load())
	}
}

func (h *logHistory) checkpoint(t *rapid.T) []string {
	files, err := h.store.Checkpoint(t.Context(), h.dir())
	if err != nil {
		t.Fatal(err)
	}
	h.settled(t)
	dir := h.dir()
	if err := h.disk.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		if counted, err := Count(t.Context(), h.disk, f); err != nil || !f.Small && fmt.Sprint(counted) != fmt.Sprint(f.Counts) {
			t.Fatalf("%s says %v, and has %v (%v)", f.Name, f.Counts, counted, err)
		}
		paths = append(paths, filepath.Join(dir, f.Name))
		if err := h.disk.Link(f.Path, paths[len(paths)-1]); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func (h *logHistory) restart(t *rapid.T) {
	paths := h.checkpoint(t)
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.open(paths)
	h.settled(t)
}

// compare reads both, which folds what is logged.
func (h *logHistory) compare(t *rapid.T) {
	all := func(s store.Store) map[string]string {
		found := map[string]string{}
		r := s.Reader()
		defer func() { _ = r.Close() }()
		for _, space := range historySpaces() {
			if err := r.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
				found[string(store.AppendKey(nil, space, slice, hash, key))] = string(value)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		return found
	}
	if got, want := all(h.store), all(h.model); !maps.Equal(got, want) {
		t.Fatalf("%q instead of %q", got, want)
	}
	if h.settled(t); len(h.store.logs.all) > 0 {
		t.Fatalf("%d logs are left", len(h.store.logs.all))
	}
}

// Logs are folded to what a store without them has, wherever a piece ends, and none is removed of which something is left.
func TestLogsFoldInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		h := &logHistory{T: t, disk: vfs.NewMem(), model: model, piece: rapid.SampledFrom([]int64{1, 30, 300, 1 << 20}).Draw(t, "piece")}
		h.open(nil)
		defer func() { _ = h.store.Close() }()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				h.compare(t)
			case 1, 2:
				h.checkpoint(t)
			case 3:
				h.restart(t)
			default:
				h.apply(t)
			}
		}
		h.compare(t)
	})
}

// There are so many logs at most, fewer of small ones, and an epoch that is more than may wait is not logged.
func TestLogsAreFew(t *testing.T) {
	end := func(s *Store) (number int, err error) {
		s.writing.Lock()
		defer s.writing.Unlock()
		err = s.finishLog()
		return len(s.logs.all), err
	}
	disk := vfs.NewMem()
	s := openSmall(t, disk, "/live")
	for i := range 2*fewLogs + 3 {
		if err := s.Apply(t.Context(), smallLog(i)); err != nil {
			t.Fatal(err)
		}
		if n, err := end(s); err != nil || n != i%fewLogs+1 {
			t.Fatalf("%d small logs after %d, %v", n, i+1, err)
		}
	}
	large := make([]byte, littleLog)
	other := openSmall(t, vfs.NewMem(), "/live")
	for i := range mostLogs + 3 {
		c := loggedChanges(func(c *store.Changes) { c.Put(store.Space{}, 0, uint64(i), nil, large) }) //nolint:gosec // small
		if err := other.Apply(t.Context(), []*store.Changes{c}); err != nil {
			t.Fatal(err)
		}
		if n, err := end(other); err != nil || n != i%mostLogs+1 {
			t.Fatalf("%d logs after %d, %v", n, i+1, err)
		}
	}
	few := loggedChanges(func(c *store.Changes) { c.Put(store.Space{}, 0, 1, nil, make([]byte, 5000)) })
	few.Log(5000)
	if err := s.Apply(t.Context(), []*store.Changes{few}); err != nil || len(s.logs.all) != 0 || s.Stats().Files == 0 {
		t.Errorf("%d logs, %v", len(s.logs.all), err)
	}
}

// What fills up has room for its own frame.
func TestWhatFillsUp(t *testing.T) {
	for size := range 2*vfs.DirectAlign + 1 {
		fill := make([]byte, missingTo(size))
		if (size+len(fill))%vfs.DirectAlign != 0 || len(fill) >= vfs.DirectAlign+frameHeader {
			t.Fatalf("%d bytes behind %d", len(fill), size)
		}
		if len(fill) > 0 {
			putFill(fill)
		}
	}
}

// A log that is long enough is ended, and the next one begins.
func TestLongLogsEnd(t *testing.T) {
	disk := vfs.NewMem()
	s := openSmall(t, disk, "/live")
	for i := range 3 {
		if err := s.Apply(t.Context(), smallLog(i)); err != nil {
			t.Fatal(err)
		}
		if len(s.logs.all) != i+1 {
			t.Errorf("%d logs", len(s.logs.all))
		}
		s.logs.open.size += mostLog // as if it was long
	}
}

// A log that cannot be removed stays where it is, which harms nobody.
func TestLogThatStays(t *testing.T) {
	var said bytes.Buffer
	disk := vfs.Fail(vfs.NewMem())
	s, err := Open(t.Context(), Options{FS: disk, Dir: "/live", Memory: MinMemory, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i := range 3 {
		if err := s.Apply(t.Context(), smallLog(i)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Checkpoint(t.Context(), fmt.Sprintf("/%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	disk.Add(vfs.Rule{Call: vfs.CallRemove, Path: "log-*", Nth: 2})
	r := s.Reader()
	for range 2 {
		if err := r.Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if disk.Failed() != 1 || len(s.logs.all) != 0 || s.logs.files.Load() != 0 || s.logs.bytes.Load() != 0 {
		t.Errorf("%d calls failed; %d logs are left", disk.Failed(), len(s.logs.all))
	}
	if !strings.Contains(said.String(), "leaves a log behind") || !strings.Contains(said.String(), "/live/log-2.changes") {
		t.Error(said.String())
	}
}
