package checkpoint

import (
	"fmt"
	"slices"
	"testing"
)

// The small model of retention: every short history, with each set of epochs that sinks may not have committed, is given to Retention, and compared with the rule, which is stated here once more, as reasons for
// which something stays. What has no reason goes.

// hoard is a history of which something may be deleted. The manifest of number n is of epoch n, unless it is a claim, and has the file of epoch n.
type hoard struct {
	kinds    []hoardKind // by number - 1
	shares   []bool      // by number - 1: a checkpoint has the file of the one before, too
	open     []int64     // what the newest says may not be committed
	finished bool        // so it says
	keep     int
}

type hoardKind int

const (
	hoardCheckpoint hoardKind = iota
	hoardClaim                // of the manifest before, if there is one that can be read
	hoardDamaged
	hoardKinds
)

// Files that no manifest has.
const (
	hoardGeneration = 2
	hoardPending    = 91 // by number: being prepared
	hoardNobodys    = 92
	hoardLater      = 93 // of a later generation
)

func hoardFile(number int) string {
	generation := int64(hoardGeneration)
	if number == hoardLater {
		generation++
	}
	return storedName(lineageA, generation, int64(number), "s", "f")
}

func (h *hoard) entries() []Entry {
	var entries []Entry
	var before *Manifest // the newest that can be read
	for i, kind := range h.kinds {
		number := int64(i + 1)
		m := &Manifest{Kind: KindCheckpoint, Number: number, Epoch: number, Files: []File{{Stored: hoardFile(i + 1)}}}
		switch {
		case kind == hoardDamaged:
			entries = append(entries, Entry{Number: number, Err: &ManifestError{Reason: "it is"}})
			continue
		case kind == hoardClaim && before == nil:
			m.Kind, m.Epoch, m.Files = KindClaim, 0, nil
		case kind == hoardClaim:
			m = before.clone()
			m.Kind, m.Number, m.From = KindClaim, number, before.Number
		case h.shares[i] && i > 0:
			m.Files = append(m.Files, File{Stored: hoardFile(i)})
		}
		if before = m; i == len(h.kinds)-1 {
			m.Unconfirmed, m.Finished = h.open, h.finished
		}
		entries = append(entries, Entry{Number: number, Manifest: m})
	}
	return entries
}

// stays are the manifests for which there is a reason to stay, ascending.
func (h *hoard) stays(entries []Entry) []int64 {
	var stays []int64
	newest := entries[len(entries)-1]
	enough := h.keep
	if newest.Err == nil && h.finished && len(h.open) == 0 {
		enough = 1 // nobody goes on from it
	}
	for i, e := range entries {
		behind := 0 // checkpoints that are newer and can be read
		for _, later := range entries[i+1:] {
			if later.Err == nil && later.Manifest.Kind == KindCheckpoint {
				behind++
			}
		}
		isCheckpoint := e.Err == nil && e.Manifest.Kind == KindCheckpoint
		switch {
		case i == len(entries)-1: // the pipeline goes on from it
		case isCheckpoint && newest.Err == nil && slices.Contains(h.open, e.Manifest.Epoch): // sinks may still need it
		case (isCheckpoint || e.Err != nil) && behind < enough: // one of the last checkpoints, or it may be one
		default:
			continue
		}
		stays = append(stays, e.Number)
	}
	return stays
}

// check returns what is wrong with what Retention lets go.
func (h *hoard) check() error {
	entries := h.entries()
	stored := []string{"notes.txt", hoardFile(hoardPending), hoardFile(hoardNobodys), hoardFile(hoardLater)}
	for i := range h.kinds {
		stored = append(stored, hoardFile(i+1))
	}
	got := Retention(entries, stored, h.keep, hoardGeneration, map[string]bool{hoardFile(hoardPending): true})

	stays := h.stays(entries)
	var kept []Entry
	needed := map[string]bool{"notes.txt": true, hoardFile(hoardPending): true, hoardFile(hoardLater): true}
	guess := false // a manifest that is kept cannot be read
	for _, e := range entries {
		if slices.Contains(stays, e.Number) == slices.Contains(got.Manifests, e.Number) {
			return fmt.Errorf("of the manifests %v go, and %v are to stay", got.Manifests, stays)
		}
		if !slices.Contains(stays, e.Number) {
			continue
		}
		kept = append(kept, e)
		if guess = guess || e.Err != nil; e.Err == nil {
			for _, f := range e.Manifest.Files {
				needed[f.Stored] = true
			}
		}
	}
	for _, name := range stored {
		if goes := slices.Contains(got.Files, name); goes != (!guess && !needed[name]) {
			return fmt.Errorf("file %s goes: %t", name, goes)
		}
	}
	return sameStart(entries, kept)
}

// sameStart returns what is wrong with what is left to start from: it is what there was, and of checkpoints that could be used instead, if there are any, one is left.
func sameStart(before, after []Entry) error {
	was, wasErr := Recover(before, 0, "d")
	is, isErr := Recover(after, 0, "d")
	if was != is || (wasErr == nil) != (isErr == nil) {
		return fmt.Errorf("a start goes on from %+v, %w, and went on from %+v, %w", is, isErr, was, wasErr)
	}
	isCheckpoint := func(e Entry) bool { return e.Err == nil && e.Manifest.Kind == KindCheckpoint }
	if slices.ContainsFunc(before, isCheckpoint) && !slices.ContainsFunc(after, isCheckpoint) {
		return fmt.Errorf("no checkpoint is left: %v", after)
	}
	return nil
}

func TestEveryRetentionOfASmallModel(t *testing.T) {
	const most = 5
	tried := 0
	for n := 1; n <= most; n++ {
		kinds, shares, open := make([]hoardKind, n), make([]int, n), make([]int, n)
		if n == most {
			shares = slices.Repeat([]int{1}, n)
		}
		for more := true; more; {
			h := hoard{kinds: kinds}
			for i := range n {
				h.shares = append(h.shares, shares[i] == 1)
				if open[i] == 1 {
					h.open = append(h.open, int64(i+1))
				}
			}
			for h.keep = 1; h.keep <= 3; h.keep++ {
				for _, h.finished = range []bool{false, true} {
					tried++
					if err := h.check(); err != nil {
						t.Fatalf("%+v: %v", h, err)
					}
				}
			}
			more = countUp(kinds, hoardKinds) || countUp(open, 2) || n < most && countUp(shares, 2)
		}
	}
	t.Logf("%d histories", tried)
}
