package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// The small model: owners whose steps are interleaved in every possible way, over a directory that is a few maps. What they decide, they decide by the
// functions that the program uses. An owner who dies, or sleeps, is one who is not given a step any more, so that every state covers that, too.

// modelStep is one call to the directory, or a decision.
type modelStep string

const (
	stepList    modelStep = "list to claim"
	stepRead    modelStep = "read to claim"
	stepClaim   modelStep = "claim"
	stepLookC   modelStep = "look after the claim"
	stepStage   modelStep = "stage"
	stepPublish modelStep = "publish"
	stepLook    modelStep = "look after publishing"
	stepCheck   modelStep = "check before retention"
	stepDecide  modelStep = "read to retain"
	stepFiles   modelStep = "list files and decide"
	stepDelete  modelStep = "delete"
	stepConfirm modelStep = "sinks commit the oldest epoch"
	stepRecover modelStep = "sinks commit what the manifest lists"
)

var (
	modelClaim      = []modelStep{stepList, stepRead, stepClaim, stepLookC}
	modelCheckpoint = []modelStep{stepStage, stepPublish, stepLook}
	modelConfirm    = []modelStep{stepConfirm}
	modelRecover    = []modelStep{stepRecover}
	modelRetain     = []modelStep{stepCheck, stepDecide, stepFiles, stepDelete}
	// modelOverlap prepares an epoch while the one before is cleaned up after.
	modelOverlap = []modelStep{stepStage, stepCheck, stepDecide, stepFiles, stepDelete, stepPublish, stepLook}
)

func program(parts ...[]modelStep) []modelStep { return slices.Concat(parts...) }

// modelOwner is an owner and what he remembers.
type modelOwner struct {
	at         int // next step of his program
	generation int64
	latest     *Manifest
	fenced     bool
	owns       bool // his claim stood
	retries    int
	pending    string  // a file that is staged
	numbers    []int64 // as listed
	entries    []Entry // as read
	garbage    []string
	open       []int64 // epochs that his sinks have not committed
}

// world is the directory and its owners.
type world struct {
	manifests map[int64]*Manifest
	strays    map[int64]bool // published when there was a higher number: no part of the history
	files     map[string]bool
	owners    []modelOwner
	// allowed is who may commit an epoch: epoch → generation.
	allowed map[int64]int64
	// last is the highest number whose epoch somebody may commit.
	last int64
	// open is of which epochs sinks have not committed what somebody published, by its number.
	open map[int64]int64
}

func (w *world) clone() *world {
	return &world{
		manifests: maps.Clone(w.manifests), strays: maps.Clone(w.strays), files: maps.Clone(w.files),
		owners: slices.Clone(w.owners), allowed: maps.Clone(w.allowed), last: w.last, open: maps.Clone(w.open),
	}
}

// key is the state as text.
func (w *world) key() string {
	var b strings.Builder
	for _, n := range slices.Sorted(maps.Keys(w.manifests)) {
		m := w.manifests[n]
		fmt.Fprintf(&b, "%d:%d,%d,%s,%d,%v,%v;", n, m.Generation, m.Epoch, m.Kind, m.From, m.Unconfirmed, w.strays[n])
	}
	for _, f := range slices.Sorted(maps.Keys(w.files)) {
		b.WriteString(f[lineageLength:])
	}
	for _, o := range w.owners {
		fmt.Fprintf(&b, "|%d,%d,%v,%v,%d,%s,%v,%v,%v", o.at, o.generation, o.fenced, o.owns, o.retries, o.pending, o.numbers, o.garbage, o.open)
		if o.latest != nil {
			fmt.Fprintf(&b, ",%d", o.latest.Number)
		}
		for _, e := range o.entries {
			fmt.Fprintf(&b, ",%d/%d", e.Number, e.Manifest.Generation)
		}
	}
	fmt.Fprintf(&b, "|%v,%d,%v", w.allowed, w.last, w.open)
	return b.String()
}

// model explores.
type model struct {
	weak           weaknesses
	overwrites     bool
	forgetsPending bool
	forgetsOpen    bool // retention does not look at what is unconfirmed
	keep           int
	programs       [][]modelStep
	states         map[string]bool
	allowedEver    int
	claims         int
}

