package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/display"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/spec"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/store"
)

// checkpointFlags are the flags of wire checkpoint.
type checkpointFlags struct {
	dir  string
	json bool
	all  bool
}

func (a *app) checkpointCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "Look at the checkpoints of a pipeline, verify them, take one, remove them.",
		Long: `Look at the checkpoints of a pipeline, verify them, take one, remove them.

A pipeline is named by its file, whose checkpoints are in .wire/NAME beside it, or by --state-dir. An epoch is the number of a checkpoint.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.checkpointList(), a.checkpointShow(), a.checkpointVerify(), a.checkpointCreate(), a.checkpointRemove())
	return c
}

// add adds the flags that say what a command is about.
func (f *checkpointFlags) add(c *cobra.Command) *cobra.Command {
	addStateDir(c.Flags(), &f.dir, "where the checkpoints are, instead of a pipeline file")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return completesPipelines(c)
}

func (a *app) checkpointList() *cobra.Command {
	f := &checkpointFlags{}
	return f.add(&cobra.Command{
		Use:   "list [PIPELINE]",
		Short: "List the checkpoints, newest first.",
		Args:  exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			inventory, epochs, err := a.inspect(c.Context(), f, args)
			if err == nil && len(epochs) > 0 {
				err = wrong(fmt.Errorf("list takes no epochs; usage: %s", c.UseLine()))
			}
			if err != nil {
				return err
			}
			if f.json {
				return writeJSON(a.out, newInventoryReport(inventory))
			}
			return a.listCheckpoints(inventory)
		},
	})
}

func (a *app) checkpointShow() *cobra.Command {
	f := &checkpointFlags{}
	return f.add(&cobra.Command{
		Use:   "show [PIPELINE] [EPOCH]",
		Short: "Show what a checkpoint is, by default the newest.",
		Args:  exactly(cobra.MaximumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			inventory, epochs, err := a.inspect(c.Context(), f, args)
			if err != nil {
				return err
			}
			manifests, err := chosen(inventory, epochs, false)
			switch {
			case err != nil:
				return err
			case f.json:
				return writeJSON(a.out, origin(inventory, manifests[0]))
			}
			return a.showCheckpoint(origin(inventory, manifests[0]), manifests[0])
		},
	})
}

func (a *app) checkpointVerify() *cobra.Command {
	f := &checkpointFlags{}
	c := f.add(&cobra.Command{
		Use:   "verify [PIPELINE] [EPOCH...]",
		Short: "Read every file of checkpoints, by default of the newest, compare it with what was written, and count what is in it.",
		Long: `Read every file of checkpoints, by default of the newest, compare it with what was written, and count what is in it: the state is
restored into scratch, every entry of it read, and how many each file has compared with what was counted when it was written.

A pipeline may run meanwhile. The exit code is 1 if something is damaged, which is then named.`,
		Args: exactly(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, args []string) error {
			inventory, epochs, err := a.inspect(c.Context(), f, args)
			if err != nil {
				return err
			}
			return a.verifyCheckpoints(c.Context(), inventory, epochs, f)
		},
	})
	c.Flags().BoolVar(&f.all, "all", false, "verify all checkpoints")
	return c
}

func (a *app) checkpointRemove() *cobra.Command {
	f := &checkpointFlags{}
	c := f.add(&cobra.Command{
		Use:   "rm [PIPELINE] EPOCH...",
		Short: "Remove checkpoints and the files that only they need.",
		Long: `Remove checkpoints and the files that only they need.

