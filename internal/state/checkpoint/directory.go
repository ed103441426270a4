package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

const (
	temporaryFolder = "tmp"
	dirPerm         = 0o777
	filePerm        = 0o666
	// writeTries is how often content is written to a new file after an fsync failed: the file whose fsync failed is given up.
	writeTries = 2
	// ioAtOnce is how many files are read or synced at the same time.
	ioAtOnce = 4
)

// Directory is a Target and a Linker in a local directory. What it writes goes to a temporary file first, which is fsynced and then linked or
// renamed to its name; then the directory of the name is fsynced.
type Directory struct {
	fs    vfs.FS
	dir   string
	owner int64 // begins the names of temporary files, so that those of the dead can be told from those of the living
	temps atomic.Int64
}

// NewDirectory returns the Target in dir, of which owner is the generation that writes to it; 0 for who only reads and deletes. Before something is
// written Prepare must have been called once.
func NewDirectory(fsys vfs.FS, dir string, owner int64) *Directory {
	return &Directory{fs: vfs.Deaf(fsys, "checkpoint"), dir: dir, owner: owner}
}

// Prepare makes the directory and its folders, and their names durable: also those that somebody made who died before he had done that.
func (d *Directory) Prepare() error {
	for _, folder := range []string{manifestFolder, fileFolder, temporaryFolder} {
		if err := d.fs.MkdirAll(d.path(folder), dirPerm); err != nil {
			return err
		}
	}
	// The directory itself, .wire and what holds that are synced in any case. What is further up was there, unless somebody named a deep new path.
	at := filepath.Clean(d.dir)
	for range syncedParents {
		switch err := d.fs.SyncDir(at); {
		case err != nil && at == filepath.Clean(d.dir), err != nil && !errors.Is(err, fs.ErrPermission):
			return err
		case filepath.Dir(at) == at:
			return nil
		}
		at = filepath.Dir(at)
	}
	return nil
}

// syncedParents is how many directories, from the state directory upwards, get durable names.
const syncedParents = 4

func (d *Directory) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

// Path is where the content of name is.
func (d *Directory) Path(name string) string { return d.path(name) }

// Put stores r under name.
func (d *Directory) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	temp, err := d.write(r, size)
	if err != nil {
		return err
	}
	if err := d.rename(temp, d.path(name)); err != nil {
		return err
	}
	return d.fs.SyncDir(filepath.Dir(d.path(name)))
}

// PutNew links data to a name.
func (d *Directory) PutNew(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	temp, err := d.writeAgain(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(data))), nil }, int64(len(data)))
	if err != nil {
		return err
	}
	link := d.fs.Link
	if fault.Weak(weakFence) {
		link = d.fs.Rename
	}
	if err := link(temp, d.path(name)); err != nil {
		return errors.Join(err, d.remove(temp))
	}
	fault.Point("checkpoint/linked")
	if err := d.fs.SyncDir(filepath.Dir(d.path(name))); err != nil {
		return &UncertainError{Name: d.path(name), Err: err}
	}
	// It is published. A temporary name that cannot be removed does no harm: the next owner tries again.
	_ = d.remove(temp)
	return nil
}

// Get opens the file of name.
func (d *Directory) Get(_ context.Context, name string) (io.ReadCloser, error) {
	return d.fs.Open(d.path(name))
}

