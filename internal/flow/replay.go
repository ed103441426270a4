package flow

import (
	"errors"
	"fmt"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// replay gives steps the rows that those have kept which they go on from, as if they came now: what is put out by that goes on as ever. What was stored of them is dropped with the next epoch.
func (t *task) replay() error {
	for _, k := range t.kept {
		if k.former == nil || k.step.plan.Former == nil || !k.step.plan.Former.Replay {
			continue
		}
		reader, err := t.pipeline.settings.Keeper.Reader(t.ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(k.replay(reader), reader.Close()); err != nil {
			return fmt.Errorf("rows of step %q: %w", k.step.plan.Name, err)
		}
		k.former = nil
	}
	return nil
}

// replay does that of one step. Rows in runs came before others.
func (k *keptStep) replay(r store.Reader) error {
	if k.former.Layout != layoutEntries || len(k.former.Tables) != k.former.Parts {
		return errors.New("they are stored so that they cannot be read; bring the pipeline back as it was, or begin anew with --fresh")
	}
	width := k.step.plan.Node.Inputs()[0].Schema().Len()
	for i, record := range k.former.Tables {
		if record.Known {
			continue
		}
		if empty, err := k.isEmpty(r, uint8(i)); err != nil { //nolint:gosec // at most op.MaxKept
			return err
		} else if !empty {
			return fmt.Errorf("%s: the types of its columns are not known; bring the pipeline back as it was, or begin anew with --fresh", TableName(uint8(i))) //nolint:gosec // at most op.MaxKept
		}
	}
	for _, runs := range []bool{true, false} {
		for i, record := range k.former.Tables {
			if !record.Known || record.Rows == runs || !record.Rows && record.Slice != keyed.SliceRun {
				continue
			}
			shape, err := record.Shape()
			if err != nil {
				return err
			}
			home := keyed.Home{Space: store.Space{Operator: k.former.Number, Table: uint8(i)}, From: k.from, To: k.to} //nolint:gosec // at most op.MaxKept
			err = keyed.ReadBack(k.step.chain.pipeline.settings.Pool, r, home, shape, func(b *batch.Batch) error {
				if err := k.step.chain.host.alive(); err != nil {
					return err
				}
				b.Cols = b.Cols[:width]
				return k.step.push(b)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