The newest is not removed, since the pipeline goes on from it: --all removes the whole state directory, and the next run begins anew. Where sinks
may have output that is not published, hidden beside it, a note of a few hundred bytes stays, by which the next run removes that.
Nothing is removed while the pipeline runs.`,
		Args: exactly(cobra.ArbitraryArgs),
		RunE: func(c *cobra.Command, args []string) error {
			inventory, epochs, err := a.inspect(c.Context(), f, args)
			if err != nil {
				return err
			}
			return a.removeCheckpoints(c.Context(), inventory, epochs, f)
		},
	})
	c.Flags().BoolVar(&f.all, "all", false, "remove the state directory with all checkpoints")
	return c
}

// inspect finds the state directory that arguments name, and the epochs among them.
func (a *app) inspect(ctx context.Context, f *checkpointFlags, args []string) (*checkpoint.Inventory, []int64, error) {
	dir := f.dir
	if dir == "" {
		if len(args) == 0 {
			return nil, nil, wrong(errors.New("name a pipeline file, or a state directory with --state-dir"))
		}
		var err error
		if dir, err = a.stateDirectory(args[0]); err != nil {
			return nil, nil, wrong(err)
		}
		args = args[1:]
	}
	var epochs []int64
	for _, arg := range args {
		epoch, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || epoch < 1 {
			return nil, nil, wrong(fmt.Errorf("%q is no epoch; wire checkpoint list shows them", arg))
		}
		epochs = append(epochs, epoch)
	}
	inventory, err := checkpoint.Inspect(ctx, a.fs, dir)
	var none *checkpoint.NoStateError
	if errors.As(err, &none) {
		return nil, nil, wrong(err)
	}
	return inventory, epochs, err
}

// stateDirectory is where the checkpoints of a pipeline file are by default; the file need not be correct.
func (a *app) stateDirectory(path string) (string, error) {
	name, err := a.pipelineName(path)
	if err != nil {
		return "", err
	}
	return (&stateFlags{}).dirOf(path, name), nil
}

// pipelineName is the name of the pipeline that a file has, which need not be correct.
func (a *app) pipelineName(path string) (string, error) {
	text, err := a.readText(path)
	if err != nil {
		return "", err
	}
	if name, ok := sqlFile(path); ok {
		return name, nil
	}
	p, err := spec.Parse(path, text, a.expand)
	if p.Name.Value == "" {
		return "", errors.Join(fmt.Errorf("%s names no pipeline", path), err)
	}
	return p.Name.Value, nil
}

// chosen are the checkpoints of the epochs; without epochs all of them, or the newest.
func chosen(inventory *checkpoint.Inventory, epochs []int64, all bool) ([]*checkpoint.Manifest, error) {
	if err := inventory.Lost(); err != nil {
		return nil, err
	}
	if len(epochs) == 0 && all {
		return checkpoint.Choices(inventory.Entries, 0), nil
	}
	if len(epochs) == 0 {
		if len(inventory.Entries) > 0 && inventory.Entries[0].Err != nil {
			return nil, newestDamaged(inventory)
		}
		epochs = []int64{0}
	}
	var manifests []*checkpoint.Manifest
	for _, epoch := range epochs {
		m := inventory.Find(epoch)
		switch {
		case m == nil && epoch == 0:
			return nil, wrong(fmt.Errorf("%s: there is no checkpoint yet; a run of the pipeline takes them", inventory.Dir))
		case m == nil:
			err := checkpoint.Unreadable(inventory.Entries, epoch)
			if errors.Is(err, checkpoint.ErrDamaged) {
				return nil, err
			}
			return nil, wrong(fmt.Errorf("%s: %w; wire checkpoint list shows what there is", inventory.Dir, err))
		}
		manifests = append(manifests, m)
	}
	return manifests, nil
}

// newestDamaged says that the newest checkpoint cannot be read, and what can be done.
func newestDamaged(inventory *checkpoint.Inventory) error {
	var epochs []string
	for _, m := range checkpoint.Choices(inventory.Entries, 0) {
		epochs = append(epochs, strconv.FormatInt(m.Epoch, 10))
	}
	ways := "No older one can be read"
	if len(epochs) > 0 {
		ways = "Name one of the epochs that can be read to look at it: " + strings.Join(epochs, ", ")
	}
	return fmt.Errorf("the newest checkpoint cannot be read: %w\n%s. Restore the file from a backup; wire run says how to go on without it", inventory.Entries[0].Err, ways)
}

// origin is the manifest that a claim copies, if it is still there: it has the date of the checkpoint.
func origin(inventory *checkpoint.Inventory, m *checkpoint.Manifest) *checkpoint.Manifest {
	for _, e := range inventory.Entries {
		if e.Err == nil && m.Kind == checkpoint.KindClaim && e.Manifest.Epoch == m.Epoch && e.Manifest.Kind != checkpoint.KindClaim && e.Manifest.Lineage == m.Lineage {
			return e.Manifest
		}
	}
	return m
}

func (a *app) listCheckpoints(inventory *checkpoint.Inventory) error {
	choices := checkpoint.Choices(inventory.Entries, 0)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	switch {
	case len(choices) > 0:
		fmt.Fprintln(w, "EPOCH\tKIND\tCREATED\tFILES\tSIZE\tRUN")
	case slices.ContainsFunc(inventory.Entries, func(e checkpoint.Entry) bool { return e.Err != nil }):
		fmt.Fprintln(w, "there is no checkpoint that can be read")
	case inventory.Lost() != nil:
		fmt.Fprintln(w, inventory.Lost())
	default:
		fmt.Fprintln(w, "there is no checkpoint: the next run begins anew")
	}
	for _, m := range choices {
		m = origin(inventory, m)
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%d\n", m.Epoch, kindOf(m), m.Created.UTC().Format(time.DateTime), len(m.Files), display.ByteSize(m.Bytes()), m.Generation)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, e := range inventory.Entries {
		if e.Err != nil {
			fmt.Fprintln(a.out, e.Err)
		}
	}
	fmt.Fprintf(a.out, "%s: %d files, %s", inventory.Dir, len(inventory.Files), display.ByteSize(inventory.Bytes()))
	for _, g := range sortedOwners(inventory) {
		fmt.Fprintf(a.out, "; run %d is that of %s, unless it has died", g, inventory.Owners[g])
	}
	_, err := fmt.Fprintln(a.out)
	return err
}

// kindOf says what a checkpoint is, in a word.
func kindOf(m *checkpoint.Manifest) string {
	if m.Finished {
		return string(checkpoint.KindFinished)
	}
	return string(checkpoint.KindCheckpoint)
}

func sortedOwners(inventory *checkpoint.Inventory) []int64 {
	generations := make([]int64, 0, len(inventory.Owners))
	for g := range inventory.Owners {
		generations = append(generations, g)
	}
	slices.Sort(generations)
	return generations
}

// showCheckpoint shows a checkpoint; newest is the same one, or a claim that copies it.
func (a *app) showCheckpoint(m, newest *checkpoint.Manifest) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	line := func(name, format string, values ...any) {
		fmt.Fprintf(w, "%s\t"+format+"\n", append([]any{name}, values...)...)
	}
	line("epoch", "%d", m.Epoch)
	line("kind", "%s", kindOf(m))
	line("pipeline", "%s", m.Pipeline)
	line("created", "%s", m.Created.UTC().Format(time.RFC3339))
	line("by", "%s", m.Owner)
	line("lineage", "%s", m.Lineage)
	line("run", "%d", m.Generation)
	line("manifest", "%d", m.Number)
	if m.Kind == checkpoint.KindClaim {
		line("copy of", "manifest %d", m.From)
	}
	if newest.Number != m.Number {
		line("started again", "run %d, %s", newest.Generation, newest.Owner)
	}
	if len(m.Unconfirmed) > 0 {
		line("unconfirmed", "%s", strings.Trim(fmt.Sprint(m.Unconfirmed), "[]"))
	}
	if m.Store.Kind != "" {
		line("store", "%s, version %d", m.Store.Kind, m.Store.Version)
	}
	line("runtime", "%s of positions, handles of sinks and state that has no files", display.ByteSize(int64(len(m.Body))))
	for _, part := range parts(m) {
		line("files of "+part, "%d, %s", len(m.FilesOf(part)), display.ByteSize(sizeOf(m.FilesOf(part))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(m.Files) > 0 {
		fmt.Fprintln(a.out)
		fmt.Fprintln(w, "PART\tFILE\tSIZE\tXXH3\tSTORED AS")
		for _, f := range m.Files {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Part, f.Name, display.ByteSize(f.Size), f.XXH3, f.Stored)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	writePlaces(w, m)
	writePlan(w, m)
	return w.Flush()
}

// parts are those of which a checkpoint has files, in their order.
func parts(m *checkpoint.Manifest) []string {
	var names []string
	for _, f := range m.Files {
		if !slices.Contains(names, f.Part) {
			names = append(names, f.Part)
		}
	}
	return names
}

func sizeOf(files []checkpoint.File) int64 {
	total := int64(0)
	for _, f := range files {
		total += f.Size
	}
	return total
}

// verifyCheckpoints reads checkpoints and says what is wrong with them.
func (a *app) verifyCheckpoints(ctx context.Context, inventory *checkpoint.Inventory, epochs []int64, f *checkpointFlags) error {
	manifests, err := chosen(inventory, epochs, f.all)
	if err != nil {
		return err
	}
	reports := []verifyReport{}
	damaged := 0
	for _, m := range manifests {
		r, err := a.verifyCheckpoint(ctx, inventory.Dir, m)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		if len(r.Damaged) > 0 {
			damaged++
		}
	}
	if f.all {
		for _, e := range inventory.Entries {
			if e.Err != nil {
				damaged++
				reports = append(reports, verifyReport{Damaged: []string{e.Err.Error()}, Tables: []engine.Table{}})
			}
		}
	}
	if f.json {
		err = writeJSON(a.out, reports)
	} else {
		a.printReports(reports)
	}
	if err == nil && damaged > 0 {
		err = fmt.Errorf("%d of %d checkpoints are damaged%s", damaged, len(reports), a.waysOn(ctx, inventory, reports))
	}
	return err
}

// verifyCheckpoint reads every file of a checkpoint, restores its store into scratch, and counts what is in it.
func (a *app) verifyCheckpoint(ctx context.Context, dir string, m *checkpoint.Manifest) (verifyReport, error) {
	r := verifyReport{Epoch: m.Epoch, Files: len(m.Files), Bytes: m.Bytes(), Damaged: []string{}, Tables: []engine.Table{}}
	found, err := checkpoint.Verify(ctx, checkpoint.NewDirectory(a.fs, dir, 0), m)
	if err == nil && found.OK() {
		r.Tables, err = a.countTables(ctx, dir, m)
	}
	var corrupt *store.CorruptError
	switch {
	case errors.Is(err, checkpoint.ErrRemoved): // by the pipeline, which goes on
		r.Removed = true
	case errors.As(err, &corrupt), errors.Is(err, checkpoint.ErrDamaged):
		r.Damaged, r.damage = append(r.Damaged, err.Error()), err
	case err != nil:
		return r, err
	default:
		for _, d := range found.Damaged {
			r.Damaged, r.damage = append(r.Damaged, d.Error()), errors.Join(r.damage, d)
		}
		r.OK = found.OK()
	}
	return r, nil
}

// countTables restores the store of a checkpoint into scratch, reads all of it, and compares what it counts with what the checkpoint says.
func (a *app) countTables(ctx context.Context, dir string, m *checkpoint.Manifest) ([]engine.Table, error) {
	kept, err := engine.OpenKept(ctx, a.fs, dir, m)
	if err != nil {
		return nil, err
	}
	tables, err := kept.Tables(ctx)
	if err == nil {
		err = kept.Count(ctx)
	}
	return append([]engine.Table{}, tables...), errors.Join(err, kept.Close())
}

func (a *app) printReports(reports []verifyReport) {
	for _, r := range reports {
		if r.OK {
			fmt.Fprintf(a.out, "epoch %d: ok, %d files, %s\n", r.Epoch, r.Files, display.ByteSize(r.Bytes))
			a.printTables(r.Tables)
			continue
		}
		if r.Removed {
			fmt.Fprintf(a.out, "epoch %d: was removed meanwhile\n", r.Epoch)
		}
		for _, text := range r.Damaged {
			if r.Epoch > 0 {
				text = fmt.Sprintf("epoch %d: %s", r.Epoch, text)
			}
			fmt.Fprintln(a.out, text)
		}
	}
}

// printTables says what is in a store.
func (a *app) printTables(tables []engine.Table) {
	if len(tables) == 0 {
		return
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  STEP\tTABLE\tENTRIES\tBYTES")
	for _, t := range tables {
		fmt.Fprintf(w, "  %s\t%s\t%d\t%d\n", t.Step, t.Table, t.Entries, t.Bytes)
	}
	_ = w.Flush() // a terminal that went away is nobody's error
}

// removeCheckpoints removes epochs, or everything.
func (a *app) removeCheckpoints(ctx context.Context, inventory *checkpoint.Inventory, epochs []int64, f *checkpointFlags) error {
	options := checkpoint.Options{FS: a.fs, Dir: inventory.Dir, Clock: a.clock}
	if f.all {
		if len(epochs) > 0 {
			return wrong(errors.New("give epochs or --all, not both"))
		}
		return a.removeAll(ctx, inventory, options, f)
	}
	if len(epochs) == 0 {
		return wrong(errors.New("name the epochs to remove; wire checkpoint list shows them"))
	}
	garbage, err := checkpoint.Remove(ctx, options, epochs)
	var absent *checkpoint.AbsentError
	if errors.As(err, &absent) {
		return wrong(err)
	}
	if err != nil {
		return notWhileItRuns(err)
	}
	r := removeReport{Checkpoints: len(epochs), Files: len(garbage.Files)}
	for _, name := range garbage.Files {
		r.Bytes += inventory.Files[name]
	}
	return a.sayRemoved(f, r)
}

// removeAll removes the state directory, or what is in it: where sinks may have hidden output, the next run has to know whose it is.
func (a *app) removeAll(ctx context.Context, inventory *checkpoint.Inventory, options checkpoint.Options, f *checkpointFlags) error {
	remove := func(ctx context.Context, options checkpoint.Options) (bool, error) {
		return false, checkpoint.RemoveAll(ctx, options)
	}
	if a.hides(inventory) {
		remove = checkpoint.Forget
	}
	left, err := remove(ctx, options)
	if err != nil {
		return notWhileItRuns(err)
	}
	return a.sayRemoved(f, removeReport{Checkpoints: len(checkpoint.Choices(inventory.Entries, 0)), Files: len(inventory.Files), Bytes: inventory.Bytes(), Left: left, dir: inventory.Dir})
}

// notWhileItRuns says of who runs the pipeline what a removal needs.
func notWhileItRuns(err error) error {
	var held *checkpoint.HeldError
	if errors.As(err, &held) {
		return fmt.Errorf("%s: the pipeline is run by %s, and nothing is removed meanwhile; stop it first", held.Dir, held.Holder)
	}
	return err
}

// hides reports whether sinks may have output that is hidden: of the newest checkpoint that can be read of any lineage, or of a run that has died before it had one.
func (a *app) hides(inventory *checkpoint.Inventory) bool {
	seen := map[string]bool{}
	for _, e := range inventory.Entries {
		if e.Err != nil {
			continue
		}
		m := e.Manifest
		if !m.HasState() { // a run that has taken no checkpoint, or the note of a removal
			if len(inventory.Owners) > 0 {
				return true
			}
			continue
		}
		if !seen[m.Lineage] && engine.Hides(m, a.registry.Sink) {
			return true
		}
		seen[m.Lineage] = true
	}
	return false
}

func (a *app) sayRemoved(f *checkpointFlags, r removeReport) error {
	if f.json {
		return writeJSON(a.out, r)
	}
	fmt.Fprintf(a.out, "removed: checkpoints %d, files %d, %s\n", r.Checkpoints, r.Files, display.ByteSize(r.Bytes))
	if r.Left {
		fmt.Fprintf(a.out, "%s keeps a note, by which the next run, which begins anew, removes what sinks have hidden; the same command again removes that, too\n", r.dir)
	}
	return nil
}
