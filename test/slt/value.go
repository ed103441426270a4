package slt

import (
	"crypto/md5" //nolint:gosec // names a result; the format asks for it
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// typeLetters are the letters of columns' types in a query's first line, as typeLetter says them.
const typeLetters = "BIRNTXDMSVUJAZ"

// typeLetter is the letter of the type with an OID of PostgreSQL's catalog.
func typeLetter(oid uint32) byte {
	switch oid {
	case 16:
		return 'B' // boolean
	case 20, 21, 23:
		return 'I' // bigint, smallint, integer
	case 700, 701:
		return 'R' // real, double precision
	case 1700:
		return 'N' // numeric
	case 19, 25, 1043:
		return 'T' // name, text, varchar
	case 17:
		return 'X' // bytea
	case 1082:
		return 'D' // date
	case 1083:
		return 'M' // time
	case 1114, 1184:
		return 'S' // timestamp, timestamptz
	case 1186:
		return 'V' // interval
	case 2950:
		return 'U' // uuid
	case 3802:
		return 'J' // jsonb
	case 1000, 1001, 1005, 1007, 1009, 1015, 1016, 1021, 1022, 1115, 1182, 1183, 1185, 1187, 1231, 2951, 3807:
		return 'A' // an array of one of these
	default:
		return 'Z' // anything else, such as a row
	}
}

// Value is a value as text. Null says that there is none.
type Value struct {
	Text string
	Null bool
}

// written is how v stands in a file: NULL, (empty), or the text with what would be misread escaped.
func (v Value) written() string {
	switch {
	case v.Null:
		return "NULL"
	case v.Text == "":
		return "(empty)"
	case v.Text == "NULL", v.Text == "(empty)":
		return `\` + v.Text
	}
	s := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(v.Text)
	if s[0] == ' ' || s == "----" {
		s = `\x` + hex.EncodeToString([]byte(s[:1])) + s[1:]
	}
	if last := len(s) - 1; s[last] == ' ' {
		s = s[:last] + `\x20`
	}
	return s
}

// lines are the lines of a result in an order, as they stand in a file: the values of a row between tabs.
func lines(a *Answer, order Sort) []string {
	var out []string
	for _, row := range a.Rows {
		values := make([]string, len(row))
		for i, v := range row {
			values[i] = v.written()
		}
		if order == SortValues {
			out = append(out, values...)
		} else {
			out = append(out, strings.Join(values, "\t"))
		}
	}
	if order != SortNone {
		slices.Sort(out)
	}
	return out
}

// stored is the answer of a query as it stands in the file: its lines, or their hash where they hold more values than the threshold.
func stored(a *Answer, r *Record, threshold int) []string {
	list := lines(a, r.Sort)
	if n := len(a.Rows) * len(a.Columns); threshold > 0 && n > threshold {
		list = []string{hashed(list, n)}
	}
	if r.ColNames {
		names := make([]string, len(a.Columns))
		for i, name := range a.Columns {
			names[i] = Value{Text: name}.written()
		}
		list = append([]string{strings.Join(names, "\t")}, list...)
	}
	return list
}

// hashed names a result of n values: the MD5 of its values, each on a line.
func hashed(list []string, n int) string {
	h := md5.New() //nolint:gosec // as above
	for _, line := range list {
		h.Write([]byte(strings.ReplaceAll(line, "\t", "\n") + "\n"))
	}
	return strconv.Itoa(n) + " values hashing to " + hex.EncodeToString(h.Sum(nil))
}
