package flow

import (
	"context"
	"errors"
	"fmt"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// widenBytes is about how much is written to the store at once.
const widenBytes = 1 << 20

// widen rewrites what steps with narrower columns have stored: the store has it as the steps of now would have stored it, in places of their own, before it is read. Nothing of that counts until the
// next epoch is published.
func (t *task) widen(ctx context.Context, keeper Keeper) error {
	for _, k := range t.kept {
		if k.former == nil || k.step.plan.Former != nil {
			continue
		}
		reader, err := keeper.Reader(ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(k.widen(ctx, reader, keeper), reader.Close()); err != nil {
			return fmt.Errorf("state of step %q: %w", k.step.plan.Name, err)
		}
		k.stored, k.version, k.former = k.former.Layout, k.former.Version, nil
	}
	return nil
}

func (k *keptStep) widen(ctx context.Context, r store.Reader, keeper Keeper) error {
	parts := k.former.Parts // there may be more now
	if k.former.Layout != layoutEntries || k.durable == nil || parts > len(k.parts) || len(k.former.Tables) != parts {
		return errors.New("it is stored so that its types cannot be made wider; bring the pipeline back as it was, or begin anew with --fresh")
	}
	for i, part := range k.parts[:parts] {
		rewrite, err := k.widener(r, i, part)
		if err != nil {
			return err
		}
		if err := k.copy(ctx, r, keeper, uint8(i), rewrite); err != nil { //nolint:gosec // at most op.MaxKept
			return err
		}
	}
	return k.copy(ctx, r, keeper, TableRest, same)
}

// same leaves an entry as it is.
func same(_ int64, key, value []byte) (newKey, newValue []byte, err error) { return key, value, nil }

// rewriter rewrites entries.
type rewriter func(slice int64, key, value []byte) (newKey, newValue []byte, err error)

// isEmpty reports whether a table of the former state has no entries.
func (k *keptStep) isEmpty(r store.Reader, table uint8) (bool, error) {
	err := r.Scan(store.Space{Operator: k.former.Number, Table: table}, k.from, k.to, func(int64, uint64, []byte, []byte) error { return errNotEmpty })
	if errors.Is(err, errNotEmpty) {
		return false, nil
	}
	return err == nil, err
}

// errNotEmpty ends a look for entries.
var errNotEmpty = errors.New("there are entries")

// widener is what rewrites the entries of a part. Where rows are written to when memory is short there may be none.
func (k *keptStep) widener(r store.Reader, i int, part keyed.Kept) (rewriter, error) {
	if _, ok := part.(keyed.Spiller); ok {
		if empty, err := k.isEmpty(r, uint8(i)); empty || err != nil { //nolint:gosec // at most op.MaxKept
			return same, err
		}
	}
	now := recordOf(part)
	if !now.Known || !k.former.Tables[i].Known {
		return nil, fmt.Errorf("%s: the types of its columns are not known; bring the pipeline back as it was, or begin anew with --fresh", TableName(uint8(i))) //nolint:gosec // at most op.MaxKept
	}
	from, err := k.former.Tables[i].Shape()
	if err != nil {
		return nil, err
	}
	to, err := now.Shape()
	if err != nil {
		return nil, err
	}
	pick, err := k.pickOf(part, &k.former.Tables[i], &now)
	if err != nil {
		return nil, err
	}
	w, err := keyed.NewWidener(from, to, pick)
	if err != nil {
		return nil, err
	}
	return w.Entry, nil
}

// pickOf says of each column of a part which one it was, keyed.NoTime of times that there were none of; nil: there are as many. Times of rows that wait stand behind their columns.
func (k *keptStep) pickOf(part keyed.Kept, was, is *TableRecord) ([]int, error) {
	before, after := was.Columns, is.Columns
	if _, waits := part.(keyed.Waiting); !waits || k.former.Held == evolve.AsDated {
		return k.pick(before, after)
	}
	added := k.former.Held == evolve.NowDated
	if added {
		after = after[:len(after)-1]
	} else {
		before = before[:len(before)-1]
	}
	from, err := k.pick(before, after)
	if err != nil {
		return nil, err
	}
	for i := len(from); i < len(after); i++ { // all are there
		from = append(from, i)
	}
	if added {
		from = append(from, keyed.NoTime)
	}
	return from, nil
}

// pick says of each column of a part which one it was where there were more of them; nil: there are as many.
func (k *keptStep) pick(was, is []evolve.Type) ([]int, error) {
	if len(was) == len(is) {
		return nil, nil
	}
	for i := range k.former.Picks { // those that fit say the same
		if from, ok := k.former.Picks[i].Of(was, is); ok {
			return from, nil
		}
	}
	return nil, errors.New("it is stored so that columns cannot be taken out; bring the pipeline back as it was, or begin anew with --fresh")
}

// copy rewrites the entries of a table of the former state.
func (k *keptStep) copy(ctx context.Context, r store.Reader, keeper Keeper, table uint8, rewrite rewriter) error {
	changes := &store.Changes{}
	bytes := 0
	give := func() error {
		bytes = 0
		err := keeper.Spill(ctx, changes)
		changes = &store.Changes{}
		return err
	}
	err := r.Scan(store.Space{Operator: k.former.Number, Table: table}, k.from, k.to, func(slice int64, hash uint64, key, value []byte) error {
		key, value, err := rewrite(slice, key, value)
		if err != nil {
			return err
		}
		changes.Put(k.space(table), slice, hash, key, value)
		if bytes += len(key) + len(value); bytes < widenBytes {
			return nil
		}
		return give()
	})
	if err != nil || bytes == 0 {
		return err
	}
	return give()
}
