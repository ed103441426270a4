package flow

import (
	"context"
	"fmt"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
)

// restoreFormer puts in what a step of another plan has stored elsewhere, rewritten. All of it is stored anew at the next barrier. A step that has emitted some of its answers at its end has stored nothing: no
// barrier passes a task in the middle of that, and behind it all is dropped.
func (k *keptStep) restoreFormer(ctx context.Context, r store.Reader, state op.Stateful) error {
	rewrite, free, err := k.step.rewriter(true)
	if err != nil {
		return err
	}
	defer free()
	restore := rewriting(state.Restore, rewrite)
	if k.former.Layout != layoutEntries {
		old := &keptStep{step: k.step, number: k.former.Number, from: k.from, to: k.to, sums: map[wholeKey]uint64{}}
		return old.readWhole(r, tableGroups, k.from, k.to, restore)
	}
	for g := k.from >> groupShift; g <= k.to>>groupShift; g++ {
		if err := k.restoreFormerGroup(ctx, r, op.KeyGroup(g), restore); err != nil { //nolint:gosec // the top 8 bits of a hash
			return err
		}
	}
	return nil
}

// restoreFormerGroup puts a key group in that a step of another plan has stored entry by entry. An operator of that plan reads it, whose memory counts as long as it is there.
func (k *keptStep) restoreFormerGroup(ctx context.Context, r store.Reader, group op.KeyGroup, restore func(op.KeyGroup, []byte) error) error {
	budget := k.step.chain.pipeline.settings.Budget.Child(k.step.plan.Name+", as it was", limit.Unlimited)
	defer budget.Close()
	build := physical.Build{Pool: k.step.chain.pipeline.settings.Pool, Budget: budget, Tasks: 1}
	operator, err := k.step.plan.Former.Operator(k.step.plan, build)
	if err != nil {
		return err
	}
	first := uint64(group) << groupShift
	old := (&step{chain: k.step.chain, plan: k.step.plan, op: operator}).keep(k.former.Number, max(k.from, first), min(k.to, first|(1<<groupShift-1)))
	old.whole = true
	if old.version = k.former.Version; old.durable == nil {
		return fmt.Errorf("its state is stored by entry, and this release of Wire reads it as whole key groups; use the release that wrote it")
	}
	if err := old.restoreEntries(ctx, r); err != nil {
		return err
	}
	if err := old.durable.Restored(); err != nil {
		return err
	}
	data, err := old.durable.Snapshot(group)
	if err != nil || data == nil {
		return err
	}
	if err := budget.Reserve(2 * int64(len(data))); err != nil { // it is rewritten
		return op.OutOfMemory(k.step.plan.Name, err)
	}
	return restore(group, data)
}
