package file

import (
	"context"
	"errors"
	"os"
	"time"

	"wire.example/wire/internal/foundation/vfs"
)

// deadlined is a file whose reads can be cut short: a named pipe or a device, of the operating system's own files.
type deadlined interface {
	SetReadDeadline(t time.Time) error
}

// pipeOf returns f if reading it can take for ever, nil for a regular file.
func pipeOf(f vfs.File) (deadlined, error) {
	info, err := f.Stat()
	if err != nil || info.Mode().IsRegular() {
		return nil, err
	}
	d, ok := f.(deadlined)
	if !ok || d.SetReadDeadline(time.Time{}) != nil {
		return nil, nil //nolint:nilnil,nilerr // no pipe, or one whose reads only the end of the process cuts short
	}
	return d, nil
}

// readPipe calls next, a read of d, and cuts it short when wake can be received from or ctx is done; cut says that it was. What the
// read had got so far is not lost.
func readPipe(ctx context.Context, wake <-chan struct{}, d deadlined, next func() error) (cut bool, err error) {
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-wake:
		case <-ctx.Done():
		case <-over:
			return
		}
		_ = d.SetReadDeadline(time.Unix(1, 0)) // it was possible before; if it is not any more, the read ends by itself
	}()
	err = next()
	close(over)
	<-watched
	if reset := d.SetReadDeadline(time.Time{}); reset != nil {
		return false, errors.Join(err, reset)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true, ctx.Err()
	}
	return false, err
}
