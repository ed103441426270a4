package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// history makes entries from lines such as "3 checkpoint g1 e2", "4 claim g2 e2 from3 used9", "5 damaged", "6 unreadable".
func history(t *testing.T, lines ...string) []Entry {
	t.Helper()
	var entries []Entry
	for _, line := range lines {
		fields := strings.Fields(line)
		m := &Manifest{Lineage: lineageA}
		var e Entry
		if _, err := fmt.Sscan(fields[0], &e.Number); err != nil {
			t.Fatal(err)
		}
		switch fields[1] {
		case "damaged":
			e.Err = &ManifestError{Reason: "it is"}
		case "unreadable":
			e.Err = syscall.EIO
		default:
			m.Kind, m.Number, e.Manifest = Kind(fields[1]), e.Number, m
			m.Finished = m.Kind == KindFinished
		}
		for _, f := range fields[2:] {
			for prefix, to := range map[string]*int64{"g": &m.Generation, "e": &m.Epoch, "from": &m.From, "used": &m.Used} {
				if _, err := fmt.Sscanf(f, prefix+"%d", to); err == nil {
					break
				}
			}
			if open, ok := strings.CutPrefix(f, "open"); ok {
				var epoch int64
				if _, err := fmt.Sscan(open, &epoch); err != nil {
					t.Fatal(err)
				}
				m.Unconfirmed = append(m.Unconfirmed, epoch)
			}
			m.Finished = m.Finished || f == "finished"
			if name, ok := strings.CutPrefix(f, "file:"); ok {
				m.Files = append(m.Files, File{Stored: name})
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func TestRecover(t *testing.T) {
	for _, test := range []struct {
		name    string
		entries []string
		accept  int64
		want    int64 // number; 0: none
		err     string
	}{
		{"nothing", nil, 0, 0, ""},
		{"nothing to accept", nil, 3, 0, "there is no checkpoint of epoch 3"},
		{"the newest, in any order", []string{"3 checkpoint g1 e2", "1 claim g1", "4 checkpoint g1 e3", "2 checkpoint g1 e1"}, 0, 4, ""},
		{"a claim", []string{"3 checkpoint g1 e2", "4 claim g2 e2 from3"}, 0, 4, ""},
		{"damage behind the newest", []string{"3 damaged", "4 checkpoint g1 e3"}, 0, 4, ""},
		{"the newest is damaged", []string{"2 checkpoint g1 e1", "3 checkpoint g1 e2", "4 damaged"}, 0, 0, "--accept-duplicates-since 2 "},
		{"all are damaged", []string{"3 damaged", "4 damaged"}, 0, 0, "No older one is whole"},
		{"the newest cannot be read now", []string{"3 checkpoint g1 e2", "4 unreadable"}, 0, 0, "input/output error"},
		{"accepted", []string{"2 checkpoint g1 e1", "3 checkpoint g1 e2", "4 damaged"}, 1, 2, ""},
		{"accepted though the newest is whole", []string{"2 checkpoint g1 e1", "3 checkpoint g1 e2"}, 1, 2, ""},
		{"accepted from a claim", []string{"2 checkpoint g1 e1", "3 claim g2 e1 from2", "4 damaged"}, 1, 3, ""},
		{"accepted what is damaged", []string{"2 checkpoint g1 e1", "3 damaged"}, 2, 0, "no readable checkpoint of epoch 2"},
		{"the empty beginning is no choice", []string{"1 claim g1", "2 damaged"}, 0, 0, "No older one is whole"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Recover(history(t, test.entries...), test.accept, "dir")
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			got := int64(0)
			if m != nil {
				got = m.Number
			}
			if got != test.want {
				t.Errorf("number %d, want %d", got, test.want)
			}
		})
	}
	_, err := Recover(history(t, "2 checkpoint g1 e1", "3 claim g2 e1 from2", "4 damaged"), 0, "dir")
	if unusable := wantAs[*UnusableError](t, err); len(unusable.Intact) != 1 || !errors.Is(err, ErrDamaged) {
		t.Errorf("%+v", unusable)
	}
}

func TestNextGeneration(t *testing.T) {
	for _, test := range []struct {
		entries []string
		seen    []int64
		want    int64
	}{
		{nil, nil, 1},
		{nil, []int64{4, 2}, 5},
		{[]string{"1 claim g1", "2 checkpoint g3 e1"}, []int64{2}, 4},
		{[]string{"1 claim g1", "2 damaged"}, nil, 3},
		{[]string{"1 claim g1", "6 damaged"}, nil, 7},
		{[]string{"1 claim g5", "2 damaged", "3 unreadable"}, []int64{6}, 9},
	} {
		if got := NextGeneration(history(t, test.entries...), test.seen); got != test.want {
			t.Errorf("%q, seen %v: %d, want %d", test.entries, test.seen, got, test.want)
		}
	}
}

func TestLastEpoch(t *testing.T) {
	for _, test := range []struct {
		entries []string
		want    int64
	}{
		{nil, 0},
		{[]string{"1 claim g1"}, 0},
		{[]string{"2 checkpoint g1 e7", "1 claim g1"}, 7},
		{[]string{"2 checkpoint g1 e7", "3 claim g2 e5 from1 used7"}, 7},
		{[]string{"2 checkpoint g1 e7", "3 damaged", "4 damaged"}, 7 + 2*epochsOfDamaged},
		{[]string{"3 damaged"}, 3 * epochsOfDamaged},
		{[]string{"2 checkpoint g1 e7", "5 damaged"}, 7 + 3*epochsOfDamaged},
	} {
		if got := LastEpoch(history(t, test.entries...)); got != test.want {
			t.Errorf("%q: %d, want %d", test.entries, got, test.want)
		}
	}
}

func TestSuperseded(t *testing.T) {
	for _, test := range []struct {
		numbers []int64
		mine    int64
		by      int64
		want    bool
	}{{nil, 1, 0, false}, {[]int64{3, 5, 4}, 5, 5, false}, {[]int64{3, 6, 4}, 5, 6, true}, {[]int64{6}, 5, 6, true}} {
		if by, got := Superseded(test.numbers, test.mine); by != test.by || got != test.want {
			t.Errorf("%v, %d: %d %v", test.numbers, test.mine, by, got)
		}
	}
}

func TestRetention(t *testing.T) {
	name := func(generation, epoch int64) string { return storedName(lineageA, generation, epoch, "s", "f") }
	old, mid, mine, next := name(1, 1), name(1, 2), name(2, 3), name(3, 4)
	for _, test := range []struct {
		label     string
		entries   []string
		stored    []string
		keep      int
		pending   []string
		manifests []int64
		files     []string
	}{
		{"nothing", nil, nil, 2, nil, nil, nil},
		{"few", []string{"1 claim g1", "2 checkpoint g1 e1 file:" + old}, []string{old}, 2, nil, []int64{1}, nil},
		{
			"old ones go with what only they need",
			[]string{"2 checkpoint g1 e1 file:" + old, "3 checkpoint g1 e2 file:" + mid, "4 checkpoint g2 e3 file:" + mid + " file:" + mine},
			[]string{old, mid, mine},
			2, nil,
			[]int64{2},
			[]string{old},
		},
		{"nothing that is pending", []string{"2 checkpoint g2 e1"}, []string{old, mine}, 2, []string{mine}, nil, []string{old}},
		{"nothing of later generations, nothing unknown", []string{"2 checkpoint g2 e1"}, []string{next, "notes.txt", lineageA, old}, 2, nil, nil, []string{old}},
		{"the newest, though a claim", []string{"2 checkpoint g1 e1", "3 checkpoint g1 e2", "4 claim g2 e2 from3"}, nil, 2, nil, nil, nil},
		{"claims do not count", []string{"1 checkpoint g1 e1", "2 claim g2 e1 from1", "3 claim g3 e1 from1", "4 checkpoint g3 e2"}, nil, 2, nil, []int64{2, 3}, nil},
		{"unconfirmed ones stay", []string{"1 checkpoint g1 e1", "2 checkpoint g1 e2", "3 checkpoint g1 e3", "4 checkpoint g1 e4", "5 checkpoint g1 e5 open2 open4 open5"}, nil, 2, nil, []int64{1, 3}, nil},
		{"what is confirmed by now goes", []string{"1 checkpoint g1 e1", "2 checkpoint g1 e2 open1 open2", "3 checkpoint g1 e3", "4 checkpoint g1 e4"}, nil, 2, nil, []int64{1, 2}, nil},
		{"a damaged one needs nobody knows what", []string{"2 damaged", "3 checkpoint g1 e2"}, []string{old}, 2, nil, nil, nil},
		{"a damaged one does not count", []string{"1 checkpoint g1 e1", "2 damaged", "3 checkpoint g1 e2"}, []string{old}, 2, nil, nil, nil},
		{
			"of a finished pipeline all but one",
			[]string{"2 checkpoint g1 e1 file:" + old, "3 finished g1 e2 open2 file:" + mid, "4 finished g1 e3 file:" + mid},
			[]string{old, mid},
			3, nil,
			[]int64{2, 3},
			[]string{old},
		},
		{
			"not while sinks may not have all of it",
			[]string{"2 checkpoint g1 e1 file:" + old, "3 checkpoint g1 e2", "4 finished g1 e3 open3 file:" + mid},
			[]string{old, mid},
			3, nil, nil, nil,
		},
		{
			"nor more after a start has claimed it",
			[]string{"2 checkpoint g1 e1 file:" + old, "3 finished g1 e2 file:" + mid, "4 claim g2 e2 from3 finished file:" + mid},
			[]string{old, mid},
			3, nil,
			[]int64{2},
			[]string{old},
		},
		{"an old damaged one goes", []string{"1 damaged", "2 checkpoint g1 e1", "3 checkpoint g1 e2"}, []string{old}, 2, nil, []int64{1}, []string{old}},
	} {
		t.Run(test.label, func(t *testing.T) {
			pending := map[string]bool{}
			for _, p := range test.pending {
				pending[p] = true
			}
			got := Retention(history(t, test.entries...), test.stored, test.keep, 2, pending)
			if !slices.Equal(got.Manifests, test.manifests) || !slices.Equal(got.Files, test.files) {
				t.Errorf("%v %q, want %v %q", got.Manifests, got.Files, test.manifests, test.files)
			}
		})
	}
}