func (m *model) numbers(w *world) []int64 { return slices.Sorted(maps.Keys(w.manifests)) }

func (m *model) entries(w *world, numbers []int64) []Entry {
	var entries []Entry
	for _, n := range numbers {
		if found := w.manifests[n]; found != nil {
			entries = append(entries, Entry{Number: n, Manifest: found})
		}
	}
	return entries
}

// putNew publishes; false: the name is taken.
func (m *model) putNew(w *world, manifest *Manifest) bool {
	if w.manifests[manifest.Number] != nil && !m.overwrites {
		return false
	}
	if _, superseded := Superseded(m.numbers(w), manifest.Number); superseded {
		w.strays[manifest.Number] = true
	}
	w.manifests[manifest.Number] = manifest
	return true
}

func (m *model) superseded(w *world, number int64) bool {
	_, superseded := Superseded(m.numbers(w), number)
	return superseded && !m.weak.looksNot
}

// excludesNot reports whether a living owner is taken for one that was superseded.
func (m *model) excludesNot(w *world, generation int64) bool {
	return generation < supersededBelow(m.entries(w, m.numbers(w))) && !m.weak.looksNot && !m.weak.claimsNot && !m.overwrites
}

// allow lets an owner commit, and says what is wrong about that.
func (m *model) allow(w *world, manifest *Manifest) string {
	m.allowedEver++
	if m.excludesNot(w, manifest.Generation) {
		return fmt.Sprintf("generation %d may commit epoch %d, and excludes nobody", manifest.Generation, manifest.Epoch)
	}
	if by, ok := w.allowed[manifest.Epoch]; ok && by != manifest.Generation {
		return fmt.Sprintf("generations %d and %d may both commit epoch %d", by, manifest.Generation, manifest.Epoch)
	}
	for i, o := range w.owners {
		if o.owns && o.latest.Kind == KindClaim && o.generation > manifest.Generation && o.latest.From < manifest.Number {
			return fmt.Sprintf("owner %d has gone on from %d, and %d may still be committed", i, o.latest.From, manifest.Number)
		}
	}
	w.allowed[manifest.Epoch] = manifest.Generation
	w.last = max(w.last, manifest.Number)
	w.open[manifest.Epoch] = manifest.Number
	return ""
}

// take makes a step of an owner.
func (m *model) take(w *world, i int) (wrong string) {
	o := &w.owners[i]
	step := m.programs[i][o.at]
	o.at++
	switch step {
	case stepList:
		o.numbers = m.numbers(w)
	case stepRead:
		o.entries, o.numbers = m.entries(w, o.numbers), nil
	case stepClaim:
		return m.claim(w, o)
	case stepLookC:
		if m.superseded(w, o.latest.Number) {
			o.retry()
			return ""
		}
		m.claims++
		o.owns = true
		if m.excludesNot(w, o.generation) {
			return fmt.Sprintf("the claim of generation %d stands, and excludes nobody", o.generation)
		}
		if o.latest.From < w.last {
			return fmt.Sprintf("generation %d goes on from %d, behind %d, which may have been committed", o.generation, o.latest.From, w.last)
		}
	case stepStage:
		o.pending = storedName(lineageA, o.generation, o.latest.lastEpoch()+1, "s", "f")
		w.files[o.pending] = true
	case stepPublish:
		m.publish(w, o, slices.Contains(m.programs[i], stepConfirm))
	case stepLook:
		if m.superseded(w, o.latest.Number) {
			o.fenced = true
			return ""
		}
		return m.allow(w, o.latest)
	case stepCheck:
		o.fenced = m.superseded(w, o.latest.Number)
	case stepDecide:
		o.entries = m.entries(w, m.numbers(w))
	case stepFiles:
		m.decide(w, o)
	case stepDelete:
		if len(o.garbage) > 0 {
			o.at--
			m.delete(w, o)
		}
	case stepConfirm:
		delete(w.open, o.open[0])
		o.open = slices.Clone(o.open[1:])
	case stepRecover:
		for _, epoch := range o.open {
			delete(w.open, epoch)
		}
		o.open = nil
	}
	return ""
}

