package cli

import (
	"context"
	"fmt"
	"slices"

	"wire.example/wire/internal/state/checkpoint"
)

// waysOn says what becomes of the pipeline where some of the checkpoints of reports are damaged: how to go on if the newest is, as a start says it, and from where a start goes on otherwise. Of checkpoints that
// could be gone on from instead, and are not in reports, it reads the files.
func (a *app) waysOn(ctx context.Context, inventory *checkpoint.Inventory, reports []verifyReport) string {
	reportOf := func(m *checkpoint.Manifest) (verifyReport, bool) {
		i := slices.IndexFunc(reports, func(r verifyReport) bool { return m != nil && r.Epoch == m.Epoch })
		if i < 0 {
			return verifyReport{}, false
		}
		return reports[i], true
	}
	newest := inventory.Find(0)
	found, read := reportOf(newest)
	unusable := inventory.Unusable(found.damage, func(m *checkpoint.Manifest) bool {
		if r, read := reportOf(m); read {
			return r.OK
		}
		report, err := checkpoint.Verify(ctx, checkpoint.NewDirectory(a.fs, inventory.Dir, 0), m)
		return err == nil && report.OK()
	})
	switch {
	case unusable != nil:
		return ", and wire run does not go on from the newest:\n" + unusable.Ways()
	case newest == nil || !inventory.Entries[0].Manifest.HasState(): // it begins anew
		return ""
	case read && found.OK:
		return fmt.Sprintf("; wire run goes on from that of epoch %d, the newest, which is whole, and wire checkpoint rm removes damaged ones that are named", newest.Epoch)
	default:
		return fmt.Sprintf("; wire run goes on from that of epoch %d, the newest, which wire checkpoint verify reads without an epoch, and all with --all", newest.Epoch)
	}
}
