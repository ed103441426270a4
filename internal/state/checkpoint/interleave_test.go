package checkpoint

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// Two real owners, whose calls to the directory are interleaved: the second takes over at any moment. A schedule says at which calls the other one
// goes on; all schedules with up to a few changes are tried.

// player is one of the owners, in a goroutine that waits before each call to the directory.
type player struct {
	wants   chan struct{} // before a call
	may     chan struct{} // it may be made
	done    chan struct{}
	waiting bool // before a call
	err     error
}

func newPlayer() *player {
	return &player{wants: make(chan struct{}), may: make(chan struct{}), done: make(chan struct{})}
}

func (p *player) enter() {
	p.wants <- struct{}{}
	<-p.may
}

// settle waits until the player waits before a call, or has ended.
func (p *player) settle() {
	select {
	case <-p.done:
		p.waiting = false
	case <-p.wants:
		p.waiting = true
	}
}

// step lets one call be made, with all that follows up to the next; false: the player has ended.
func (p *player) step() bool {
	if !p.waiting {
		return false
	}
	p.may <- struct{}{}
	p.settle()
	return true
}

// duel is one schedule played.
type duel struct {
	*bed
	allowed map[int64]int64 // epoch → generation that may commit it
	claimed map[int64]int64 // generation → epoch that it went on from
	strays  map[int64]bool  // numbers that were published when there was a higher one: no part of the history
	players int64
	wrong   []string
}

// published notes a stray.
func (d *duel) published(name string) {
	infos, err := NewDirectory(d.fs, stateDir, 0).List(d.Context(), manifestFolder)
	d.must(err)
	number, _ := manifestNumber(name)
	_, d.strays[number] = Superseded(numbersOf(infos), number)
}

// lacks names a manifest of the history that lacks a file.
func (d *duel) lacks() error {
	for number, stray := range d.strays {
		if stray {
			_ = d.fs.Remove(filepath.Join(stateDir, manifestName(number))) // what retention would do
		}
	}
	return complete(d.bed)
}

func (d *duel) say(format string, args ...any) {
	d.wrong = append(d.wrong, fmt.Sprintf(format, args...))
}

// play runs an owner. Only one player runs at a time.
func (d *duel) play(p *player, epochs int, change ...func(*Options)) {
	defer close(p.done)
	d.players++
	target := &gate{Directory: NewDirectory(d.fs, stateDir, d.players), enter: p.enter, published: d.published}
	o, err := d.try(append(change, func(o *Options) { o.Target = target })...)
	if err != nil {
		p.err = err
		return
	}
	base := int64(0)
	if m := o.Latest(); m != nil {
		base = m.Epoch
	}
	d.claimed[o.Generation()] = base
	for epoch := range d.allowed {
		if epoch > base {
			d.say("generation %d goes on from epoch %d, and %d may have been committed", o.Generation(), base, epoch)
		}
	}
	if err := d.restoreAndCompare(o, o.Latest()); err != nil {
		d.say("generation %d cannot restore: %v", o.Generation(), err)
		return
	}
	for range epochs {
		epoch := o.LastEpoch() + 1
		if p.err = d.tryCheckpoint(o, epoch); p.err != nil {
			break
		}
		if by, taken := d.allowed[epoch]; taken {
			d.say("epoch %d may be committed by %d and %d", epoch, by, o.Generation())
		}
		for g, base := range d.claimed {
			if g > o.Generation() && base < epoch {
				d.say("generation %d may commit %d, and %d went on from %d", o.Generation(), epoch, g, base)
			}
		}
		d.allowed[epoch] = o.Generation()
		if p.err = o.Retain(d.Context()); p.err != nil {
			break
		}
	}
	var fenced *FencedError
	if p.err != nil && !errors.As(p.err, &fenced) {
		d.say("generation %d: %v", o.Generation(), p.err)
	}
}

// run plays a schedule: the first player begins; at each of the calls, counted over both, the other one goes on. It returns the number of calls.
func (d *duel) run(changes []int, epochs int) int {
	players := [2]*player{newPlayer(), newPlayer()}
	go d.play(players[0], epochs)
	players[0].settle()
	turn, calls, started := 0, 0, false
	for {
		if len(changes) > 0 && calls == changes[0] {
			changes, turn = changes[1:], 1-turn
		}
		if turn == 1 && !started {
			started = true
			go d.play(players[1], epochs, takeOver)
			players[1].settle()
		}
		if players[turn].step() {
			calls++
			continue
		}
		if turn = 1 - turn; turn == 1 && !started {
			continue
		}
		if !players[turn].step() {
			return calls
		}
		calls++
	}
}

// interleave tries all schedules with up to some changes of turn and returns what is wrong with the first that is.
func interleave(t *testing.T, weak weaknesses, epochs, changes int) (played int, wrong string) {
	t.Helper()
	var try func(prefix []int) string
	try = func(prefix []int) string {
		b := newBed(t, vfs.NewMem())
		b.options.weak, b.options.Retain = weak, MinRetain
		d := &duel{bed: b, allowed: map[int64]int64{}, claimed: map[int64]int64{}, strays: map[int64]bool{}}
		calls := d.run(prefix, epochs)
		played++
		if err := d.lacks(); err != nil && len(d.wrong) == 0 {
			d.say("%v", err)
		}
		if len(d.wrong) > 0 {
			return fmt.Sprintf("turns at %v: %s", prefix, strings.Join(d.wrong, "; "))
		}
		if len(prefix) == changes {
			return ""
		}
		first := 0
		if len(prefix) > 0 {
			first = prefix[len(prefix)-1] + 1
		}
		for at := first; at < calls; at++ {
			if wrong := try(append(prefix[:len(prefix):len(prefix)], at)); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	wrong = try(nil)
	return played, wrong
}

func TestInterleavedOwners(t *testing.T) {
	played, wrong := interleave(t, weaknesses{}, 3, 2)
	if wrong != "" {
		t.Error(wrong)
	}
	t.Logf("%d schedules", played)
}

func TestInterleavedOwnersNoticeWeaknesses(t *testing.T) {
	for name, weak := range map[string]weaknesses{
		"nobody looks afterwards":     {looksNot: true},
		"a start does not claim":      {claimsNot: true},
		"files of others are deleted": {generations: true},
	} {
		t.Run(name, func(t *testing.T) {
			played, wrong := interleave(t, weak, 4, 3)
			if wrong == "" {
				t.Errorf("nothing wrong is found in %d schedules", played)
			}
			t.Logf("%d schedules: %s", played, wrong)
		})
	}
}