// List lists the files in the folder of prefix. A directory or a link in place of a manifest has its name, too: it is not to be passed over.
func (d *Directory) List(_ context.Context, prefix string) ([]Info, error) {
	folder, begin := path.Split(prefix)
	entries, err := d.fs.ReadDir(d.path(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, e := range entries {
		inPlace := folder == manifestFolder && e.Type()&^(fs.ModeDir|fs.ModeSymlink) == 0
		if !strings.HasPrefix(e.Name(), begin) || !e.Type().IsRegular() && !inPlace {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, Info{Name: folder + e.Name(), Size: info.Size(), Modified: info.ModTime()})
	}
	slices.SortFunc(infos, func(a, b Info) int { return cmp.Compare(a.Name, b.Name) })
	return infos, nil
}

// Delete removes files. A directory in place of one stays if it holds something: that is of somebody else.
func (d *Directory) Delete(ctx context.Context, names ...string) error {
	folders := map[string]bool{}
	for i, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i == (len(names)+1)/2 {
			fault.Point("retention/half-deleted")
		}
		if err := d.remove(d.path(name)); err != nil && !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		folders[filepath.Dir(d.path(name))] = true
	}
	for folder := range folders {
		if err := d.fs.SyncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// PutFiles links files, or copies those that cannot be linked.
func (d *Directory) PutFiles(ctx context.Context, files []LocalFile) error {
	folders := map[string]bool{}
	for _, f := range files {
		folders[filepath.Dir(d.path(f.Name))] = true
	}
	err := inParallel(ctx, len(files), func(i int) error {
		if i == len(files)/2 {
			fault.Point("checkpoint/half-staged")
		}
		return d.putFile(files[i])
	})
	if err != nil {
		return err
	}
	for folder := range folders {
		if err := d.fs.SyncDir(folder); err != nil {
			return err
		}
	}
	return nil
}

// putFile gives one file its name, which is not durable yet.
func (d *Directory) putFile(f LocalFile) error {
	if !f.Copy && (f.Synced || d.sync(f.Path) == nil) {
		err := d.link(f.Path, d.path(f.Name))
		if err == nil || !unlinkable(err) {
			return err
		}
	}
	temp, err := d.writeAgain(func() (io.ReadCloser, error) { return d.fs.Open(f.Path) }, f.Size)
	if err != nil {
		return err
	}
	// What could not be synced may read differently by now.
	if _, sum, err := sumFile(d.fs, temp); err != nil || sum != f.Sum {
		return errors.Join(cmp.Or(err, fmt.Errorf("%s changed while it was copied: checksum %s, was %s", f.Path, sum, f.Sum)), d.remove(temp))
	}
	return d.rename(temp, d.path(f.Name))
}

// sync makes the content of a local file durable.
func (d *Directory) sync(path string) error {
	f, err := d.fs.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// link gives a local file a name. A file that has it from an attempt before is replaced unless it is the same one.
func (d *Directory) link(path, name string) error {
	err := d.fs.Link(path, name)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if d.same(path, name) {
		return nil
	}
	temp := d.temporary()
	if err := d.fs.Link(path, temp); err != nil {
		return err
	}
	return d.rename(temp, name)
}

// same reports whether two paths lead to one file.
func (d *Directory) same(a, b string) bool {
	infoA, errA := d.fs.Stat(a)
	infoB, errB := d.fs.Stat(b)
	if errA != nil || errB != nil {
		return false
	}
	idA, okA := vfs.Identity(infoA)
	idB, okB := vfs.Identity(infoB)
	return okA && okB && idA == idB
}

// unlinkable reports whether a link failed since these two places cannot share a file.
func unlinkable(err error) bool {
	for _, number := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// GetFile links path to the file of name, or makes a copy where that is impossible.
func (d *Directory) GetFile(ctx context.Context, name, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := d.fs.Link(d.path(name), path)
	if err == nil || !unlinkable(err) {
		return err
	}
	r, err := d.fs.Open(d.path(name))
	if err != nil {
		return err
	}
	_, _, err = copyTo(d.fs, path, r)
	return errors.Join(err, r.Close())
}

// writeAgain writes what open gives to a temporary file that is durable but for its name. If an fsync fails it is given up and written anew.
func (d *Directory) writeAgain(open func() (io.ReadCloser, error), size int64) (temp string, err error) {
	for range writeTries {
		r, openErr := open()
		if openErr != nil {
			return "", openErr
		}
		temp, err = d.write(r, size)
		err = errors.Join(err, r.Close())
		if !errors.Is(err, syscall.EIO) {
			break
		}
	}
	return temp, err
}

// write writes size bytes of r to a temporary file and syncs it. What is left of a failure is removed.
func (d *Directory) write(r io.Reader, size int64) (string, error) {
	temp := d.temporary()
	f, err := d.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm)
	for errors.Is(err, fs.ErrExist) { // left by somebody who died with this generation; not to be taken for a name that is published
		temp = d.temporary()
		f, err = d.fs.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm)
	}
	if err != nil {
		return "", err
	}
	written, err := io.Copy(f, r)
	if err == nil && written != size {
		err = fmt.Errorf("%d bytes came, should be %d", written, size)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, d.remove(temp))
	}
	return temp, nil
}

// rename moves a temporary file to its name.
func (d *Directory) rename(temp, name string) error {
	if err := d.fs.Rename(temp, name); err != nil {
		return errors.Join(err, d.remove(temp))
	}
	return nil
}

func (d *Directory) temporary() string {
	return filepath.Join(d.dir, temporaryFolder, fmt.Sprintf("%d-%d", d.owner, d.temps.Add(1)))
}

// temporaryOwner reads the generation out of the name of a temporary file.
func temporaryOwner(name string) (int64, bool) {
	owner, _, ok := strings.Cut(name, "-")
	g, valid := parseNumber(owner)
	return g, ok && valid
}

func (d *Directory) remove(path string) error {
	if err := d.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sumFile reads a file: its size and checksum.
func sumFile(fsys vfs.FS, path string) (size int64, sum Sum, err error) {
	f, err := fsys.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return sumOf(f)
}

// sumOf reads r to its end.
func sumOf(r io.Reader) (int64, Sum, error) {
	h := xxh3.New()
	size, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, 256<<10))
	return size, Sum(h.Sum64()), err
}

// copyTo writes r to a new file at path, which is not made durable.
func copyTo(fsys vfs.FS, path string, r io.Reader) (size int64, sum Sum, err error) {
	f, err := fsys.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return 0, 0, err
	}
	size, sum, err = sumOf(io.TeeReader(r, f))
	return size, sum, errors.Join(err, f.Close())
}

// inParallel calls do for 0 to n-1 from a few goroutines. It returns the error of the lowest number that failed; not all numbers are called then.
func inParallel(ctx context.Context, n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, n)
	var workers sync.WaitGroup
	for range min(n, ioAtOnce) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = do(i)
				}
				if err != nil {
					errs[i] = err
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
