package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// stateVersion is the version of sinkState; version 2, which had no checksum of whole parts, is read, too.
const stateVersion = 3

// sinkState is what Prepare returns. docs/format/sink-file.md draws it.
type sinkState struct {
	Version  int         `json:"version"`
	Path     string      `json:"path"` // the option
	Numbered bool        `json:"numbered"`
	Replace  bool        `json:"replace,omitempty"`  // a file that has the name is replaced
	Next     int64       `json:"next"`               // the number of the next part
	Base     *mark       `json:"base,omitempty"`     // of a single file that is appended to: what it was, and what its part begins with
	Finished []partState `json:"finished,omitempty"` // closed; this epoch's Commit gives them their names
	Open     []partState `json:"open,omitempty"`     // go on, or get their names at the final Commit
}

// endless refuses an input that never ends if there is to be a single file.
func (c *SinkConfig) endless() error {
	if c.rolls() {
		return nil
	}
	return fmt.Errorf("the input never ends, so %s would never appear: say when a part is full with roll_every, roll_size or roll_rows", c.Path)
}

func openSink(fsys vfs.FS, clk clock.Reader, env connector.SinkEnv, config *SinkConfig) (*sink, error) {
	if env.Unbounded {
		if err := config.endless(); err != nil {
			return nil, err
		}
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	fsys = vfs.Deaf(fsys, "sink/file")
	s := &sink{
		fs: fsys, clock: clk, env: env, config: config, layout: newLayout(config), next: 1,
		open: map[string]*part{}, dirs: newDirs(fsys), ids: map[string]vfs.ID{}, kept: map[string]bool{},
	}
	s.layout.owner = ownerOf(env.Lineage, env.Generation)
	err := s.spare()
	if err != nil {
		return nil, err
	}
	if len(config.PartitionBy) > 0 {
		if s.partitioner, err = newPartitioner(config.PartitionBy, env.Schema); err != nil {
			return nil, err
		}
	}
	if s.press, err = newCompressor(codecOf(config.Compression, config.Path)); err != nil {
		return nil, err
	}
	if s.header, err = headerOf(env); err != nil {
		return nil, err
	}
	if env.Restore == nil {
		err = s.start()
	} else {
		err = s.restore()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start begins without a state.
func (s *sink) start() error {
	found, err := s.survey()
	if err != nil {
		return err
	}
	switch {
	case found.published == "" || s.config.IfExists == "replace":
	case s.config.IfExists == "append":
		s.next = found.last + 1
	case s.layout.numbered:
		return fmt.Errorf("%s exists already; remove the parts of the earlier run, or set if_exists: append to add others", found.published)
	default:
		return fmt.Errorf("%s exists already; remove it, or set if_exists: replace, or append", found.published)
	}
	s.leftovers = found.leftovers
	switch {
	case s.partitioner != nil:
		return nil
	case !s.layout.numbered && s.config.IfExists == "append" && found.published != "":
		return s.extend(found.published)
	default:
		_, err = s.begin("") // now, so that an empty result has a file too
		return err
	}
}

// survey looks at what there is.
func (s *sink) survey() (survey, error) {
	var found survey
	err := s.layout.look(s.fs, s.layout.root, 0, &found)
	return found, err
}

// sweep removes hidden parts that no state speaks of: those of this lineage and of abandoned ones, and, if unowned says so, those of runs without
// state. A later owner of the lineage may be at work already, if this run was stopped for a while: what is his stays, as does what belongs to other
// pipelines.
func (s *sink) sweep(leftovers []leftover, unowned bool) error {
	mine := map[string]bool{}
	for _, p := range s.open {
		mine[p.Part] = true
	}
	for _, l := range leftovers {
		switch {
		case s.kept[l.path], mine[l.path], s.leaving[absolute(l.path)]:
			continue
		case l.owner == (owner{}) && unowned, s.abandoned(l.owner), s.former(l.owner):
		case l.owner.lineage == s.layout.owner.lineage: // of a later owner
			continue
		default:
			s.env.Log.Warn("the part of another pipeline, or of a run whose state is gone, lies beside the output; remove it if nobody goes on with it",
				"sink", s.env.Name, "part", l.path)
			continue
		}
		s.env.Log.Info("removing the part of a run that ended before it was prepared", "sink", s.env.Name, "part", l.path)
		if err := s.remove(l.path); err != nil {
			return fmt.Errorf("a part of an earlier run: %w", err)
		}
	}
	return nil
}

// abandoned reports whether a part is of a lineage that nobody goes on with.
func (s *sink) abandoned(o owner) bool {
	return slices.ContainsFunc(s.env.Abandoned, func(lineage string) bool { return ownerOf(lineage, 1).lineage == o.lineage })
}

// former reports whether a part is of this run or of one before it.
func (s *sink) former(o owner) bool {
	return o.lineage == s.layout.owner.lineage && o.generation <= s.layout.owner.generation
}

// clean removes, when all is published, the parts of runs that were superseded, and went on for a while: no state speaks of them, and nobody else would. What cannot be removed is named in a
// warning: the output is whole.
func (s *sink) clean() {
	if err := s.removeFormer(); err != nil {
		s.env.Log.Warn("all output is published, but parts of a run that was superseded could not be removed; remove them by hand", "sink", s.env.Name, "error", err)
	}
}

// removeFormer removes the parts of this run and of those before it. All is published that any of their states speaks of.
func (s *sink) removeFormer() error {
	if s.layout.owner == (owner{}) { // nobody takes its place
		return nil
	}
	found, err := s.survey()
	for _, l := range found.leftovers {
		if s.former(l.owner) && !s.leaving[absolute(l.path)] {
			s.env.Log.Info("removing the part of a run that was superseded", "sink", s.env.Name, "part", l.path)
			err = errors.Join(err, s.remove(l.path))
		}
	}
	return err
}

// readState reads and checks a state.
func (s *sink) readState(stored json.RawMessage) (*sinkState, error) {
	var st sinkState
	if err := json.Unmarshal(stored, &st); err != nil {
		return nil, err
	}
	switch {
	case st.Version != stateVersion && st.Version != 2:
		return nil, fmt.Errorf("version %d; this release reads 2 and %d", st.Version, stateVersion)
	case st.Path != s.config.Path || st.Numbered != s.layout.numbered:
		return nil, fmt.Errorf("it is of %q (parts: %t), not of %q (parts: %t); begin anew with --fresh to write elsewhere",
			st.Path, st.Numbered, s.config.Path, s.layout.numbered)
	}
	return &st, s.layout.owns(slices.Concat(st.Finished, st.Open))
}

// restore goes on from a state: what it finished gets its names, what was open goes on where it was durable, all else is removed.
func (s *sink) restore() error {
	st, err := s.readState(s.env.Restore)
	if err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	for _, p := range slices.Concat(st.Finished, st.Open) {
		s.kept[p.Part] = true
	}
	if fault.Weak("sink/file/recover") {
		st.Finished = nil
	}
	if err := (&publication{sink: s, base: st.Base, recovery: true}).publish(st.Finished); err != nil {
		return err
	}
	s.recovered = make(map[partState]bool, len(st.Finished))
	for _, p := range st.Finished {
		s.recovered[p] = true
	}
	s.next, s.base = max(st.Next, 1), st.Base
	if s.env.Repeats {
		found, err := s.survey()
		if err != nil {
			return err
		}
		s.next = max(s.next, found.last+1)
	}
	for _, p := range st.Open {
		if err := s.resume(p); err != nil {
			return err
		}
	}
	fault.Point("sink/file/resumed")
	found, err := s.survey()
	if err != nil {
		return err
	}
	return s.sweep(found.leftovers, st.Version < stateVersion)
}

// resume opens a part again, cut to what was durable. A part that the final Commit has named is left alone. What a former owner may
// still write into is not touched: a copy goes on instead.
func (s *sink) resume(p partState) error {
	flag := os.O_RDWR
	if s.env.Contested {
		flag = os.O_RDONLY
	}
	f, err := s.fs.OpenFile(p.Part, flag, 0)
	if errors.Is(err, fs.ErrNotExist) && s.env.Repeats {
		return s.repeat(p)
	}
	if errors.Is(err, fs.ErrNotExist) && s.published(p) == nil {
		s.done = s.done || !s.layout.numbered
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the part that the stored state continues: %w; %s%s", err, s.elsewhere(), waysOn)
	}
	if err != nil {
		return fmt.Errorf("the part that the stored state continues: %w", err)
	}
	if s.env.Contested {
		return errors.Join(s.takeOver(f, p), f.Close())
	}
	q := &part{partState: p, file: f, press: s.press, room: s.room(), dirty: true}
	if err := q.goOn(); err != nil {
		return errors.Join(err, f.Close())
	}
	s.open[p.Dir] = q
	return s.know(q)
}

// elsewhere begins what can be done where a file that a state speaks of is not there: it may be in another directory.
func (s *sink) elsewhere() string {
	if filepath.IsAbs(s.config.Path) {
		return ""
	}
	return s.config.Path + " is relative to the directory that wire is started in: start it in that of the run before, or else "
}

// goOn checks an opened part and cuts it to what was durable.
func (p *part) goOn() error {
	if err := p.long(p.file); err != nil {
		return err
	}
	if err := p.known(p.file); err != nil {
		return err
	}
	if fault.Weak("sink/file/cut") {
		return nil
	}
	if err := p.file.Truncate(p.Length); err != nil {
		return explain(p.Part, err)
	}
	_, err := p.file.Seek(p.Length, io.SeekStart)
	return err
}

// long checks that f has the part's durable bytes.
func (p *partState) long(f vfs.File) error {
	info, err := f.Stat()
	if err == nil && info.Size() < p.Length {
		err = fmt.Errorf("%s has %d bytes, but %d were durable: it was changed or replaced; %s", p.Part, info.Size(), p.Length, waysOn)
	}
	return err
}

// known checks all of f, and makes the part's checksum go on behind it. A state of version 2 has one of its end only.
func (p *part) known(f vfs.File) error {
	var err error
	if p.Tail == "" {
		err = p.sums.whole(f, p.mark)
	} else if err = p.verifyTail(f); err == nil {
		p.sums.begin(0)
		_, err = io.CopyBuffer(&p.sums, io.NewSectionReader(f, 0, p.Length), make([]byte, copyBytes))
		p.mark, p.Tail = p.sums.mark(p.Length), ""
	}
	if errors.Is(err, errOtherBytes) {
		return p.changed()
	}
	return err
}

// changed says that the file is another.
func (p *partState) changed() error {
	return fmt.Errorf("the first %d bytes of %s are not what was durable: it was changed or replaced; %s", p.Length, p.Part, waysOn)
}

// waysOn is what can be done about a part that is not what it was.
const waysOn = "put back what it was, go on from an older checkpoint with --accept-duplicates-since (wire checkpoint list names them), or begin anew with --fresh"

// waysOnNamed is what can be done about a part that has its name, and is not what it was: a checkpoint that knows nothing yet of what has changed begins other parts behind it, or writes a single file anew.
const waysOnNamed = "put back the one or the other, go on from a checkpoint of before what has changed with --accept-duplicates-since (wire checkpoint list names them), which writes the rows since then again, or begin anew with --fresh"
