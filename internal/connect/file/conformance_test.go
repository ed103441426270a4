package file_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sdktest"
)

// configured returns the config of a connector with options.
func configured(t testing.TB, config any, options map[string]any) any {
	t.Helper()
	if mistakes := connector.Apply(config, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	return config
}

func TestSourceConformance(t *testing.T) {
	var records []string
	for i := range 3000 {
		records = append(records, fmt.Sprintf("%d %s", i, strings.Repeat("x", i*7%150)))
	}
	half := len(records) / 2
	first, second := strings.Join(records[:half], "\n")+"\n", strings.Join(records[half:], "\n") // the last line has no end
	for name, files := range map[string]map[string][]byte{
		"one file":         {"/in/a.txt": []byte(first + second)},
		"two files":        {"/in/a.txt": []byte(first), "/in/b.txt": []byte(second)},
		"compressed files": {"/in/a.txt.gz": gzipped(t, []byte(first)), "/in/b.txt.zst": zstandard(t, []byte(second))},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := vfs.NewMem()
			if err := fsys.MkdirAll("/in", 0o755); err != nil {
				t.Fatal(err)
			}
			for path, content := range files {
				put(t, fsys, path, content)
			}
			typ := file.SourceType(fsys, clk())
			sdktest.SourceSuite(t, sdktest.Source{
				Type:    typ,
				Records: records,
				Config: func(t testing.TB) any {
					return configured(t, typ.NewConfig(), map[string]any{"path": "/in", "block_size": "4KB"})
				},
			})
		})
	}
}

func TestSinkConformance(t *testing.T) {
	for name, options := range map[string]map[string]any{
		"one file":       {"path": "/NAME/f.txt"},
		"one gzip file":  {"path": "/NAME/f.txt.gz"},
		"parts of a row": {"path": "/NAME/f.txt", "roll_rows": int64(1)},
		"zstd parts":     {"path": "/NAME/f.txt.zst", "roll_rows": int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			fsys, n := vfs.NewMem(), 0
			sdktest.SinkSuite(t, sdktest.Sink{
				Type:      file.SinkType(fsys, clk()),
				OnlyFinal: options["roll_rows"] == nil,
				New: func(t testing.TB) sdktest.Target {
					n++
					dir, given := fmt.Sprint("/out", n), maps.Clone(options)
					given["path"] = strings.Replace(given["path"].(string), "/NAME", dir, 1)
					return sdktest.Target{
						Config: configured(t, file.SinkType(fsys, clk()).NewConfig(), given),
						Visible: func(t testing.TB) []string {
							var rows []string
							walk(t, fsys, dir, func(path string) {
								if !strings.HasPrefix(filepath.Base(path), ".") {
									rows = append(rows, visibleLines(t, fsys, path)...)
								}
							})
							return rows
						},
					}
				},
			})
		})
	}
}

// visibleLines are the lines of the file at path, none while it is not there.
func visibleLines(t testing.TB, fsys vfs.FS, path string) []string {
	t.Helper()
	lines, err := readLines(fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func readLines(fsys vfs.FS, path string) ([]string, error) {
	content, err := vfs.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var plain io.Reader = bytes.NewReader(content)
	switch {
	case strings.HasSuffix(path, ".gz") && len(content) > 0:
		plain, err = gzip.NewReader(plain)
	case strings.HasSuffix(path, ".zst"):
		plain, err = zstd.NewReader(plain)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(plain)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[:bytes.Count(text, []byte("\n"))], err
}
