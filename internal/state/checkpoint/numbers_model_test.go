package checkpoint

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// The small model of numbers: every short sequence of what can happen to a state directory is played, with what decides about starts, claims and retention. No generation and no epoch may come twice, whatever was damaged
// or removed before.

// numbered is a state directory of which only the numbers count, and what was ever used in it.
type numbered struct {
	entries    []Entry
	latest     *Manifest // of the owner; nil: there is none
	epoch      int64     // the highest that was ever used
	generation int64
	wrong      string
}

func (d *numbered) clone() *numbered {
	c := *d
	c.entries = slices.Clone(d.entries)
	return &c
}

// own publishes a claim of a new owner, as Open does.
func (d *numbered) own(claim *Manifest) {
	if claim.Generation <= d.generation {
		d.wrong = "a generation comes twice"
	}
	d.generation = claim.Generation
	d.publish(claim)
}

func (d *numbered) publish(m *Manifest) {
	d.latest = m
	d.entries = append(d.entries, Entry{Number: m.Number, Manifest: m})
}

// copied publishes a claim of base, and removes those before that say the same.
func (d *numbered) copied(claim *Manifest) {
	d.entries = slices.DeleteFunc(d.entries, func(e Entry) bool {
		return e.Err == nil && e.Manifest.Kind == KindClaim && e.Manifest.Epoch == claim.Epoch
	})
	d.own(claim)
}

// start starts a run. Owners before have ended in order, and left no names.
func (d *numbered) start(since int64, fresh bool) {
	base, err := Recover(d.entries, since, "d")
	begins := claimOf(nil, d.entries, nil)
	switch {
	case fresh && err == nil && base != nil && base.HasState():
		d.copied(claimOf(base, d.entries, nil))
		begins.Number++ // both are claims of one owner
		d.publish(begins)
	case fresh || err == nil && base == nil:
		d.own(begins)
	case err == nil:
		d.copied(claimOf(base, d.entries, nil))
	default:
		d.latest = nil
	}
}

func (d *numbered) checkpoint(skip int64) {
	if d.latest == nil {
		return
	}
	m := &Manifest{Kind: KindCheckpoint, Number: d.latest.Number + 1, Generation: d.latest.Generation, Epoch: d.latest.lastEpoch() + skip}
	if m.Epoch <= d.epoch {
		d.wrong = "an epoch comes twice"
	}
	d.epoch = m.Epoch
	d.publish(m)
}

// numberedSteps are what can happen, by letter.
func numberedSteps() map[rune]func(*numbered) {
	return map[rune]func(*numbered){
		'c': func(d *numbered) { d.checkpoint(1) },
		'j': func(d *numbered) { d.checkpoint(maxSkip) },
		's': func(d *numbered) { d.start(0, false) },
		'f': func(d *numbered) { d.start(0, true) },
		'a': func(d *numbered) { // goes on from the oldest that there is
			if choices := Choices(d.entries, 0); len(choices) > 0 {
				d.start(choices[len(choices)-1].Epoch, false)
			}
		},
		'd': func(d *numbered) { // the newest is damaged that is whole, while nobody runs
			for i := len(d.entries) - 1; i >= 0; i-- {
				if d.entries[i].Err == nil {
					d.entries[i] = Entry{Number: d.entries[i].Number, Err: &ManifestError{Reason: "it is"}}
					break
				}
			}
			d.latest = nil
		},
		'r': func(d *numbered) { // retention, or somebody removes what he may
			if d.latest != nil {
				gone := Retention(d.entries, nil, 1, d.generation, nil).Manifests
				d.entries = slices.DeleteFunc(d.entries, func(e Entry) bool { return slices.Contains(gone, e.Number) })
			}
		},
	}
}

func TestNumbersNeverComeTwiceInASmallModel(t *testing.T) {
	most, steps, tried := 8, numberedSteps(), 0
	if testing.Short() {
		most = 6
	}
	var play func(d *numbered, way string)
	play = func(d *numbered, way string) {
		for letter, step := range steps {
			if way == "" && letter != 's' || strings.HasSuffix(way, "r") && letter == 'r' {
				continue
			}
			next := d.clone()
			step(next)
			tried++
			if next.wrong != "" {
				t.Fatalf("%s%c: %s: %+v", way, letter, next.wrong, next.entries)
			}
			if len(way)+1 < most {
				play(next, way+string(letter))
			}
		}
	}
	play(&numbered{}, "")
	t.Logf("%d sequences", tried)
}

// Starts that took no checkpoint leave one claim, that of the last. When it is damaged nobody knows how many there were, and yet the next has a generation of its own.
func TestGenerationsBehindADamagedClaim(t *testing.T) {
	b, _ := memBed(t)
	o := b.open(as(7))
	b.checkpoint(o, 1)
	b.must(o.Close())
	for range 5 {
		o = b.open(as(8))
		b.must(o.Close())
	}
	b.must(vfs.WriteFile(b.fs, o.latest.Path(stateDir), []byte("x")))
	again := b.open(as(9), func(o *Options) { o.AcceptSince = 1 })
	if again.Generation() <= o.Generation() || again.LastEpoch() <= 1 {
		t.Errorf("generation %d comes after %d; the last epoch is %d", again.Generation(), o.Generation(), again.LastEpoch())
	}
	b.must(again.Close())
}
