package flow

import (
	"context"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Rows that leave memory for a keyed.Spiller are restored where there may be less memory than they had: those that find no room are written to it as they come.

// restoreOverflow puts in what is stored of an operator whose rows are written to other parts where memory is tight. Those parts come first, so that rows can be written to them behind what they have,
// and what is stored beside all, since it may say that no rows must be.
func (k *keptStep) restoreOverflow(ctx context.Context, r store.Reader) error {
	if err := k.readWhole(r, TableRest, k.from, k.to, k.durable.RestoreRest); err != nil {
		return err
	}
	for _, spillers := range []bool{true, false} {
		for i, part := range k.parts {
			if _, ok := part.(keyed.Spiller); ok != spillers {
				continue
			}
			if err := k.admit(ctx, r, uint8(i), part); err != nil { //nolint:gosec // at most op.MaxKept
				return err
			}
		}
	}
	if !k.overflowed {
		return nil
	}
	return k.writeOut(ctx) // what the store had of rows is void: none may be taken for stored
}

// writeOutTight writes the rows that were put in to other parts, where memory is too tight for more of them.
func (k *keptStep) writeOutTight(ctx context.Context) error {
	for _, part := range k.spillers {
		if !part.Tight() {
			continue
		}
		k.overflowed = true
		return k.writeOut(ctx)
	}
	return nil
}

// writeOut writes all rows that were put in to other parts.
func (k *keptStep) writeOut(ctx context.Context) error {
	for _, part := range k.spillers {
		if err := k.step.chain.pipeline.spillAll(ctx, part); err != nil {
			return err
		}
		fault.Point("restore/overflow")
	}
	return nil
}
