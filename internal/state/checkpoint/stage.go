package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// StageFile is a local file that a checkpoint needs.
type StageFile struct {
	// Name is its slash-separated path for its owner. Unless the file is Small, a name means the same bytes as long as this Owner lives and in what was
	// restored for him: a file that is stored under it is not read again.
	Name string
	Path string // on this machine
	Size int64  // bytes
	// Small files may change under their name, are copied, and are restored as copies. Others are shared by links and must not change.
	Small bool
	// Synced says that the content is known to be durable.
	Synced bool
	// Counts are those of File.
	Counts []Count
	// Sum is the checksum of what was written, where Summed says that it is known; else the file is read for it.
	Sum    Sum
	Summed bool
}

// Stage stores the files of one part ("store", "sink orders") that are not stored yet, durably, and returns all in the order of files, for
// Manifest.Files of the epoch. Until that is published nothing deletes them; publishing a later epoch gives up those of earlier ones.
// After an error some may be stored; the next attempt replaces them, retention deletes them.
func (o *Owner) Stage(ctx context.Context, epoch int64, part string, files []StageFile) ([]File, error) {
	staged := make([]File, len(files))
	fresh := make([]bool, len(files))
	for i, f := range files {
		staged[i] = File{Part: part, Name: f.Name, Stored: storedName(o.lineage, o.generation, epoch, part, f.Name), Size: f.Size, Small: f.Small, Counts: f.Counts}
		if reason := staged[i].problem(); reason != "" {
			return nil, fmt.Errorf("checkpoint of epoch %d: %s", epoch, reason)
		}
	}
	if err := o.reserve(epoch, files, staged, fresh); err != nil {
		return nil, err
	}
	err := inParallel(ctx, len(files), func(i int) error {
		if !fresh[i] {
			return nil
		}
		if files[i].Summed {
			staged[i].XXH3 = files[i].Sum
			return nil
		}
		size, sum, err := sumFile(o.fs, files[i].Path)
		if err == nil && size != files[i].Size {
			err = fmt.Errorf("%s has %d bytes, should have %d", files[i].Path, size, files[i].Size)
		}
		staged[i].XXH3 = sum
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checkpoint of epoch %d: %w", epoch, err)
	}
	if err := o.store(ctx, o.unstored(epoch, files, staged, fresh)); err != nil {
		return nil, fmt.Errorf("checkpoint of epoch %d: %w", epoch, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range staged {
		o.known[fileKey{f.Part, f.Name}] = f
	}
	fault.Point("checkpoint/files-staged")
	return staged, nil
}

// reserve finds the files that are stored, marks the others as fresh, and keeps both from being deleted.
func (o *Owner) reserve(epoch int64, files []StageFile, staged []File, fresh []bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(); err != nil {
		return err
	}
	if epoch <= o.latest.lastEpoch() {
		return fmt.Errorf("files of epoch %d cannot be staged after epoch %d", epoch, o.latest.lastEpoch())
	}
	pending := o.pending[epoch]
	if pending == nil {
		pending = map[string]bool{}
		o.pending[epoch] = pending
	}
	for i, f := range files {
		known, ok := o.known[fileKey{staged[i].Part, f.Name}]
		if ok && !f.Small && !known.Small && known.Size == f.Size {
			staged[i] = known
			staged[i].Counts = f.Counts
		} else {
			fresh[i] = true
		}
		pending[staged[i].Stored] = true
	}
	return nil
}

// unstored lists what is to be stored. Of small files, those that have the same content as before are not.
func (o *Owner) unstored(epoch int64, files []StageFile, staged []File, fresh []bool) []LocalFile {
	o.mu.Lock()
	defer o.mu.Unlock()
	var local []LocalFile
	for i, f := range files {
		if !fresh[i] {
			continue
		}
		known, ok := o.known[fileKey{staged[i].Part, f.Name}]
		if ok && f.Small && known.Small && known.Size == staged[i].Size && known.XXH3 == staged[i].XXH3 {
			staged[i] = known
			o.pending[epoch][known.Stored] = true
			continue
		}
		local = append(local, LocalFile{Name: fileFolder + staged[i].Stored, Path: f.Path, Size: f.Size, Sum: staged[i].XXH3, Copy: f.Small, Synced: f.Synced})
	}
	return local
}

// store stores local files durably.
func (o *Owner) store(ctx context.Context, files []LocalFile) error {
	if len(files) == 0 {
		return nil
	}
	if linker, ok := o.target.(Linker); ok {
		return linker.PutFiles(ctx, files)
	}
	return inParallel(ctx, len(files), func(i int) error {
		if i == len(files)/2 {
			fault.Point("checkpoint/half-staged")
		}
		f, err := o.fs.Open(files[i].Path)
		if err != nil {
			return err
		}
		return errors.Join(o.target.Put(ctx, files[i].Name, f, files[i].Size), f.Close())
	})
}

// Restore makes the files of one part below dir, which is created if it does not exist, and returns their paths in the order of m.FilesOf(part). Each is
// read once and must have its size and checksum, or the error is an *UnusableError around a *DamagedError. The files may be those that are stored: they must not be changed,
// except small ones. They are not durable. From then on Stage knows them.
func (o *Owner) Restore(ctx context.Context, m *Manifest, part, dir string) ([]string, error) {
	files := m.FilesOf(part)
	paths, err := restore(ctx, o.fs, o.target, files, dir)
	if err != nil {
		return nil, o.unusable(ctx, m, fmt.Errorf("checkpoint of epoch %d: %w", m.Epoch, err))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range files {
		o.known[fileKey{f.Part, f.Name}] = f
	}
	return paths, nil
}

// unusable adds to damage what may be done about it.
func (o *Owner) unusable(ctx context.Context, m *Manifest, err error) error {
	o.mu.Lock()
	entries := make([]Entry, 0, len(o.manifests))
	for number, known := range o.manifests {
		entries = append(entries, Entry{Number: number, Manifest: known})
	}
	o.mu.Unlock()
	return onlyIntact(lost(entries, m, o.accepted, o.dir, err), o.judges, wholeIn(ctx, o.target))
}

// Extract is Restore for who does not own the state directory, and for files of any part.
func Extract(ctx context.Context, fsys vfs.FS, target Target, files []File, dir string) ([]string, error) {
	return restore(ctx, fsys, target, files, dir)
}
