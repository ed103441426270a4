package checkpoint

import (
	"errors"
	"fmt"
	"slices"

	"wire.example/wire/internal/foundation/fault"
)

// Entry is a manifest that was found under a number: what it says, or why it cannot be read.
type Entry struct {
	Number   int64
	Manifest *Manifest // nil if Err is set
	Err      error
}

// epochsOfDamaged is by how much epochs go on for each number behind that of the newest manifest that can be read: more than an owner may skip.
const epochsOfDamaged = maxSkip + 1

// maxSkip is how many epochs an owner may give up between two manifests.
const maxSkip = 1 << 20

// Recover decides from which of the manifests, in any order, a pipeline goes on; nil: from none, there is nothing. That is the newest, and no other:
// sinks may have committed its epoch. If it cannot be used somebody must accept the duplicates since an older epoch; acceptSince is that epoch, 0 for
// none. The error is an *UnusableError, of which dir is only for the message.
func Recover(entries []Entry, acceptSince int64, dir string) (*Manifest, error) {
	sorted := newestFirst(entries)
	if len(sorted) == 0 {
		if acceptSince != 0 {
			return nil, fmt.Errorf("%s: there is no checkpoint of epoch %d", dir, acceptSince)
		}
		return nil, nil
	}
	if acceptSince == 0 {
		newest := sorted[0]
		if newest.Err == nil {
			return newest.Manifest, nil
		}
		if !errors.Is(newest.Err, ErrDamaged) {
			return nil, newest.Err // it may be readable another time
		}
		if older := Choices(entries, 0); fault.Weak("recovery/newest") && len(older) > 0 {
			return older[0], nil
		}
		return nil, &UnusableError{Dir: dir, Err: newest.Err, Intact: Choices(entries, 0)}
	}
	for _, e := range sorted {
		if e.Err == nil && e.Manifest.Epoch == acceptSince && e.Manifest.HasState() {
			return e.Manifest, nil
		}
	}
	return nil, &UnusableError{Dir: dir, Asked: acceptSince, Err: Unreadable(entries, acceptSince), Intact: Choices(entries, 0), Done: sorted[0].Err == nil && sorted[0].Manifest.Done()}
}

// judge asks the runtime whether it can go on from base, which Recover has found; it may be nil. path names a manifest. The error is an *UnusableError if another may be taken instead.
func (o *Options) judge(entries []Entry, base *Manifest, path func(*Manifest) string) error {
	if o.Usable == nil || base == nil || !base.HasState() {
		return nil
	}
	err := o.Usable(base)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", path(base), err)
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	newest := newestFirst(entries)[0]
	return &UnusableError{Dir: o.Dir, Asked: o.AcceptSince, Err: err, Intact: Choices(entries, base.Epoch), Done: newest.Err == nil && newest.Manifest.Done()}
}

// lost is the error of who finds, having begun with m, that a file of it is damaged; accepted is the epoch that was asked for, 0 for none. What is no damage stays as it is.
func lost(entries []Entry, m *Manifest, accepted int64, dir string, err error) error {
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	asked := int64(0)
	if m.Epoch == accepted {
		asked = m.Epoch
	}
	return &UnusableError{Dir: dir, Asked: asked, Err: err, Intact: Choices(entries, m.Epoch)}
}

// onlyIntact takes those checkpoints out of an *UnusableError that are not usable, see Options, or not whole, either.
func onlyIntact(err error, usable func(*Manifest) error, whole func(*Manifest) bool) error {
	var unusable *UnusableError
	if errors.As(err, &unusable) {
		unusable.Intact = slices.DeleteFunc(unusable.Intact, func(m *Manifest) bool { return usable != nil && usable(m) != nil || !whole(m) })
	}
	return err
}

// Unreadable is the error of who asks for an epoch of which no manifest can be read: it names those that may be of it. If there are any it is their damage.
func Unreadable(entries []Entry, epoch int64) error {
	var errs []error
	for _, e := range damagedOf(entries, epoch) {
		errs = append(errs, e.Err)
	}
	if len(errs) == 0 {
		return fmt.Errorf("there is no readable checkpoint of epoch %d", epoch)
	}
	return fmt.Errorf("there is no readable checkpoint of epoch %d: %w", epoch, errors.Join(errs...))
}

