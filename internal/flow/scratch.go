package flow

import (
	"context"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Scratch has a store for state that finds no room in memory.
type Scratch interface {
	// Reader opens the store, if it is not open, and reads what it has. Any goroutine may call it.
	Reader(ctx context.Context) (store.Reader, error)
	// Spill puts what one task changed into the store: between epochs, not while Apply of a Keeper is under way; or, ahead of Apply, a piece of what the task sealed. After an error the store does not have it. Any goroutine may
	// call it, for several tasks at once.
	Spill(ctx context.Context, changes *store.Changes) error
}

// watch has state of the task's steps leave memory when that is tight, in a run which keeps nothing. Until then changes are not noted.
func (t *task) watch(ctx context.Context) error {
	settings := &t.pipeline.settings
	if settings.Keeper != nil || settings.Scratch == nil || settings.Budget.Limit() == limit.Unlimited {
		return nil
	}
	return t.downwards(func(s *step) error {
		leaver, leaves := s.op.(op.Leaver)
		overflower, overflows := s.op.(op.Overflower)
		overflows = overflows && overflower.Overflows()
		if leaves = leaves && leaver.Leaves(); !leaves && !overflows {
			return nil
		}
		record, known := t.pipeline.states[s.plan.Name]
		if !known {
			record.Number = t.pipeline.nextState
			t.pipeline.nextState++
			t.pipeline.states[s.plan.Name] = record
		}
		from, to := t.hashes()
		k := &keptStep{step: s, number: record.Number, from: from, to: to}
		if s.leaving = k; leaves {
			k.late = leaver
			return nil
		}
		return k.overflow(ctx, overflower)
	})
}

// scratch is where state goes that finds no room in memory.
func (p *Pipeline) scratch() Scratch {
	if p.settings.Keeper != nil {
		return p.settings.Keeper
	}
	return p.settings.Scratch
}

// overflow has rows written to the parts that take them, in a run which keeps nothing: of those alone changes are noted.
func (k *keptStep) overflow(ctx context.Context, durable op.Overflower) error {
	for i, part := range durable.Kept() {
		if spiller, ok := part.(keyed.Spiller); ok {
			spiller.Keep(keyed.Home{Space: k.space(uint8(i)), From: k.from, To: k.to}) //nolint:gosec // at most op.MaxKept
			k.parts = append(k.parts, spiller)
		}
	}
	return k.attachSpillers(ctx, lazy{k.step.chain.pipeline.settings.Scratch})
}

// begin notes from now on what changes, and lets state leave memory, in a run which keeps nothing.
func (k *keptStep) begin(ctx context.Context) error {
	p := k.step.chain.pipeline
	k.durable, k.late = k.late, nil
	for i, part := range k.durable.Kept() {
		leaving, ok := part.(keyed.Late)
		if !ok || !leaving.MayLeave() {
			continue
		}
		part.Keep(keyed.Home{Space: k.space(uint8(i)), From: k.from, To: k.to}) //nolint:gosec // at most op.MaxKept
		k.parts = append(k.parts, part)
		if err := leaving.Adopt(); err != nil {
			return err
		}
	}
	return k.attach(ctx, p.settings.Scratch)
}

// scratchLeft is how much of the budget is to be left to the store of a run which keeps nothing, beside what was reserved for it.
func (p *Pipeline) scratchLeft() int64 {
	if p.settings.Keeper != nil || p.reserved.Load() {
		return 0
	}
	return p.settings.ScratchMemory
}

// reserveScratch takes the memory of the store of a run which keeps nothing, once there is room for it.
func (p *Pipeline) reserveScratch() {
	if p.scratchLeft() == 0 || p.settings.Budget.Available() < p.settings.ScratchMemory || !p.reserved.CompareAndSwap(false, true) {
		return
	}
	if p.settings.Budget.Reserve(p.settings.ScratchMemory) != nil { // another task was quicker
		p.reserved.Store(false)
	}
}

// releaseScratch gives that memory back.
func (p *Pipeline) releaseScratch() {
	if p.reserved.CompareAndSwap(true, false) {
		p.settings.Budget.Release(p.settings.ScratchMemory)
	}
}

// spillsAtOnce is how many tasks write pieces of their state for the store at a time, which no budget counts: the store takes one, while another one is written.
const spillsAtOnce = 2

// spillChanges writes what changed of a part to the store.
func (t *task) spillChanges(part keyed.Evictable) error {
	t.pipeline.spilling <- struct{}{}
	defer func() { <-t.pipeline.spilling }()
	changes := &store.Changes{}
	for more := true; more; {
		more = part.Spill(changes, t.pipeline.spilledAtOnce())
		if err := t.pipeline.scratch().Spill(t.ctx, changes); err != nil {
			return err
		}
		changes.Reset()
	}
	return nil
}

// lazyReader opens a Scratch when something is read.
type lazyReader struct {
	ctx     context.Context
	scratch Scratch
	reader  store.Reader // nil: not open
}

func (l *lazyReader) open() (store.Reader, error) {
	var err error
	if l.reader == nil {
		l.reader, err = l.scratch.Reader(l.ctx)
	}
	return l.reader, err
}

func (l *lazyReader) Scan(s store.Space, from, to uint64, f func(slice int64, hash uint64, key, value []byte) error) error {
	r, err := l.open()
	if err != nil {
		return err
	}
	return r.Scan(s, from, to, f)
}

func (l *lazyReader) ScanSlice(s store.Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error {
	r, err := l.open()
	if err != nil {
		return err
	}
	return r.ScanSlice(s, slice, from, to, f)
}

func (l *lazyReader) Lookup(s store.Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	r, err := l.open()
	if err != nil {
		return err
	}
	return r.Lookup(s, slice, hashes, f)
}

// Spared counts where the store is open: before, nothing is there; see store.Sparing.
func (l *lazyReader) Spared(asked, spared int64) {
	if r, ok := l.reader.(store.Sparing); ok {
		r.Spared(asked, spared)
	}
}

func (l *lazyReader) Close() error {
	if l.reader == nil {
		return nil
	}
	return l.reader.Close()
}

// lazy is a Scratch that is opened when something is read or spilled.
type lazy struct{ Scratch }

func (l lazy) Reader(ctx context.Context) (store.Reader, error) {
	return &lazyReader{ctx: ctx, scratch: l.Scratch}, nil
}
