package checkpoint

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// benchOwner has staged a store of some files of 4 MB, on the disk.
func benchOwner(b *testing.B, files int) (*Owner, []StageFile) {
	b.Helper()
	o, err := Open(b.Context(), Options{Dir: filepath.Join(b.TempDir(), "state"), Pipeline: "p"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := o.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := os.MkdirAll(o.LiveDir(), 0o750); err != nil {
		b.Fatal(err)
	}
	stage := make([]StageFile, files)
	for i := range stage {
		stage[i] = benchFile(b, o, i)
	}
	return o, stage
}

const benchFileBytes = 4 << 20

func benchFile(b *testing.B, o *Owner, i int) StageFile {
	b.Helper()
	content := make([]byte, benchFileBytes)
	_, _ = rand.Read(content)
	path := filepath.Join(o.LiveDir(), fmt.Sprintf("%06d.sst", i))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	return StageFile{Name: filepath.Base(path), Path: path, Size: benchFileBytes}
}

// BenchmarkCheckpoint is a checkpoint of a store of 256 files of which one is new: staged, published, the old deleted.
func BenchmarkCheckpoint(b *testing.B) {
	o, stage := benchOwner(b, 256)
	for b.Loop() {
		b.StopTimer()
		stage = append(stage[1:], benchFile(b, o, int(o.LastEpoch())+1000))
		b.StartTimer()
		epoch := o.LastEpoch() + 1
		files, err := o.Stage(b.Context(), epoch, "store", stage)
		if err != nil {
			b.Fatal(err)
		}
		if err := o.Publish(b.Context(), checkpointOf(epoch, files)); err != nil {
			b.Fatal(err)
		}
		if err := o.Retain(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRestore links and verifies 512 MB.
func BenchmarkRestore(b *testing.B) {
	o, stage := benchOwner(b, 128)
	files, err := o.Stage(b.Context(), 1, "store", stage)
	if err != nil {
		b.Fatal(err)
	}
	m := checkpointOf(1, files)
	b.SetBytes(int64(len(stage)) * benchFileBytes)
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "r")
		if _, err := o.Restore(b.Context(), m, "store", dir); err != nil {
			b.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
	}
}
