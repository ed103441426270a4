package optest

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// EntryValues returns the values of the entries of a part that an EntriesFixture has, from its file.
func EntryValues(t testing.TB, path, part string) (values [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 5 && fields[0] == part {
			value, err := unhex(fields[4])
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		t.Fatalf("%s has no entry of part %s", path, part)
	}
	return values
}

// Damaged has read read a value, and then each of its beginnings, which must fail, it with one more byte, which must, too, and it with each byte another one, which must not panic.
func Damaged(t testing.TB, value []byte, read func(value []byte) error) {
	t.Helper()
	if err := read(bytes.Clone(value)); err != nil {
		t.Fatalf("%x: %v", value, err)
	}
	for n := range value {
		if read(bytes.Clone(value[:n])) == nil {
			t.Errorf("%d bytes of %x are read", n, value)
		}
	}
	if read(append(bytes.Clone(value), 0)) == nil {
		t.Errorf("a byte more than %x is read", value)
	}
	for i := range value {
		for _, other := range []byte{0, 1, 2, 0x7f, 0x80, 0xff, value[i] ^ 1, value[i] ^ 0x40} {
			damaged := bytes.Clone(value)
			damaged[i] = other
			_ = read(damaged)
		}
	}
}
