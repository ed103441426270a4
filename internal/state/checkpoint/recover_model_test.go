package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The small model of a start: every short history of a state directory, with every kind of damage to each manifest and to each epoch, is given to what decides (Recover, judge, lost, onlyIntact), and compared
// with the rule, which is stated here once more: nobody goes behind what was published last, since sinks may have been given it, unless somebody says since when he accepts duplicates; and whoever
// is refused is told of everything that could be used instead, and of nothing else.

// manifestState is what became of a manifest since it was published.
type manifestState int

const (
	manifestWhole manifestState = iota
	manifestDamaged
	manifestUnread // by an error that may pass
	manifestStates
)

// epochState is what became of what an epoch's manifests have in common: their body, and their files.
type epochState int

const (
	epochWhole   epochState = iota
	epochBody               // the runtime finds its body damaged
	epochForeign            // the runtime cannot go on from it for another reason
	epochFile               // a file is damaged, which shows when it is restored
	epochStates
)

// past is a history: what was published, from number 1, and what became of it.
type past struct {
	epochs    []int64 // by number - 1: the epoch; 0: a claim without state
	claims    []bool
	manifests []manifestState
	states    []epochState // by epoch - 1
}

func (p *past) String() string {
	return fmt.Sprintf("epochs %v, claims %v, manifests %v, states of epochs %v", p.epochs, p.claims, p.manifests, p.states)
}

