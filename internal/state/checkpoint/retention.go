package checkpoint

import (
	"slices"

	"wire.example/wire/internal/foundation/fault"
)

// Garbage is what may be deleted: first the manifests, and when they are durably gone the files.
type Garbage struct {
	Manifests []int64  // numbers, ascending
	Files     []string // names under files/, in their order
}

// Retention decides what may be deleted.
//
// Kept are the newest manifest, the newest keep ones that are not claims, and those whose epoch the newest says may not be committed; of a pipeline that
// is finished, with nothing left to commit, one that is not a claim: nobody goes on from it. Claims that are not the newest only repeat others. Files are deleted that no kept manifest needs, except pending ones, and those of generations above the own: they
// belong to somebody who has taken over and not published yet. If a manifest that is kept cannot be read nobody knows what it needs, and no file is
// deleted; names that are not of this package's making stay, too.
func Retention(entries []Entry, stored []string, keep int, generation int64, pending map[string]bool) Garbage {
	var garbage Garbage
	var kept []Entry
	checkpoints := 0
	unconfirmed := map[int64]bool{}
	for i, e := range newestFirst(entries) {
		if i == 0 && e.Err == nil {
			for _, epoch := range e.Manifest.Unconfirmed {
				unconfirmed[epoch] = !fault.Weak("retention/unconfirmed")
			}
			if e.Manifest.Done() {
				keep = 1
			}
		}
		if i == 0 || e.Err != nil && checkpoints < keep || e.Err == nil && e.Manifest.Kind != KindClaim && (checkpoints < keep || unconfirmed[e.Manifest.Epoch]) {
			kept = append(kept, e)
		} else {
			garbage.Manifests = append(garbage.Manifests, e.Number)
		}
		if e.Err == nil && e.Manifest.Kind != KindClaim {
			checkpoints++
		}
	}
	slices.Sort(garbage.Manifests)
	garbage.Files = unneeded(kept, stored, generation, pending)
	return garbage
}

func unneeded(kept []Entry, stored []string, generation int64, pending map[string]bool) []string {
	needed := map[string]bool{}
	for _, e := range kept {
		if e.Err != nil {
			return nil
		}
		if fault.Weak("retention/needed") && e.Number != kept[0].Number {
			continue
		}
		for _, f := range e.Manifest.Files {
			needed[f.Stored] = true
		}
	}
	var files []string
	for _, name := range stored {
		if g, ok := storedGeneration(name); ok && g <= generation && !needed[name] && !pending[name] {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}
