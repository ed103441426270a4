package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that the header of a zstd frame can ask for: what zstd --long=27 writes.
const maxWindow = 128 << 20

// decompress returns the plain bytes of in. Closing it does not close in. Bytes before damage are delivered before the error.
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
		return &plainReader{in: r, close: r.Close, format: compression}, nil
	case "zstd":
		r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		closed := r.IOReadCloser()
		return &plainReader{in: closed, close: closed.Close, format: compression}, nil
	default:
		return io.NopCloser(in), nil
	}
}

// plainReader hands out what a decompressor made of a damaged file before it tells of the damage.
type plainReader struct {
	in     io.Reader
	close  func() error
	format string
	held   error // to be returned by the next Read
}

func (r *plainReader) Read(p []byte) (int, error) {
	if r.held != nil {
		return 0, r.held
	}
	n, err := r.in.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%s: the file ends in the middle of its compressed data; it was cut, or is still being written: %w", r.format, err)
	default:
		err = fmt.Errorf("%s: the compressed data is damaged: %w", r.format, err)
	}
	r.held = err
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// Close does not tell again of damage that Read told of.
func (r *plainReader) Close() error {
	if err := r.close(); r.held == nil {
		return err
	}
	return nil
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

// compressor makes frames, each readable by itself; a file of several is one stream. One goroutine.
type compressor interface {
	// frame appends plain, compressed, to dst. Of no bytes it makes an empty frame.
	frame(dst, plain []byte) ([]byte, error)
}

// newCompressor returns nil for "none".
func newCompressor(compression string) (compressor, error) {
	switch compression {
	case "gzip":
		return &gzipFrames{}, nil
	case "zstd":
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
		if err != nil {
			return nil, err
		}
		return zstdFrames{e}, nil
	default:
		return nil, nil //nolint:nilnil // nil means that bytes go out as they are
	}
}

type zstdFrames struct{ encoder *zstd.Encoder }

func (z zstdFrames) frame(dst, plain []byte) ([]byte, error) {
	return z.encoder.EncodeAll(plain, dst), nil
}

type gzipFrames struct {
	writer *gzip.Writer
}

func (g *gzipFrames) frame(dst, plain []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	if g.writer == nil {
		g.writer = gzip.NewWriter(out)
	} else {
		g.writer.Reset(out)
	}
	if _, err := g.writer.Write(plain); err != nil {
		return dst, err
	}
	err := g.writer.Close()
	return out.Bytes(), err
}
