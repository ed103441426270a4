package jsonfmt

import (
	"bytes"
	"strconv"

	"wire.example/wire/sdk/sqlstate"
)

// fail gives up the row with bad, unless it has an error already; path names the column.
func (d *decoder) fail(path string, bad *sqlstate.Error) int {
	if d.bad == nil {
		d.bad, d.badPath = bad, path
	}
	return -1
}

// failAt is fail for a value that begins at i; the error gets a hint that says so, if it has none.
func (d *decoder) failAt(path string, bad *sqlstate.Error, i int) int {
	if d.bad == nil && bad.Hint == "" {
		bad = bad.WithHint("It stands at " + d.place(i) + ".")
	}
	return d.fail(path, bad)
}

// place says where i is, as people count: bytes of the record, from 1.
func (d *decoder) place(i int) string { return "byte " + strconv.Itoa(i-d.start+1) + " of the record" }

func errSyntax(detail string) *sqlstate.Error {
	return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type json: "+detail)
}

// syntax fails the row for text at i that is no JSON.
func (d *decoder) syntax(i int, want string) int {
	if d.bad != nil {
		return -1
	}
	if at(d.p, i) == '\n' && i > d.pos && at(d.p, i-1) == '\r' {
		i--
	}
	found := "the end of the line"
	if c := at(d.p, i); c > ' ' && c < 0x7f {
		found = strconv.QuoteRune(rune(c))
	} else if !d.lineEnds(i) {
		found = "byte 0x" + strconv.FormatUint(uint64(c)|0x100, 16)[1:]
	}
	return d.fail("", errSyntax("expected "+want+", found "+found+" at "+d.place(i)))
}

// lineEnds reports whether the line ends at i, with or without a carriage return.
func (d *decoder) lineEnds(i int) bool {
	return at(d.p, i) == '\n' || at(d.p, i) == '\r' && at(d.p, i+1) == '\n'
}

// unclosed fails the row for the string at i, which a control character ends.
func (d *decoder) unclosed(i int) int {
	for i++; at(d.p, i) >= ' '; i++ {
		if at(d.p, i) == '\\' && at(d.p, i+1) >= ' ' {
			i++
		}
	}
	if d.lineEnds(i) {
		return d.syntax(i, "a closing quote")
	}
	d.syntax(i, "a closing quote or the next character")
	d.bad = d.bad.WithHint("Within a string, control characters must be escaped.")
	return -1
}

// noObject fails the row, which does not begin with a brace.
func (d *decoder) noObject() int {
	d.syntax(d.pos, "an object")
	switch {
	case at(d.p, d.pos) == '[':
		d.bad = d.bad.WithHint("Each line must be one object; write the elements of an array as lines of their own.")
	case bytes.HasPrefix(d.data[d.pos:], []byte(byteOrderMark)):
		d.bad = d.bad.WithHint("This is a byte order mark, which may stand at the start of a file only.")
	}
	return -1
}
