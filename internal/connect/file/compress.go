package file

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decompress returns the plain bytes of in. Closing it does not close in.
func decompress(in io.Reader, compression string) (io.ReadCloser, error) {
	switch compression {
	case "gzip":
		r, err := gzip.NewReader(in)
		if errors.Is(err, io.EOF) {
			return io.NopCloser(in), nil // an empty file holds no gzip member, and no rows
		}
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return r, nil
	case "zstd":
		r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return r.IOReadCloser(), nil
	default:
		return io.NopCloser(in), nil
	}
}

// skipTo brings f to offset: by seeking in a plain file, by reading a compressed one.
func skipTo(f *openFile, offset int64) error {
	if offset == 0 {
		return nil
	}
	if f.seekable {
		_, err := f.raw.Seek(offset, io.SeekStart)
		return err
	}
	n, err := io.CopyN(io.Discard, f.plain, offset)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the stored position is at byte %d, but the file ends at %d", offset, n)
	}
	return err
}

// frameWriter is a compressor whose frame can be ended, so that what was written so far can be read by itself.
type frameWriter interface {
	io.Writer
	Close() error
	Reset(w io.Writer)
}

func compress(out io.Writer, compression string) (frameWriter, error) {
	switch compression {
	case "gzip":
		return gzip.NewWriter(out), nil
	case "zstd":
		return zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	default:
		return nil, nil //nolint:nilnil // nil means that bytes go out as they are
	}
}
