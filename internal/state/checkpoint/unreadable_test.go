package checkpoint

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// refusals are ways in which the system refuses to read a file of the state directory, by whatever name that a pattern fits.
func refusals(name, pattern string) map[string]func(b *bed, fail *vfs.Failing) string {
	path := filepath.Join(stateDir, name)
	return map[string]func(b *bed, fail *vfs.Failing) string{
		"a directory": func(b *bed, _ *vfs.Failing) string {
			b.must(b.fs.Remove(path))
			b.must(b.fs.MkdirAll(path, dirPerm))
			return path + ": checkpoint cannot be read: is a directory"
		},
		"no permission": func(_ *bed, fail *vfs.Failing) string {
			fail.Add(vfs.Rule{Call: vfs.CallOpen, Path: pattern, Times: vfs.Forever, Err: syscall.EACCES})
			return path + ": checkpoint cannot be read: permission denied"
		},
		"the disk fails": func(_ *bed, fail *vfs.Failing) string {
			fail.Add(vfs.Rule{Call: vfs.CallRead, Path: pattern, Times: vfs.Forever})
			return path + ": checkpoint cannot be read: input/output error"
		},
	}
}

// failBed has a file system that can be made to fail, and a pipeline that had three epochs.
func failBed(t *testing.T) (*bed, *vfs.Failing) {
	fail := vfs.Fail(vfs.NewMem())
	b := newBed(t, fail)
	o := b.open()
	b.checkpoint(o, 1, 2, 3)
	b.must(o.Close())
	return b, fail
}

// A file that cannot be read is as good as damaged: what is wrong is named, and what may be done.
func TestUnreadableFile(t *testing.T) {
	b, _ := failBed(t)
	i, err := Inspect(t.Context(), b.fs, stateDir)
	b.must(err)
	for _, f := range i.Find(3).Files {
		for name, refuse := range refusals(fileFolder+f.Stored, "*"+f.Name) { // the scratch links it

			b, fail := failBed(t)
			o := b.open()
			says := refuse(b, fail)
			unusable := wantAs[*UnusableError](t, b.restoreAndCompare(o, o.Latest()))
			if !strings.Contains(unusable.Error(), says+"\n") || !strings.Contains(unusable.Error(), "Make the file readable, restore it from a backup, or ") || !errors.Is(unusable, ErrDamaged) {
				t.Errorf("%s, %s: %v", f.Name, name, unusable)
			}
			report, err := Verify(t.Context(), o.target, o.Latest())
			if err != nil || len(report.Damaged) != 1 || report.Damaged[0].Error() != says {
				t.Errorf("%s, %s: %+v, %v", f.Name, name, report, err)
			}
			b.must(o.Close())
		}
	}
}

// A manifest that cannot be read is named, and not passed over, be it the newest or not.
func TestUnreadableManifest(t *testing.T) {
	for number, accept := range map[int64]int64{4: 2, 3: 3} { // of epochs 3 and 2
		for name, refuse := range refusals(manifestName(number), filepath.Base(manifestName(number))) {
			b, fail := failBed(t)
			says := refuse(b, fail)
			i, err := Inspect(t.Context(), b.fs, stateDir)
			b.must(err)
			if e := i.Entries[4-number]; e.Number != number || e.Err == nil || e.Err.Error() != says || !errors.Is(e.Err, ErrDamaged) {
				t.Errorf("%s: %+v", name, e)
			}
			if number == 4 {
				_, err = b.try()
				unusable := wantAs[*UnusableError](t, err)
				if !strings.Contains(err.Error(), says+"\nMake the file readable, restore it from a backup, or go on from an older checkpoint") || len(unusable.Intact) != 2 || i.Find(0) != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			o := b.open(func(o *Options) { o.AcceptSince = accept })
			next := o.LastEpoch() + 1
			b.checkpoint(o, next, next+1, next+2, next+3)
			b.must(o.Retain(t.Context()))
			b.must(o.Close())
			o = b.open()
			if o.Latest().Epoch != next+3 || len(b.names("manifests")) != 4 {
				t.Errorf("%s: goes on from %d; manifests %q", name, o.Latest().Epoch, b.names("manifests"))
			}
			b.must(o.Close())
		}
	}
}

// Who has no more descriptors, cannot write, or was stopped, knows of no damage.
func TestWhatIsNoDamage(t *testing.T) {
	for name, rule := range map[string]vfs.Rule{
		"descriptors": {Call: vfs.CallOpen, Path: "*CURRENT", Times: vfs.Forever, Err: syscall.EMFILE},
		"scratch":     {Call: vfs.CallWrite, Path: "*CURRENT", Times: vfs.Forever},
	} {
		b, fail := failBed(t)
		o := b.open()
		fail.Add(rule)
		err := b.restoreAndCompare(o, o.Latest())
		if err == nil || errors.Is(err, ErrDamaged) || fail.Failed() == 0 {
			t.Errorf("%s: %v", name, err)
		}
		b.must(o.Close())
	}
	b, fail := failBed(t)
	fail.Add(vfs.Rule{Call: vfs.CallOpen, Path: "*4.json", Times: vfs.Forever, Err: syscall.EMFILE})
	if _, err := b.try(); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("descriptors: %v", err)
	}
}

// A directory in place of a manifest that is not needed any more is in nobody's way.
func TestDirectoryThatHoldsSomething(t *testing.T) {
	b, _ := failBed(t)
	path := filepath.Join(stateDir, manifestName(2))
	b.must(b.fs.Remove(path))
	b.must(b.fs.MkdirAll(filepath.Join(path, "more"), dirPerm))
	o := b.open()
	b.checkpoint(o, 4, 5, 6, 7)
	b.must(o.Retain(t.Context()))
	if names := b.names("manifests"); len(names) != 4 || names[0] != filepath.Base(path) {
		t.Errorf("%q", names)
	}
	b.must(o.Close())
}
