package http

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wire.example/wire/sdk/codec"
)

// form is how the records stand in a body.
type form uint8

const (
	formLines   form = iota // JSON values, a line each
	formAny                 // JSON: one array of records, or values
	formRecords             // records of the pipeline's own format, which is not JSON
)

const jsonLines = "application/x-ndjson"

// formOf returns the form of bodies of the given Content-Type for a format whose records have mediaType; ok is false if there is none.
func formOf(contentType, mediaType string) (_ form, ok bool) {
	given := ""
	if contentType != "" {
		var params map[string]string
		var err error
		if given, params, err = mime.ParseMediaType(contentType); err != nil {
			return 0, false
		}
		if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
			return 0, false
		}
	}
	neutral := given == "" || given == "application/octet-stream" || given == "text/plain" || given == "application/x-www-form-urlencoded"
	if mediaType != jsonLines {
		// Raw lines and bytes may be anything.
		return formRecords, neutral || given == mediaType || mediaType == "" || mediaType == "text/plain" || mediaType == "application/octet-stream"
	}
	switch {
	case given == jsonLines, given == "application/ndjson", given == "application/jsonl", given == "application/x-jsonlines":
		return formLines, true
	case neutral, given == "application/json", given == "text/json", strings.HasSuffix(given, "+json"):
		return formAny, true
	}
	return 0, false
}

// accepts is the list of types that a 415 names (RFC 9110, Accept-Post of LDP).
func accepts(mediaType string) string {
	if mediaType == jsonLines {
		return "application/x-ndjson, application/json"
	}
	return mediaType
}

// firstRead is what a body gets at first, whatever length it claims; it doubles from there, as the bytes come.
const firstRead = 64 << 10

// packedSlack is how much larger than max_body a compressed body may be: data that does not compress, with its frames.
const packedSlack = 64 << 10

// maxWindow is the largest window of zstd that is accepted; it is what RFC 8878 recommends.
const maxWindow = 8 << 20

// unpackedGuess is how many times larger than its compressed form a body often is.
const unpackedGuess = 4

// maxUnpacking is how many bodies are decompressed at once, which bounds the memory of decoders.
const maxUnpacking = 4

var errTooLarge = errors.New("more than max_body")

// read reads r's body into q and decompresses it, reserving memory as it goes. On a problem the caller gives back what q holds.
func (s *source) read(r *http.Request, q *request) *problem {
	limit := int64(s.config.MaxBody)
	encoding := r.Header.Get("Content-Encoding")
	switch encoding {
	case "", "identity":
		return s.readAll(r.Body, q, r.ContentLength, limit)
	case "gzip", "x-gzip", "zstd":
	default:
		return newProblem(http.StatusUnsupportedMediaType,
			fmt.Sprintf("Content-Encoding %q is not known; send gzip, zstd or none", encoding)).with("Accept-Encoding", "gzip, zstd")
	}
	if p := s.readAll(r.Body, q, r.ContentLength, limit+packedSlack); p != nil {
		return p
	}
	return s.unpack(r, q, strings.TrimPrefix(encoding, "x-"))
}

// readAll appends what in holds to q.body, at most limit bytes. length is how many that probably are, or -1.
func (s *source) readAll(in io.Reader, q *request, length, limit int64) *problem {
	want := int64(firstRead)
	if length >= 0 {
		want = min(want, length)
	}
	for ; ; want = 2*want + 1 {
		want = min(want, limit)
		if p := s.grow(q, want+2); p != nil {
			return p
		}
		err := fill(in, q, int(want)+1)
		switch {
		case int64(len(q.body)) > limit:
			return s.unreadable(errTooLarge)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.unreadable(err)
		}
	}
}

// grow makes room for want bytes.
func (s *source) grow(q *request, want int64) *problem {
	if more := want + int64(cap(q.packed)) - q.reserved; more > 0 {
		if !s.budget.TryReserve(more) {
			return tooMany(fmt.Sprintf("bodies of %d bytes (max_pending: %d)", s.budget.Used(), s.config.MaxPending))
		}
		q.reserved += more
	}
	if want > int64(cap(q.body)) {
		q.body = append(make([]byte, 0, want), q.body...)
	}
	return nil
}