func (m *model) claim(w *world, o *modelOwner) string {
	base, err := Recover(o.entries, 0, "")
	if err != nil {
		return err.Error()
	}
	var seen []int64
	for f := range w.files {
		g, _ := storedGeneration(f)
		seen = append(seen, g)
	}
	for _, other := range w.owners {
		seen = append(seen, other.generation) // what their locks say
	}
	claim := &Manifest{Kind: KindClaim, Number: newestNumber(o.entries) + 1, Generation: NextGeneration(o.entries, seen)}
	if base != nil {
		claim.Epoch, claim.Files, claim.From, claim.Used, claim.Unconfirmed = base.Epoch, base.Files, base.Number, base.Used, base.Unconfirmed
	}
	o.open = slices.Clone(claim.Unconfirmed)
	o.generation, o.latest, o.entries = claim.Generation, claim, nil
	if !m.weak.claimsNot && !m.putNew(w, claim) {
		o.retry()
	}
	return ""
}

// retry begins again with a claim, not for ever.
func (o *modelOwner) retry() {
	o.at, o.latest, o.owns, o.open = 0, nil, false, nil
	o.retries++
	o.fenced = o.retries > 1
}

// publish publishes the next epoch; unless the sinks are slow they have committed those before.
func (m *model) publish(w *world, o *modelOwner, slow bool) {
	next := &Manifest{Kind: KindCheckpoint, Number: o.latest.Number + 1, Generation: o.generation, Epoch: o.latest.lastEpoch() + 1}
	if !slow {
		for _, epoch := range o.open {
			delete(w.open, epoch)
		}
		o.open = nil
	}
	next.Unconfirmed = append(slices.Clone(o.open), next.Epoch)
	next.Files = []File{{Stored: o.pending}} // and the one of the epoch before
	if len(o.latest.Files) > 0 {
		next.Files = append(next.Files, o.latest.Files[0])
	}
	o.pending = ""
	if m.putNew(w, next) {
		o.latest, o.open = next, next.Unconfirmed
	} else {
		o.fenced = true
	}
}

func (m *model) decide(w *world, o *modelOwner) {
	generation, pending := o.generation, map[string]bool{o.pending: !m.forgetsPending}
	if m.weak.generations {
		generation = 1 << 40
	}
	if m.forgetsOpen {
		o.entries = slices.Clone(o.entries)
		for i, e := range o.entries {
			o.entries[i].Manifest = e.Manifest.clone()
			o.entries[i].Manifest.Unconfirmed = nil
		}
	}
	garbage := Retention(o.entries, slices.Sorted(maps.Keys(w.files)), m.keep, generation, pending)
	o.entries, o.garbage = nil, nil
	for _, n := range garbage.Manifests {
		o.garbage = append(o.garbage, manifestName(n))
	}
	if m.weak.filesFirst {
		o.garbage = append(slices.Clone(garbage.Files), o.garbage...)
	} else {
		o.garbage = append(o.garbage, garbage.Files...)
	}
}

func (m *model) delete(w *world, o *modelOwner) {
	name := o.garbage[0]
	o.garbage = o.garbage[1:]
	if n, ok := manifestNumber(name); ok {
		delete(w.manifests, n)
		delete(w.strays, n)
	} else {
		delete(w.files, name)
	}
}

// incomplete names a manifest of the history that lacks a file.
func (w *world) incomplete() string {
	for n, m := range w.manifests {
		for _, f := range m.Files {
			if !w.files[f.Stored] && !w.strays[n] {
				return fmt.Sprintf("manifest %d of generation %d lacks %s", n, m.Generation, f.Stored)
			}
		}
	}
	for epoch, n := range w.open {
		if w.manifests[n] == nil {
			return fmt.Sprintf("the checkpoint of epoch %d is gone, and sinks may have to commit it yet", epoch)
		}
	}
	return ""
}

