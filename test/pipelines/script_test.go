package pipelines_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"
)

// script is one file of testdata.
type script struct {
	name    string
	input   map[string][]byte
	want    map[string]string
	stderr  []string
	stdout  string
	account map[string]numbers
	flags   []string
	env     []string
	exit    int
	once    bool
}

// numbers are those of an account's line that are not 0.
type numbers map[string]int64

func (n numbers) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, n[name]))
	}
	return strings.Join(parts, ", ")
}

func readScript(t *testing.T, path string) *script {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		t.Errorf("%s does not say which behaviour it shows", path)
	}
	s := &script{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), input: map[string][]byte{}, want: map[string]string{}, account: map[string]numbers{}}
	for _, f := range archive.Files {
		if err := s.add(f.Name, f.Data); err != nil {
			t.Fatalf("%s: %s: %v", path, f.Name, err)
		}
	}
	if len(s.want) == 0 && len(s.stderr) == 0 && s.stdout == "" && len(s.account) == 0 {
		t.Fatalf("%s wants nothing", path)
	}
	return s
}

func (s *script) add(name string, data []byte) (err error) {
	if plain, quoted := strings.CutSuffix(name, ".quoted"); quoted {
		if data, err = unquote(data); err != nil {
			return err
		}
		name = plain
	}
	return s.addPlain(name, data)
}

func (s *script) addPlain(name string, data []byte) (err error) {
	text := string(data)
	switch {
	case strings.HasPrefix(name, "want/"):
		s.want[strings.TrimPrefix(name, "want/")] = text
	case name == "want.stderr":
		s.stderr = lines(text)
	case name == "want.stdout":
		s.stdout = text
	case name == "want.exit":
		s.exit, err = strconv.Atoi(strings.TrimSpace(text))
	case name == "want.account":
		err = s.readAccount(text)
	case name == "flags":
		s.flags = strings.Fields(text)
	case name == "env":
		s.env = lines(text)
	case name == "resume":
		s.once = true
		if !strings.HasPrefix(text, "no: ") {
			err = fmt.Errorf(`write "no: " and the reason`)
		}
	default:
		s.input[name], err = pack(name, data)
	}
	return err
}

func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// unquote puts the values of the quoted lines of text together.
func unquote(text []byte) ([]byte, error) {
	var all []byte
	for _, line := range lines(string(text)) {
		value, err := strconv.Unquote(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		all = append(all, value...)
	}
	return all, nil
}

var accountLine = regexp.MustCompile(`^(source|step|sink) (\S+):(.*)$`) //nolint:gochecknoglobals // immutable

func (s *script) readAccount(text string) error {
	for _, line := range lines(text) {
		m := accountLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("%q is not KIND NAME: NUMBERS", line)
		}
		n := numbers{}
		for part := range strings.SplitSeq(m[3], ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), " ")
			if name == "" {
				continue
			}
			count, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return err
			}
			if count != 0 {
				n[name] = count
			}
		}
		s.account[m[1]+" "+m[2]] = n
	}
	return nil
}

// pack compresses input as its name says.
func pack(name string, data []byte) ([]byte, error) {
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	default:
		return data, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// unpack is the inverse of pack.
func unpack(name string, data []byte) ([]byte, error) {
	switch filepath.Ext(name) {
	case ".gz":
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case ".zst":
		r, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	default:
		return data, nil
	}
}

// lay writes the input into dir.
func (s *script) lay(t *testing.T, dir string) {
	t.Helper()
	for name, data := range s.input {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