// fill reads until q.body has size bytes, or in is at its end.
func fill(in io.Reader, q *request, size int) error {
	for len(q.body) < size {
		n, err := in.Read(q.body[len(q.body):size])
		q.body = q.body[:len(q.body)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack decompresses q.body.
func (s *source) unpack(r *http.Request, q *request, encoding string) *problem {
	select {
	case s.unpacking <- struct{}{}:
		defer func() { <-s.unpacking }()
	case <-r.Context().Done():
		return stopping()
	}
	q.packed, q.body = q.body, q.packed[:0]
	in, done, err := s.decoder(bytes.NewReader(q.packed), encoding)
	if err != nil {
		return s.unreadable(fmt.Errorf("%s: %w", encoding, noEOF(err)))
	}
	defer done()
	return s.readAll(named{in, encoding}, q, unpackedGuess*int64(len(q.packed)), int64(s.config.MaxBody))
}

// decoder returns a reader of the plain bytes of in. done gives it back.
func (s *source) decoder(in io.Reader, encoding string) (_ io.Reader, done func(), _ error) {
	if encoding == "gzip" {
		g, ok := s.gzips.Get().(*gzip.Reader)
		if !ok {
			g = new(gzip.Reader)
		}
		return g, func() { s.gzips.Put(g) }, g.Reset(in)
	}
	z, ok := s.zstds.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true)); err != nil {
			return nil, nil, err
		}
	}
	return z, func() { s.zstds.Put(z) }, z.Reset(in)
}

// named says which decoder an error comes from. Only the reader itself says io.EOF.
type named struct {
	in   io.Reader
	name string
}

func (n named) Read(p []byte) (int, error) {
	c, err := n.in.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // io.EOF itself, by contract of io.Reader
		err = fmt.Errorf("%s: %w", n.name, err)
	}
	return c, err
}

// noEOF keeps the end of a header that is cut off from looking like the end of the body.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *source) tooLarge() *problem {
	return newProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than max_body (%d bytes)", s.config.MaxBody))
}

// unreadable is the answer to a body that could not be read to its end.
func (s *source) unreadable(err error) *problem {
	switch {
	case errors.Is(err, errTooLarge):
		return s.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem(http.StatusRequestTimeout, fmt.Sprintf("the body did not come within read_timeout (%s)", s.config.ReadBody))
	default:
		return newProblem(http.StatusBadRequest, "the body cannot be read: "+err.Error())
	}
}

// frame checks q's body and finds its records.
func (s *source) frame(q *request, f form) *problem {
	if f == formRecords {
		return s.frameRecords(q)
	}
	framed, lines, err := split(q.body, f == formAny, s.maxRecord, q.lines)
	q.body, q.lines = framed, lines
	if err != nil {
		return malformed(err)
	}
	q.records = len(q.lines)
	return nil
}

// frameRecords cuts off the header, if the format has one, and checks that no record is too long. How many there are is not known before they
// are decoded.
func (s *source) frameRecords(q *request) *problem {
	framer := s.env.Framer()
	q.header = 0
	if h, ok := framer.(codec.HeaderFramer); ok {
		q.header, _ = h.CutHeader(q.body, true)
	}
	if int64(len(q.body)) <= s.maxRecord {
		return nil
	}
	for rest := q.body[q.header:]; len(rest) > 0; {
		window := rest[:min(int64(len(rest)), s.maxRecord+1)]
		n := framer.Cut(window, len(window) == len(rest))
		if n == 0 || int64(n) > s.maxRecord {
			return s.longRecord(q, len(q.body)-len(rest))
		}
		rest = rest[n:]
	}
	return nil
}

func (s *source) longRecord(q *request, at int) *problem {
	line := lineAt(q.body, at)
	p := newProblem(http.StatusRequestEntityTooLarge,
		fmt.Sprintf("line %d: the record is longer than max_record_bytes (%d); no row of this request was taken", line, s.maxRecord))
	p.Line = line
	return p
}