func (p *past) entries() []Entry {
	var entries []Entry
	for i, epoch := range p.epochs {
		e := Entry{Number: int64(i + 1)}
		switch p.manifests[i] {
		case manifestDamaged:
			e.Err = &ManifestError{Reason: "it is"}
		case manifestUnread:
			e.Err = syscall.EIO
		default:
			e.Manifest = &Manifest{Kind: KindCheckpoint, Number: e.Number, Epoch: epoch}
			if p.claims[i] {
				e.Manifest.Kind = KindClaim
				e.Manifest.From = int64(slices.Index(p.epochs, epoch) + 1)
				if epoch == 0 {
					e.Manifest.From = 0
				}
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// going is what a start does: it goes on from an epoch, 0 for none; or it is refused, and told of epochs that could be used instead; or it fails of something that says nothing about that.
type going struct {
	from    int64
	refused bool
	ways    []int64
	failed  bool
}

func (g going) is(other going) bool {
	return g.from == other.from && g.refused == other.refused && g.failed == other.failed && slices.Equal(g.ways, other.ways)
}

// rule is what a start is to do.
func (p *past) rule(since int64) going {
	wholeOf := func(epoch int64) bool {
		for i, e := range p.epochs {
			if e == epoch && p.manifests[i] == manifestWhole {
				return true
			}
		}
		return false
	}
	refused := going{refused: true}
	for i := len(p.epochs) - 1; i >= 0; i-- {
		if e := p.epochs[i]; e != 0 && p.manifests[i] == manifestWhole && p.states[e-1] == epochWhole && !slices.Contains(refused.ways, e) {
			refused.ways = append(refused.ways, e)
		}
	}
	last := len(p.epochs) - 1
	target := since
	switch {
	case last < 0:
		return going{failed: since != 0}
	case since == 0 && p.manifests[last] == manifestDamaged:
		return refused
	case since == 0 && p.manifests[last] == manifestUnread:
		return going{failed: true}
	case since == 0 && p.epochs[last] == 0:
		return going{}
	case since == 0:
		target = p.epochs[last]
	case !wholeOf(since):
		return refused
	}
	switch p.states[target-1] {
	case epochBody, epochFile:
		return refused
	case epochForeign:
		return going{failed: true}
	default:
		return going{from: target}
	}
}

// start does what Open and Restore do, without a directory.
func (p *past) start(since int64) (going, error) {
	o := Options{Dir: "d", AcceptSince: since, Usable: func(m *Manifest) error {
		switch p.states[m.Epoch-1] {
		case epochBody:
			return fmt.Errorf("%w: its body", ErrDamaged)
		case epochForeign:
			return errors.New("it is of a later release")
		default:
			return nil
		}
	}}
	whole := func(m *Manifest) bool { return p.states[m.Epoch-1] != epochFile }
	entries := p.entries()
	base, err := Recover(entries, since, o.Dir)
	if err == nil {
		err = o.judge(entries, base, func(*Manifest) string { return "m" })
	}
	if err == nil && base != nil && base.HasState() && !whole(base) {
		claim := base.clone()
		claim.Kind, claim.From, claim.Number = KindClaim, base.Number, newestNumber(entries)+1
		known := slices.DeleteFunc(entries, func(e Entry) bool { return e.Err != nil })
		err = lost(append(known, Entry{Number: claim.Number, Manifest: claim}), claim, since, o.Dir, &DamagedError{Path: "f"})
	}
	err = onlyIntact(err, o.Usable, whole)
	var unusable *UnusableError
	switch {
	case errors.As(err, &unusable):
		g := going{refused: true}
		for _, m := range unusable.Intact {
			g.ways = append(g.ways, m.Epoch)
		}
		if unusable.Asked != since {
			err = fmt.Errorf("it speaks of epoch %d, where %d was asked for: %w", unusable.Asked, since, err)
			return g, err
		}
		return g, said(err.Error(), g.ways)
	case err != nil:
		return going{failed: true}, nil //nolint:nilerr // that it failed is the answer
	case base == nil:
		return going{}, nil
	}
	return going{from: base.Epoch}, nil
}

// said is what is wrong with a message that names ways.
func said(message string, ways []int64) error {
	for _, epoch := range ways {
		if !strings.Contains(message, fmt.Sprintf("\n  --accept-duplicates-since %d ", epoch)) {
			return fmt.Errorf("epoch %d is not named: %s", epoch, message)
		}
	}
	if strings.Count(message, "--accept-duplicates-since") != len(ways) {
		return fmt.Errorf("other ways are named than %v: %s", ways, message)
	}
	return nil
}

// pasts calls do with each history of at most that many manifests: checkpoints, each of an epoch of its own, and claims of what was there, or of nothing.
func pasts(most int, do func(*past)) {
	var grow func(p *past)
	damage := func(p *past) {
		p.manifests, p.states = make([]manifestState, len(p.epochs)), make([]epochState, slices.Max(append(p.epochs, 0)))
		for {
			do(p)
			if !countUp(p.manifests, manifestStates) && !countUp(p.states, epochStates) {
				return
			}
		}
	}
	grow = func(p *past) {
		damage(p)
		if len(p.epochs) == most {
			return
		}
		highest := slices.Max(append(p.epochs, 0))
		for epoch := range highest + 1 {
			grow(&past{epochs: append(slices.Clone(p.epochs), epoch), claims: append(slices.Clone(p.claims), true)})
		}
		grow(&past{epochs: append(slices.Clone(p.epochs), highest+1), claims: append(slices.Clone(p.claims), false)})
	}
	grow(&past{})
}

// countUp counts digits up, the first one first; false: they are all 0 again.
func countUp[T ~int](digits []T, base T) bool {
	for i := range digits {
		if digits[i]++; digits[i] < base {
			return true
		}
		digits[i] = 0
	}
	return false
}

func TestEveryStartOfASmallModel(t *testing.T) {
	most := 4
	if testing.Short() {
		most = 3
	}
	histories, counts, ways := 0, map[string]int{}, make([]int, most+1)
	pasts(most, func(p *past) {
		histories++
		for since := range slices.Max(append(p.epochs, 0)) + 2 {
			want := p.rule(since)
			got, err := p.start(since)
			if err != nil || !got.is(want) {
				t.Fatalf("%v: since %d: %+v, want %+v; %v", p, since, got, want, err)
			}
			switch {
			case got.refused:
				counts["refused"]++
				ways[len(got.ways)]++
			case got.failed:
				counts["failed"]++
			default:
				counts["went on"]++
			}
		}
	})
	t.Logf("%d histories: %v; ways that who was refused was told of: %v", histories, counts, ways)
	if counts["failed"] == 0 || counts["went on"] == 0 || ways[0] == 0 || ways[2] == 0 {
		t.Error("the model does not have everything")
	}
}