// damagedOf are the manifests that are damaged and may be of an epoch, newest first: they lie between those of earlier and of later ones, and no manifest
// that can be read is of it.
func damagedOf(entries []Entry, epoch int64) []Entry {
	var damaged []Entry
	for _, e := range newestFirst(entries) {
		switch {
		case e.Err == nil && e.Manifest.HasState() && e.Manifest.Epoch == epoch:
			return nil
		case e.Err == nil && e.Manifest.Kind == KindClaim && e.Manifest.lastEpoch() >= epoch:
			damaged = nil // it comes after the epoch, as all that follow it do
		case e.Err == nil && e.Manifest.Epoch > epoch:
			damaged = nil
		case e.Err == nil:
			return damaged
		case errors.Is(e.Err, ErrDamaged):
			damaged = append(damaged, e)
		}
	}
	return damaged
}

// Choices are the manifests that can be read and have state, newest first, one an epoch; without that epoch, unless it is 0.
func Choices(entries []Entry, without int64) []*Manifest {
	var choices []*Manifest
	seen := map[int64]bool{without: true}
	for _, e := range newestFirst(entries) {
		if e.Err == nil && e.Manifest.HasState() && !seen[e.Manifest.Epoch] {
			seen[e.Manifest.Epoch] = true
			choices = append(choices, e.Manifest)
		}
	}
	return choices
}

// claimOf is a claim of base, nil: of nothing, as far as the other manifests and names decide it: its number and its generation are new, and it says which epochs are used.
func claimOf(base *Manifest, entries []Entry, seen []int64) *Manifest {
	claim := &Manifest{}
	if base != nil {
		claim = base.clone()
		claim.From = base.Number
		if !base.HasState() {
			claim.From = 0
		}
	}
	claim.Kind, claim.Number, claim.Generation = KindClaim, newestNumber(entries)+1, NextGeneration(entries, seen)
	if claim.Used = LastEpoch(entries); claim.Used <= claim.Epoch || fault.Weak("epoch/new") {
		claim.Used = 0
	}
	return claim
}

// NextGeneration is the generation of a new owner: higher than that of any manifest, of those that cannot be read and of claims that were removed before them, too, and than the generations that
// were seen in other names.
func NextGeneration(entries []Entry, seen []int64) int64 {
	_, unknown := newestReadable(entries)
	highest := int64(0)
	for _, e := range entries {
		if e.Err == nil {
			highest = max(highest, e.Manifest.Generation)
		}
	}
	for _, g := range seen {
		highest = max(highest, g)
	}
	if fault.Weak("generation/new") {
		return max(highest, 1)
	}
	return highest + unknown + 1 // each number may have been that of another owner
}

// LastEpoch is the highest number that an epoch may have had, given that manifests which cannot be read may have the highest.
func LastEpoch(entries []Entry) int64 {
	newest, unknown := newestReadable(entries)
	last := unknown * epochsOfDamaged
	if newest != nil {
		last += newest.lastEpoch()
	}
	return last
}

// newestReadable is the newest manifest that can be read, nil if none can, and how many numbers there were behind it of which nobody knows any more whose they were.
func newestReadable(entries []Entry) (newest *Manifest, unknown int64) {
	for _, e := range newestFirst(entries) {
		if e.Err == nil {
			return e.Manifest, newestNumber(entries) - e.Number
		}
	}
	return nil, newestNumber(entries)
}

// Superseded returns the highest of numbers that is higher than mine; false: there is none, and whoever published mine may commit.
func Superseded(numbers []int64, mine int64) (by int64, superseded bool) {
	for _, n := range numbers {
		by = max(by, n)
	}
	return by, by > mine
}

// newestNumber is the highest number; 0: there is none.
func newestNumber(entries []Entry) int64 {
	highest := int64(0)
	for _, e := range entries {
		highest = max(highest, e.Number)
	}
	return highest
}

func newestFirst(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int {
		if a.Number > b.Number {
			return -1
		}
		return 1
	})
	return sorted
}
