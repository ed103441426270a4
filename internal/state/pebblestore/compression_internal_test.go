package pebblestore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// MergeAll has Pebble merge all tables, for tests.
func (s *Store) MergeAll(ctx context.Context) error {
	return s.db.Compact(ctx, []byte{0}, []byte{0xff}, false)
}

// A compressed frame whose checksum is right may still be none; in a log of the first version there is none.
func TestPackedNonsense(t *testing.T) {
	p := packer{kind: store.Zstd}
	run := "\x01\x00\x02\x01\x00\x0b"
	entry := "01234567\x00\x01x"
	whole := string(p.zstdOf([]byte(entry)))
	if _, err := readLog(append(sealedIn(logPacked, framePacked, run, whole), sealed(frameEnd, "\x01\x00\x01\x00", "")[logHeader:]...)); err != nil {
		t.Fatal(err)
	}
	other := func(size int) string { return string(binary.AppendUvarint(nil, uint64(size))) + whole[1:] } //nolint:gosec // not negative
	for name, test := range map[string]struct {
		version byte
		head    string
		data    string
		want    string
	}{
		"the first version":        {logVersion, run, whole, "kind 'C'"},
		"no length":                {logPacked, run, "", "how long it is"},
		"a length without an end":  {logPacked, run, strings.Repeat("\xff", 11), "how long it is"},
		"too long":                 {logPacked, run, other(mostFrame + 1), "how long it is"},
		"longer than it is":        {logPacked, run, other(len(entry) + 1), "instead of"},
		"shorter than it is":       {logPacked, run, other(len(entry) - 1), "instead of"},
		"cut":                      {logPacked, run, whole[:len(whole)-1], "a compressed frame: "},
		"nothing compressed":       {logPacked, run, whole[:1], "instead of"},
		"no Zstandard":             {logPacked, run, whole[:1] + "12345678", "a compressed frame: "},
		"another number of bytes":  {logPacked, "\x01\x00\x02\x01\x00\x10", whole, "a run of"},
		"a run that ends too soon": {logPacked, "\x01\x00", whole, ""},
	} {
		if _, err := readLog(sealedIn(test.version, framePacked, test.head, test.data)); !toldLog(err) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReadPacked reads a compressed frame of anything, whose checksum is right.
func FuzzReadPacked(f *testing.F) {
	p := packer{kind: store.Zstd}
	f.Add("\x01\x00\x02\x01\x00\x0b", string(p.zstdOf([]byte("01234567\x00\x01x"))))
	f.Add("", "\x05")
	f.Fuzz(func(t *testing.T, head, data string) {
		if _, err := readLog(sealedIn(logPacked, framePacked, head, data)); err != nil && !toldLog(err) {
			t.Error(err)
		}
	})
}

// regularEpoch changes n of 5,000 entries, whose values compress.
func regularEpoch(seed, n int, logs bool) *store.Changes {
	c := &store.Changes{}
	if logs {
		c.Log(plenty)
	}
	for i := range n {
		number := uint64(seed*7919+i*31) % 5000                                                            //nolint:gosec // not negative
		value := fmt.Appendf(nil, "value %d of %d, %s", seed, number, strings.Repeat("and so on ", 1+i%9)) //nolint:gosec // few
		c.Put(store.Space{Operator: 1}, 0, number*0x9e3779b97f4a7c15, fmt.Append(nil, number), value)
	}
	return c
}

// listed lists all entries of a store.
func listed(t *testing.T, s store.Store) string {
	t.Helper()
	var out bytes.Buffer
	r := s.Reader()
	if err := r.Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(_ int64, hash uint64, key, value []byte) error {
		fmt.Fprintf(&out, "%x %s %s\n", hash, key, value)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A store goes on from the files of one that compressed otherwise, tables and logs, and has what one in memory has.
func TestCompressionMayChange(t *testing.T) {
	disk, memory := vfs.NewMem(), store.NewMemory()
	kinds := []store.Compression{store.Snappy, store.Zstd, store.Uncompressed, store.Snappy, store.Uncompressed, store.Zstd}
	var from []string
	seen := map[string]bool{}
	for life, kind := range kinds {
		s, err := Open(t.Context(), Options{FS: disk, Dir: fmt.Sprintf("/live-%d", life), From: from, Memory: MinMemory, Compression: kind})
		if err != nil {
			t.Fatal(err)
		}
		for i, logs := range []bool{false, false, true, true} {
			seed := 10*life + i
			if err := errors.Join(s.Apply(t.Context(), []*store.Changes{regularEpoch(seed, 400, logs)}), memory.Apply(t.Context(), []*store.Changes{regularEpoch(seed, 400, false)})); err != nil {
				t.Fatal(err)
			}
			if i == 1 && life%2 == 1 {
				if err := s.MergeAll(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		files, err := s.Checkpoint(t.Context(), fmt.Sprintf("/kept-%d", life))
		if err != nil {
			t.Fatal(err)
		}
		from = nil
		for _, f := range files {
			path := fmt.Sprintf("/kept-%d/%s", life, f.Name)
			if f.Path != path {
				if err := disk.Link(f.Path, path); err != nil {
					t.Fatal(err)
				}
			}
			content, err := vfs.ReadFile(disk, path)
			if err != nil {
				t.Fatal(err)
			}
			for _, mark := range []string{"ZSTD", "Snappy", "NoCompression", "WIRESTLG\x01", "WIRESTLG\x02"} {
				seen[mark] = seen[mark] || bytes.Contains(content, []byte(mark))
			}
			from = append(from, path)
		}
		if got, want := listed(t, s), listed(t, memory); got != want {
			t.Fatalf("life %d, %v: %d bytes of entries instead of %d", life, kind, len(got), len(want))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for mark, there := range seen {
		if !there {
			t.Errorf("no file had %q", mark)
		}
	}
}

// Zstd takes less on disk than Snappy, and that less than nothing: in tables of an epoch, in merged ones, and in logs, where Snappy compresses nothing. How much waits in logs is counted as it was before.
func TestSizesOnDisk(t *testing.T) {
	sizes := map[store.Compression][]int64{}
	for _, kind := range []store.Compression{store.Snappy, store.Zstd, store.Uncompressed} {
		s, err := Open(t.Context(), Options{FS: vfs.NewMem(), Dir: "/live", Memory: MinMemory, Compression: kind})
		if err != nil {
			t.Fatal(err)
		}
		note := func() { sizes[kind] = append(sizes[kind], int64(s.db.Metrics().Table.Local.LiveSize)) } //nolint:gosec // the size of files
		if err := s.Apply(t.Context(), []*store.Changes{regularEpoch(1, 5000, false)}); err != nil {
			t.Fatal(err)
		}
		note()
		if err := errors.Join(s.Apply(t.Context(), []*store.Changes{regularEpoch(1, 5000, false)}), s.MergeAll(t.Context())); err != nil {
			t.Fatal(err)
		}
		note()
		if err := s.Apply(t.Context(), []*store.Changes{regularEpoch(2, 5000, true)}); err != nil {
			t.Fatal(err)
		}
		sizes[kind] = append(sizes[kind], s.logs.bytes.Load(), s.logs.held)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	snappy, zstd, none := sizes[store.Snappy], sizes[store.Zstd], sizes[store.Uncompressed]
	for i, what := range []string{"an epoch", "merged"} {
		if zstd[i] >= snappy[i] || snappy[i] >= none[i] {
			t.Errorf("%s: zstd %d, snappy %d, none %d", what, zstd[i], snappy[i], none[i])
		}
	}
	if zstd[2]*2 > snappy[2] || snappy[2] != none[2] {
		t.Errorf("logs: zstd %d, snappy %d, none %d", zstd[2], snappy[2], none[2])
	}
	if zstd[3] < none[3]-2*vfs.DirectAlign || zstd[3] > none[3]+2*vfs.DirectAlign {
		t.Errorf("%d bytes wait in compressed logs, %d in others", zstd[3], none[3])
	}
}

// What a call that failed would have spared is not counted.
func TestFailedCallSparesNothing(t *testing.T) {
	var held []int64
	for _, fails := range []bool{false, true} {
		disk := vfs.Fail(vfs.NewMem())
		s, err := Open(t.Context(), Options{FS: disk, Dir: "/live", Memory: MinMemory, Compression: store.Zstd})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(t.Context(), []*store.Changes{regularEpoch(1, 100, true)}); err != nil {
			t.Fatal(err)
		}
		if fails {
			disk.Add(vfs.Rule{Call: vfs.CallSync, Err: syscall.ENOSPC})
			if err := s.Apply(t.Context(), []*store.Changes{regularEpoch(2, 5000, true)}); !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
		}
		if err := s.Apply(t.Context(), []*store.Changes{regularEpoch(3, 300, true)}); err != nil {
			t.Fatal(err)
		}
		held = append(held, s.logs.held)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if held[0] != held[1] {
		t.Errorf("%d bytes wait, and %d where a call failed between", held[0], held[1])
	}
}
