package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// restore makes files below dir and verifies them.
func restore(ctx context.Context, fsys vfs.FS, target Target, files []File, dir string) ([]string, error) {
	paths := make([]string, len(files))
	folders := map[string]bool{dir: true}
	for i, f := range files {
		paths[i] = filepath.Join(dir, filepath.FromSlash(f.Name))
		folders[filepath.Dir(paths[i])] = true
	}
	for folder := range folders {
		if err := fsys.MkdirAll(folder, dirPerm); err != nil {
			return nil, err
		}
	}
	linker, links := target.(Linker)
	err := inParallel(ctx, len(files), func(i int) error {
		if i == len(files)/2 {
			fault.Point("restore/half")
		}
		f := files[i]
		if !links || f.Small {
			return f.blamed(ctx, target, restoreCopy(ctx, fsys, target, f, paths[i]))
		}
		if err := linker.GetFile(ctx, fileFolder+f.Stored, paths[i]); err != nil {
			return f.blamed(ctx, target, f.unreadable(target, err))
		}
		size, sum, err := sumFile(fsys, paths[i])
		return f.blamed(ctx, target, f.verdict(target, size, sum, err))
	})
	if err != nil {
		return nil, err
	}
	return paths, nil
}

// restoreCopy copies one file.
func restoreCopy(ctx context.Context, fsys vfs.FS, target Target, f File, path string) error {
	r, err := target.Get(ctx, fileFolder+f.Stored)
	if err != nil {
		return f.unreadable(target, err)
	}
	size, sum, err := copyTo(fsys, path, r)
	return f.verdict(target, size, sum, errors.Join(err, r.Close()))
}

// blamed is err of who restored a file, or the damage of the file, if it cannot be read by itself either.
func (f *File) blamed(ctx context.Context, target Target, err error) error {
	if err == nil || errors.Is(err, ErrDamaged) || ctx.Err() != nil {
		return err
	}
	if damage := verify(ctx, target, *f); errors.Is(damage, ErrDamaged) {
		return damage
	}
	return err
}

// unreadable is the error of a file that could not be opened: if it is gone the checkpoint is damaged.
func (f *File) unreadable(target Target, err error) error {
	path := describe(target, fileFolder+f.Stored)
	if errors.Is(err, fs.ErrNotExist) {
		return &DamagedError{Path: path, Missing: true, WantSize: f.Size, WantSum: f.XXH3}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// verdict judges what was read of a file.
func (f *File) verdict(target Target, size int64, sum Sum, err error) error {
	path := describe(target, fileFolder+f.Stored)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if size != f.Size || sum != f.XXH3 && !fault.Weak("checkpoint/file-sum") {
		return &DamagedError{Path: path, WantSize: f.Size, GotSize: size, WantSum: f.XXH3, GotSum: sum}
	}
	return nil
}
