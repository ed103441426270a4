package nexmark

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/zeebo/xxh3"
)

// Golden is an answer: all its rows if they are few, else a sample of them, and always their number and a digest.
type Golden struct {
	// Rows is how many rows there are, Digest the sum of their XXH3 hashes, each of 128 bits, which does not depend on their order.
	Rows   int
	Digest string
	// Sample holds rows, sorted: all of them, or every nth.
	Sample []string
}

// mostRows is how many rows are kept, sampleRows how many where there are more.
const (
	mostRows   = 1000
	sampleRows = 40
)

// Sum makes the Golden of sorted rows.
func Sum(rows []string) Golden {
	var sum xxh3.Uint128
	for _, r := range rows {
		h := xxh3.HashString128(r)
		lo := sum.Lo + h.Lo
		sum.Hi += h.Hi
		if lo < h.Lo {
			sum.Hi++
		}
		sum.Lo = lo
	}
	g := Golden{Rows: len(rows), Digest: fmt.Sprintf("%016x%016x", sum.Hi, sum.Lo), Sample: rows}
	if len(rows) > mostRows {
		g.Sample = nil
		for i := 0; i < len(rows); i += len(rows) / sampleRows {
			g.Sample = append(g.Sample, rows[i])
		}
	}
	return g
}

// Compare says how rows, sorted, differ from the answer; empty: they do not.
func (g *Golden) Compare(rows []string) string {
	got := Sum(rows)
	if got.Rows == g.Rows && got.Digest == g.Digest {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows with the digest %s, want %d with %s\n", got.Rows, got.Digest, g.Rows, g.Digest)
	missing, more := 0, 0
	for _, r := range g.Sample {
		if _, there := slices.BinarySearch(rows, r); !there {
			if missing++; missing <= 3 {
				fmt.Fprintf(&b, "missing: %s\n", r)
			}
		}
	}
	if len(g.Sample) == g.Rows {
		for _, r := range rows {
			if _, there := slices.BinarySearch(g.Sample, r); !there {
				if more++; more <= 3 {
					fmt.Fprintf(&b, "more: %s\n", r)
				}
			}
		}
	}
	fmt.Fprintf(&b, "of %d rows that are known, %d are missing; %d more", len(g.Sample), missing, more)
	return b.String()
}

// Key names a set of answers, such as late-typed-20000.
func Key(set Set, form Form, events int64) string {
	if set == Late {
		return fmt.Sprintf("%s-%s-%d", set, form, events)
	}
	return fmt.Sprintf("%s-%d", set, events)
}

// Answers asks PostgreSQL all queries, or those that lateness decides.
func Answers(ctx context.Context, dsn string, set Set, form Form, events int64) (map[string][]string, error) {
	w, err := Connect(ctx, dsn, set, form, events)
	if err != nil {
		return nil, err
	}
	defer w.Close(ctx) //nolint:errcheck // nothing was written
	answers := map[string][]string{}
	for _, name := range Names() {
		if answers[name], err = w.Answer(ctx, name); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// path is where the answers of a key are.
func path(key string) string { return filepath.Join("testdata", "golden", key+".txtar.zst") }

// Save writes answers below the folder of the suite.
func Save(dir, key string, answers map[string][]string) error {
	a := &txtar.Archive{Comment: []byte("Made by cmd/golden; see README.md.\n")}
	for _, name := range Names() {
		g := Sum(answers[name])
		text := fmt.Sprintf("rows %d\ndigest %s\n%s", g.Rows, g.Digest, strings.Join(append(g.Sample, ""), "\n"))
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := w.Write(txtar.Format(a)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	target := filepath.Join(dir, path(key))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // of the repository
		return err
	}
	return os.WriteFile(target, b.Bytes(), 0o644) //nolint:gosec // of the repository
}

// Load reads the answers of a key below the folder of the suite.
func Load(dir, key string) (map[string]Golden, error) {
	packed, err := os.ReadFile(filepath.Join(dir, path(key)))
	if err != nil {
		return nil, err
	}
	r, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	answers := map[string]Golden{}
	for _, f := range txtar.Parse(text).Files {
		var g Golden
		rows := strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
		if _, err := fmt.Sscanf(rows[0]+"\n"+rows[1], "rows %d\ndigest %s", &g.Rows, &g.Digest); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", key, f.Name, err)
		}
		g.Sample = rows[2:]
		answers[f.Name] = g
	}
	return answers, nil
}

// Sizes are the numbers of events: a quick cut and the whole.
func Sizes() []int64 { return []int64{20_000, 100_000} }

// Case is a set as it is seen in a form.
type Case struct {
	Set  Set
	Form Form
}

// Cases are those that have answers of their own: the form matters only where rows are late.
func Cases() []Case { return []Case{{Plain, Typed}, {Gap, Typed}, {Late, Typed}, {Late, Combined}} }
