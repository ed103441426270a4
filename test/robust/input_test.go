package robust_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// lettered is passing with dead letters in dead.jsonl.
func lettered(source string) string {
	return passing(source, "connector: file, path: out.jsonl") + "on_error: dead_letter\ndead_letters: {connector: file, path: dead.jsonl}\n"
}

// TestALineOf100MB is streamed past: the rows around it are kept, the dead letter tells its length, and little memory is taken.
func TestALineOf100MB(t *testing.T) {
	const length, limit = 100 << 20, 150 << 20
	dir := t.TempDir()
	path := fifo(t, dir, "in")
	write(t, dir, "p.yaml", lettered("connector: file, path: in"))
	p := start(t, dir, []string{"run", "p.yaml"})
	in := feed(t, path)
	piece := bytes.Repeat([]byte{'x'}, 1<<20)
	must(t, second(in.WriteString(rows(1, 2))))
	for range length / len(piece) {
		must(t, second(in.Write(piece)))
	}
	must(t, second(in.WriteString("\n"+rows(2, 3))))
	must(t, in.Close())
	p.wants(p.wait(), 0)
	if got := read(t, dir, "out.jsonl"); got != rows(1, 3) {
		t.Errorf("rows %q", got)
	}
	letter := read(t, dir, "dead.jsonl")
	if want := "record of " + strconv.Itoa(length) + " bytes is longer than max_record_bytes (16777216)"; !strings.Contains(letter, want) {
		t.Errorf("the dead letter lacks %q: %.200s", want, letter)
	}
	if n := strings.Count(letter, "x"); n < 64<<10 || n > 64<<10+10 {
		t.Errorf("the dead letter keeps %d bytes of the record", n)
	}
	if peak := p.PeakBytes(); peak > limit {
		t.Errorf("%d MB were resident, at most %d were expected", peak>>20, limit>>20)
	} else {
		t.Logf("peak %d MB", peak>>20)
	}
}

func second[T any](_ T, err error) error { return err }

