package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/engine"
)

// lookFlags are the flags of wire state.
type lookFlags struct {
	checkpointFlags
	epoch  int64
	output string
	limit  int64
	group  int
}

func (a *app) stateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "state",
		Short: "Look at the state of a pipeline's steps.",
		Long: `Look at the state of a pipeline's steps, as a checkpoint has it, while the pipeline may run.

A pipeline is named by its file, whose checkpoints are in .wire/NAME beside it, or by --state-dir. The checkpoint is the newest, or that of --epoch; it is restored into scratch and verified.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.stateList(), a.stateSize(), a.stateScan(), a.stateGet())
	return c
}

// addLook adds the flags that say what a command is about.
func (f *lookFlags) addLook(c *cobra.Command) *cobra.Command {
	c.Flags().Int64Var(&f.epoch, "epoch", 0, "the epoch of the checkpoint (default: the newest)")
	return f.add(c)
}

// addRows adds the flags of commands that print entries.
func (f *lookFlags) addRows(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&f.output, "output", string(result.Table), "form of the rows: "+strings.Join(result.Formats(), ", "))
	c.Flags().Int64Var(&f.limit, "limit", 100, "how many entries at most; 0: all")
	f.addLook(c)
	completesValues(c, "output", result.Formats()...)
	return c
}

func (a *app) stateList() *cobra.Command {
	f := &lookFlags{group: -1}
	return f.addLook(&cobra.Command{
		Use:   "ls [PIPELINE]",
		Short: "List the steps that have state, with its parts.",
		Long: `List the steps that have state, with its parts: the number of each among the step's tables, how many entries it has, their bytes before compression, and the names and types of their columns, by which
wire state get finds entries.`,
		Args: exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKept(c.Context(), f, args, 0, func(kept *engine.Kept, parts []engine.Part, _ []string) error {
				if f.json {
					return writeJSON(a.out, stateReport{Epoch: kept.Checkpoint.Epoch, Parts: parts})
				}
				if len(parts) == 0 {
					_, err := fmt.Fprintln(a.out, noState(kept))
					return err
				}
				w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "STEP\tPART\tTABLE\tENTRIES\tBYTES\tKIND\tCOLUMNS")
				for _, p := range parts {
					fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", p.Step, p.Name, p.Number, p.Entries, p.Bytes, p.Kind, columnsText(&p))
				}
				return w.Flush()
			})
		},
	})
}

// columnsText lists the columns of a part.
func columnsText(p *engine.Part) string {
	if !p.Known {
		return "not described"
	}
	words := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		words[i] = c.Name + " " + c.SQL
	}
	if p.Shape.Rows {
		return "row: " + strings.Join(words, ", ")
	}
	if len(words) == 0 {
		return "no key"
	}
	return "key: " + strings.Join(words, ", ")
}

func (a *app) stateSize() *cobra.Command {
	f := &lookFlags{group: -1}
	return f.addLook(&cobra.Command{
		Use:   "size [PIPELINE]",
		Short: "Say how much state each step has, the largest first.",
		Long:  `Say how much state each step has, the largest first. Bytes are those of keys and values, before compression.`,
		Args:  exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKept(c.Context(), f, args, 0, func(kept *engine.Kept, parts []engine.Part, _ []string) error {
				r := newSizeReport(kept.Checkpoint.Epoch, parts)
				if f.json {
					return writeJSON(a.out, r)
				}
				if len(parts) == 0 {
					_, err := fmt.Fprintln(a.out, noState(kept))
					return err
				}
				w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "STEP\tENTRIES\tBYTES")
				for _, s := range r.Steps {
					fmt.Fprintf(w, "%s\t%d\t%d\n", s.Step, s.Entries, s.Bytes)
				}
				fmt.Fprintf(w, "total\t%d\t%d\n", r.Entries, r.Bytes)
				return w.Flush()
			})
		},
	})
}

// stateReport is wire state ls as JSON.
type stateReport struct {
	Epoch int64         `json:"epoch"`
	Parts []engine.Part `json:"parts"`
}

// sizeReport is wire state size as JSON. Bytes are those of keys and values, not compressed.
type sizeReport struct {
	Epoch   int64      `json:"epoch"`
	Steps   []stepSize `json:"steps"`
	Entries int64      `json:"entries"`
	Bytes   int64      `json:"bytes"`
}

// stepSize is how much state a step has.
type stepSize struct {
	Step    string `json:"step"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
}

func newSizeReport(epoch int64, parts []engine.Part) sizeReport {
	r := sizeReport{Epoch: epoch, Steps: []stepSize{}}
	for _, p := range parts { // in the order of steps
		if n := len(r.Steps); n == 0 || r.Steps[n-1].Step != p.Step {
			r.Steps = append(r.Steps, stepSize{Step: p.Step})
		}
		s := &r.Steps[len(r.Steps)-1]
		s.Entries, s.Bytes = s.Entries+p.Entries, s.Bytes+p.Bytes
		r.Entries, r.Bytes = r.Entries+p.Entries, r.Bytes+p.Bytes
	}
	slices.SortStableFunc(r.Steps, func(x, y stepSize) int { return int(min(max(y.Bytes-x.Bytes, -1), 1)) })
	return r
}

// withKept restores the checkpoint that the flags and the first argument name, and has do look at it. At least least arguments must be left for do; without any do sees all parts, and how many entries
// they have.
func (a *app) withKept(ctx context.Context, f *lookFlags, args []string, least int, do func(kept *engine.Kept, parts []engine.Part, rest []string) error) (err error) {
	var named []string
	if f.dir == "" && len(args) > 0 {
		named, args = args[:1], args[1:]
	}
	if err := a.enoughArguments(named, args, least); err != nil {
		return wrong(err)
	}
	inventory, _, err := a.inspect(ctx, &f.checkpointFlags, named)
	if err != nil {
		return err
	}
	var epochs []int64
	if f.epoch != 0 {
		epochs = []int64{f.epoch}
	}
	manifests, err := chosen(inventory, epochs, false)
	if err != nil {
		return err
	}
	kept, err := engine.OpenKept(ctx, a.fs, inventory.Dir, manifests[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	parts, err := kept.Parts(ctx, least == 0)
	if err != nil {
		return err
	}
	return do(kept, append([]engine.Part{}, parts...), args)
}

// enoughArguments checks that least arguments are left behind the pipeline, if that is named.
func (a *app) enoughArguments(named, args []string, least int) error {
	switch {
	case len(args) < least && len(named) > 0 && a.isNoFile(named[0]):
		return fmt.Errorf("%s: there is no such file; the pipeline comes first, as its file or by --state-dir, and then the step", named[0])
	case len(args) < least && len(args) == 0:
		return errors.New("name a step; wire state ls shows them")
	case len(args) < least:
		return fmt.Errorf("say which entries of %s, as COLUMN=VALUE; wire state ls shows the columns, and wire state scan prints all entries", args[0])
	case least == 0 && len(args) > 0:
		return errors.New("give a pipeline file or --state-dir, not both")
	default:
		return nil
	}
}

func (a *app) isNoFile(path string) bool {
	_, err := a.fs.Stat(path)
	return path != "-" && errors.Is(err, fs.ErrNotExist)
}

// noState says why no step has an entry.
func noState(kept *engine.Kept) string {
	switch {
	case kept.Checkpoint.Done():
		return "no step has state: the pipeline is finished, and steps keep nothing once their answers are out"
	case len(kept.Manifest.States) == 0:
		return "no step of the pipeline has state"
	default:
		return fmt.Sprintf("no step has state in the checkpoint of epoch %d", kept.Checkpoint.Epoch)
	}
}
