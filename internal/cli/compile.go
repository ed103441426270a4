package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/spec"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// compile reads the pipeline at path, "-" being standard input, and makes its logical plan.
func (a *app) compile(ctx context.Context, path string, infer, quiet bool) (*logical.Plan, error) {
	text, err := a.readText(path)
	if err != nil {
		return nil, err
	}
	catalog := spec.Catalog{Registry: a.registry, Query: a.query}
	if infer {
		catalog.Infer = func(s *logical.Source) (*schema.Schema, error) { return a.infer(ctx, s, quiet) }
	}
	return spec.Compile(path, text, a.expand, catalog)
}

// readText is the text of a pipeline file. That on standard input, "-", can be asked for again.
func (a *app) readText(path string) (string, error) {
	if path != "-" {
		text, err := vfs.ReadFile(a.fs, path)
		return string(text), err
	}
	if a.typed == nil {
		text, err := io.ReadAll(a.in)
		if err != nil {
			return "", err
		}
		typed := string(text)
		a.typed = &typed
	}
	return *a.typed, nil
}

// sampleBytes is how much of a source is read to infer its columns.
const sampleBytes = 1 << 20

// infer proposes the columns of a source from its first records, and prints them as YAML.
func (a *app) infer(ctx context.Context, s *logical.Source, quiet bool) (*schema.Schema, error) {
	inferrer, ok := s.Format.Format.(codec.Inferrer)
	if !ok {
		return nil, fmt.Errorf("format %s has no way to", s.Format.Type.Name)
	}
	if !s.Type.Replayable {
		return nil, fmt.Errorf("connector %s cannot be read twice; declare the schema", s.Type.Name)
	}
	sample, err := a.sample(ctx, s)
	if err != nil {
		return nil, err
	}
	columns, err := inferrer.Infer(sample)
	if err == nil && !quiet {
		fmt.Fprintf(a.err, "inferred for source %s:\n    schema:\n%s", s.Name, yamlColumns(columns))
	}
	return columns, err
}

// sample reads whole records from the start of a source, after the header of its first file if files have one.
func (a *app) sample(ctx context.Context, s *logical.Source) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, err := s.Type.Open(ctx, connector.SourceEnv{
		Name: s.Name, Framer: s.Format.NewFramer, BlockBytes: sampleBytes, MaxRecordBytes: s.MaxRecordBytes, Log: slog.New(slog.DiscardHandler),
	}, s.Config)
	if err != nil {
		return nil, err
	}
	defer reader.Close() //nolint:errcheck // nothing was written
	block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(sampleBytes)}
	var sample, header []byte
	for len(sample) < sampleBytes {
		block.Buf.Data, block.Oversize = block.Buf.Data[:0], nil
		status, err := reader.Poll(ctx, nil, &block)
		if err != nil {
			return nil, err
		}
		if status != connector.Ready {
			break
		}
		if len(block.FileHeader) > 0 && len(sample) > 0 && !bytes.Equal(block.FileHeader, header) {
			break // another file, whose columns have another order
		}
		if header == nil {
			header = block.FileHeader
			sample = endLine(append(sample, header...))
		}
		if block.Oversize == nil {
			sample = endLine(append(sample, block.Buf.Data...))
		}
	}
	return sample, nil
}

// endLine ends the last record of a file that does not do so itself: the next file's records follow.
func endLine(data []byte) []byte {
	if len(data) == 0 || data[len(data)-1] == '\n' {
		return data
	}
	return append(data, '\n')
}

// yamlColumns writes columns as the section schema of a pipeline file has them.
func yamlColumns(s *schema.Schema) string {
	var b strings.Builder
	for _, f := range s.Fields {
		typ := f.Type.String()
		if strings.ContainsAny(typ, ",[]\"") {
			typ = "'" + strings.ReplaceAll(typ, "'", "''") + "'"
		}
		fmt.Fprintf(&b, "      %s: %s\n", schema.QuoteName(f.Name), typ)
	}
	return b.String()
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