// TestMalformedRecords: whatever stands in a line, it is that line's error, and the others are kept.
func TestMalformedRecords(t *testing.T) {
	for name, record := range map[string]string{
		"nothing closed":     `{"id":`,
		"half a record":      `{"id":5,"x":"`,
		"NUL bytes":          "\x00\x00\x00",
		"NUL in a string":    "{\"id\":5,\"x\":\"\x00\"}",
		"invalid UTF-8":      "{\"id\":5,\"x\":\"\xff\xfe\"}",
		"lone surrogate":     `{"id":5,"x":"\ud800"}`,
		"deep nesting":       `{"id":5,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`,
		"deep and open":      `{"id":5,"x":` + strings.Repeat(`{"a":`, 100_000),
		"a huge number":      `{"id":` + strings.Repeat("9", 100_000) + `}`,
		"a huge exponent":    `{"id":1e999999999999}`,
		"a tiny exponent":    `{"id":1e-999999999999}`,
		"an array":           `[1,2,3]`,
		"a scalar":           `5`,
		"two records":        `{"id":5}{"id":6}`,
		"a trailing comma":   `{"id":5,}`,
		"single quotes":      `{'id':5}`,
		"not a number":       `{"id":NaN}`,
		"a plus sign":        `{"id":+5}`,
		"a leading zero":     `{"id":05}`,
		"a byte order mark":  "\xef\xbb\xbf{\"id\":5}",
		"an XML document":    `<id>5</id>`,
		"a carriage return":  "{\"id\":5}\r{\"id\":6}",
		"a gzip header":      "\x1f\x8b\x08\x00",
		"a very long name":   `{"` + strings.Repeat("n", 200_000) + `":1,"id":"x"}`,
		"a duplicate, wrong": `{"id":5,"id":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "in.jsonl", rows(1, 3)+record+"\n"+rows(3, 5))
			write(t, dir, "p.yaml", `name: p
on_error: dead_letter
dead_letters: {connector: file, path: dead.jsonl}
sources: {a: {connector: file, path: in.jsonl, schema: {id: BIGINT, x: TEXT}}}
transforms: {t: {from: a, select: {id: id, x: x}}}
sinks: {out: {from: t, connector: file, path: out.jsonl}}
`)
			p, code := run(t, dir, "--parallelism", "2", "p.yaml")
			p.wants(code, 0, "account balanced")
			got := strings.ReplaceAll(read(t, dir, "out.jsonl"), `,"x":null`, "")
			letters := strings.Count(read(t, dir, "dead.jsonl"), "\n")
			if got != rows(1, 5) || letters != 1 {
				t.Errorf("%d dead letters, rows %.300q", letters, got)
			}
			if letter := read(t, dir, "dead.jsonl"); !strings.Contains(letter, `"line":3,`) {
				t.Errorf("dead letter %.300s", letter)
			}
		})
	}
}

// TestCutCompressedFiles: a file that ends in the middle of its compressed data ends the run with its name; nothing is published.
func TestCutCompressedFiles(t *testing.T) {
	plain := []byte(rows(0, 50_000))
	var gz, zst bytes.Buffer
	w := gzip.NewWriter(&gz)
	must(t, second(w.Write(plain)))
	must(t, w.Close())
	z, err := zstd.NewWriter(&zst)
	must(t, err)
	must(t, second(z.Write(plain)))
	must(t, z.Close())
	flip := func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0xff
		return b
	}
	for name, test := range map[string]struct {
		file string
		data []byte
		want string
	}{
		"gzip cut":     {"in.gz", gz.Bytes()[:gz.Len()/2], "in.gz: gzip: the file ends in the middle of its compressed data"},
		"gzip flipped": {"in.gz", flip(gz.Bytes()), "in.gz: gzip: "},
		"gzip garbage": {"in.gz", plain, "in.gz: gzip: "},
		"zstd cut":     {"in.zst", zst.Bytes()[:zst.Len()/2], "in.zst: zstd: the file ends in the middle of its compressed data"},
		"zstd flipped": {"in.zst", flip(zst.Bytes()), "in.zst: zstd: "},
		"zstd garbage": {"in.zst", plain, "in.zst: zstd: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.file, string(test.data))
			write(t, dir, "p.yaml", lettered("connector: file, path: "+test.file))
			p, code := run(t, dir, "p.yaml")
			p.wants(code, 1, test.want)
			if left := names(t, dir); len(left) != 2 {
				t.Errorf("files %v", left)
			}
		})
	}
}

// TestAFileThatIsCutWhileItIsRead ends the run, with words that say so.
func TestAFileThatIsCutWhileItIsRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.jsonl", rows(0, many))
	write(t, dir, "p.yaml", passing("connector: file, path: in.jsonl", "connector: stdout"))
	p := start(t, dir, []string{"run", "p.yaml"})
	if _, err := io.ReadFull(p.stdout, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	must(t, os.Truncate(filepath.Join(dir, "in.jsonl"), 10))
	_, _ = io.Copy(io.Discard, p.stdout)
	p.wants(p.wait(), 1, "in.jsonl: the file was cut while it was read: it has 10 bytes and had")
}

// TestInputsThatCannotBeRead: each says what is wrong with which path.
func TestInputsThatCannotBeRead(t *testing.T) {
	dir, err := os.MkdirTemp("", "wire-robust") // a stranger must be able to enter it
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	write(t, dir, "secret.jsonl", rows(0, 3))
	must(t, os.Chmod(filepath.Join(dir, "secret.jsonl"), 0))
	must(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	write(t, dir, "plain", "")
	text, err := os.ReadFile(program(t))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "wire"), text, 0o755))
	for name, test := range map[string]struct{ path, want string }{
		"permission":     {"secret.jsonl", "secret.jsonl: permission denied"},
		"empty folder":   {"empty", `directory "empty" holds no files`},
		"nothing there":  {"absent.jsonl", `path "absent.jsonl": file does not exist`},
		"no such folder": {"no/such/*.jsonl", `path "no/such/*.jsonl"`},
		"below a file":   {"plain/in.jsonl", "plain/in.jsonl: not a directory"},
		"a bad pattern":  {"in[.jsonl", `path "in[.jsonl"`},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "p.yaml", passing("connector: file, path: \""+test.path+"\"", "connector: stdout"))
			p := start(t, dir, []string{"run", "p.yaml"}, asStranger, func(c *exec.Cmd) { c.Path = filepath.Join(dir, "wire") })
			_, _ = io.Copy(io.Discard, p.stdout)
			p.wants(p.wait(), 1, test.want)
		})
	}
}

// asStranger runs the process without root's right to read everything.
func asStranger(c *exec.Cmd) {
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

// TestAReaderThatLeaves: wire run … | head ends quietly.
func TestAReaderThatLeaves(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.jsonl", rows(0, many))
	write(t, dir, "p.yaml", passing("connector: file, path: in.jsonl", "connector: stdout"))
	p := start(t, dir, []string{"run", "--quiet", "p.yaml"})
	if _, err := io.ReadFull(p.stdout, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	must(t, p.stdout.Close())
	p.wants(p.wait(), 0)
	if said := p.Says(); said != "" {
		t.Errorf("it said %q", said)
	}
}