// explore visits every state that can be reached and returns the first thing that is wrong, with the way there.
func (m *model) explore(w *world) []string {
	key := w.key()
	if m.states[key] {
		return nil
	}
	m.states[key] = true
	for i := range w.owners {
		if w.owners[i].fenced || w.owners[i].at == len(m.programs[i]) {
			continue
		}
		next := w.clone()
		step := m.programs[i][next.owners[i].at]
		wrong := m.take(next, i)
		if wrong == "" {
			wrong = next.incomplete()
		}
		here := fmt.Sprintf("owner %d: %s", i, step)
		if wrong != "" {
			return []string{here, wrong}
		}
		if trace := m.explore(next); trace != nil {
			return append([]string{here}, trace...)
		}
	}
	return nil
}

func (m *model) run() []string {
	m.states = map[string]bool{}
	if m.keep == 0 {
		m.keep = MinRetain
	}
	w := &world{
		manifests: map[int64]*Manifest{}, strays: map[int64]bool{}, files: map[string]bool{}, allowed: map[int64]int64{}, open: map[int64]int64{},
		owners: make([]modelOwner, len(m.programs)),
	}
	return m.explore(w)
}

// modelPrograms are what owners do, one program each.
var modelPrograms = map[string][][]modelStep{
	"two owners": {
		program(modelClaim, modelCheckpoint, modelCheckpoint, modelRetain, modelCheckpoint),
		program(modelClaim, modelCheckpoint, modelCheckpoint, modelCheckpoint, modelRetain),
	},
	"two owners that overlap": {
		program(modelClaim, modelCheckpoint, modelOverlap, modelOverlap),
		program(modelClaim, modelCheckpoint, modelOverlap, modelOverlap),
	},
	"three owners": {
		program(modelClaim, modelCheckpoint),
		program(modelClaim, modelCheckpoint),
		program(modelClaim),
	},
	"a runner and one who starts again and again": {
		program(modelClaim, modelCheckpoint, modelCheckpoint, modelCheckpoint, modelCheckpoint, modelRetain),
		program(modelClaim, modelClaim, modelCheckpoint),
	},
	"sinks that are slow": {
		program(modelClaim, modelCheckpoint, modelCheckpoint, modelCheckpoint, modelRetain, modelConfirm, modelConfirm, modelCheckpoint, modelRetain),
		program(modelClaim, modelRecover, modelCheckpoint, modelRetain, modelConfirm),
	},
}

func TestSmallModel(t *testing.T) {
	for name, programs := range modelPrograms {
		t.Run(name, func(t *testing.T) {
			m := &model{programs: programs}
			if trace := m.run(); trace != nil {
				t.Errorf("%s", strings.Join(trace, "\n"))
			}
			t.Logf("%d states, %d commits, %d claims", len(m.states), m.allowedEver, m.claims)
			if m.allowedEver == 0 || m.claims == 0 {
				t.Error("nothing happens in the model")
			}
		})
	}
}

// Each guarantee is needed: without it the model finds a state that must not be.
func TestSmallModelNoticesWeaknesses(t *testing.T) {
	for name, test := range map[string]struct {
		model model
		want  string
	}{
		"a publication overwrites":           {model{overwrites: true}, "may"},
		"nobody looks afterwards":            {model{weak: weaknesses{looksNot: true}}, "may"},
		"a start does not claim":             {model{weak: weaknesses{claimsNot: true}}, "may"},
		"files are deleted first":            {model{weak: weaknesses{filesFirst: true}}, "lacks"},
		"files of others are deleted":        {model{weak: weaknesses{generations: true}}, "lacks"},
		"what is staged may be deleted":      {model{forgetsPending: true}, "lacks"},
		"what is unconfirmed may be deleted": {model{forgetsOpen: true}, "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, program := range []string{"two owners", "two owners that overlap", "three owners", "sinks that are slow"} {
				m := test.model
				m.programs = modelPrograms[program]
				if trace := m.run(); trace != nil {
					if !strings.Contains(trace[len(trace)-1], test.want) {
						t.Errorf("found %q, want %q", trace, test.want)
					}
					return
				}
			}
			t.Error("nothing wrong is found")
		})
	}
}
