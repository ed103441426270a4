package slt

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Engines that conditions may name.
const (
	Wire       = "wire"
	PostgreSQL = "postgresql"
)

// Kind is what a record asks for.
type Kind int

// Kinds of records.
const (
	Verbatim  Kind = iota // a comment or an empty line; kept as it stands
	Statement             // answer: done, or an SQLSTATE
	Query                 // answer: rows
	Include               // another file, in this place
	Threshold             // results of more values than this are stored as their hash; 0: none
	Halt                  // the rest of the file is not read
)

// Sort is how the rows of a query are put in order before they are compared.
type Sort int

// Orders of rows. SortValues forgets rows: each value stands on a line of its own.
const (
	SortNone Sort = iota
	SortRows
	SortValues
)

func (s Sort) String() string { return [...]string{"nosort", "rowsort", "valuesort"}[s] }

// Condition restricts a record to an engine, or excludes one.
type Condition struct {
	Only   bool // onlyif, else skipif
	Engine string
	Reason string // text behind #; empty: none
}

// Record is a part of a file. Which fields are used depends on its kind.
type Record struct {
	Kind       Kind
	Line       int // first line in its file, from 1
	Conditions []Condition
	Text       string // of Verbatim: the line; of Include: the path, relative to the file's folder
	SQL        string // lines joined by \n, without a final semicolon
	State      string // of Statement: the expected SQLSTATE; empty: success
	Number     int    // of Threshold

	// Of Query.
	Types    string // a letter for each column, see typeLetter; empty until answers were made
	Sort     Sort
	ColNames bool   // the first line of the answer are the columns' names
	Label    string // queries of one label have one answer; empty: none
	Answer   []string
}

// AppliesTo reports whether an engine runs the record.
func (r *Record) AppliesTo(engine string) bool {
	for _, c := range r.Conditions {
		if c.Only != (c.Engine == engine) {
			return false
		}
	}
	return true
}

// File is a script as it is written.
type File struct {
	Path    string
	Records []Record
}

// Parse reads a file. An error names path and line.
func Parse(path string, text []byte) (*File, error) {
	p := parser{path: path, file: &File{Path: path}}
	if len(text) > 0 {
		p.lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	for p.next < len(p.lines) {
		if err := p.record(); err != nil {
			return nil, err
		}
	}
	if len(p.conditions) > 0 {
		return nil, p.errorf("a condition without a record")
	}
	return p.file, nil
}

// parser is a position in the lines of a file.
type parser struct {
	path       string
	lines      []string
	next       int
	file       *File
	conditions []Condition // read, for the record that follows
	first      int         // line of the first of them
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.path, p.next, fmt.Sprintf(format, args...))
}

// take returns the next line.
func (p *parser) take() string {
	p.next++
	return p.lines[p.next-1]
}

// record reads one record or condition.
func (p *parser) record() error {
	line := p.take()
	words := strings.Fields(line)
	if len(words) == 0 || words[0][0] == '#' {
		if len(p.conditions) > 0 {
			return p.errorf("a condition stands directly above its record")
		}
		p.file.Records = append(p.file.Records, Record{Kind: Verbatim, Line: p.next, Text: line})
		return nil
	}
	if words[0] == "skipif" || words[0] == "onlyif" {
		return p.condition(line, words)
	}
	r := Record{Line: p.next, Conditions: p.conditions}
	if len(p.conditions) > 0 {
		r.Line, p.conditions = p.first, nil
	}
	if err := p.fill(&r, words); err != nil {
		return err
	}
	p.file.Records = append(p.file.Records, r)
	return nil
}

func (p *parser) condition(line string, words []string) error {
	if len(p.conditions) == 0 {
		p.first = p.next
	}
	head, reason, _ := strings.Cut(line, "#")
	if n := len(strings.Fields(head)); n != 2 || words[1] != Wire && words[1] != PostgreSQL {
		return p.errorf("want %s %s or %s %s", words[0], Wire, words[0], PostgreSQL)
	}
	p.conditions = append(p.conditions, Condition{Only: words[0] == "onlyif", Engine: words[1], Reason: strings.TrimSpace(reason)})
	return nil
}

// fill reads the rest of a record whose first line has these words.
func (p *parser) fill(r *Record, words []string) error {
	switch words[0] {
	case "statement":
		return p.statement(r, words[1:])
	case "query":
		return p.query(r, words[1:])
	case "include":
		if len(words) != 2 {
			return p.errorf("want include FILE")
		}
		r.Kind, r.Text = Include, words[1]
	case "hash-threshold":
		r.Kind = Threshold
		var err error
		if len(words) != 2 {
			return p.errorf("want hash-threshold NUMBER")
		}
		if r.Number, err = strconv.Atoi(words[1]); err != nil || r.Number < 0 {
			return p.errorf("hash-threshold %s is no number of values", words[1])
		}
	case "halt":
		r.Kind = Halt
		if len(words) != 1 {
			return p.errorf("halt stands alone")
		}
	default:
		return p.errorf("unknown record %q; there are statement, query, skipif, onlyif, include, hash-threshold, halt", words[0])
	}
	return nil
}

func (p *parser) statement(r *Record, words []string) error {
	r.Kind = Statement
	switch {
	case len(words) == 1 && words[0] == "ok":
	case len(words) == 2 && words[0] == "error" && isState(words[1]):
		r.State = words[1]
	default:
		return p.errorf("want statement ok, or statement error SQLSTATE")
	}
	return p.sql(r, "")
}

// isState reports whether s looks like an SQLSTATE.
func isState(s string) bool {
	return len(s) == 5 && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (p *parser) query(r *Record, words []string) error {
	r.Kind = Query
	words, err := p.sorted(r, words)
	if err != nil {
		return err
	}
	if len(words) > 0 && words[0] == "colnames" {
		r.ColNames, words = true, words[1:]
	}
	if len(words) > 0 {
		r.Label, words = words[0], words[1:]
	}
	if len(words) > 0 {
		return p.errorf("want query TYPES [nosort|rowsort|valuesort] [colnames] [label]; %q is too much", words[0])
	}
	if err := p.sql(r, "----"); err != nil {
		return err
	}
	for p.next < len(p.lines) && p.lines[p.next] != "" {
		r.Answer = append(r.Answer, p.take())
	}
	return nil
}

// sorted reads types and order, and returns the words behind them.
func (p *parser) sorted(r *Record, words []string) ([]string, error) {
	for i, word := range words {
		if s, ok := sortOf(word); ok {
			r.Sort = s
			return words[i+1:], nil
		}
		if word == "colnames" && i > 0 {
			return words[i:], nil
		}
		if i > 0 {
			return words[i:], nil
		}
		if strings.Trim(word, typeLetters) != "" {
			return nil, p.errorf("%q are not types of columns; the letters are %s", word, typeLetters)
		}
		r.Types = word
	}
	return nil, nil
}

func sortOf(word string) (Sort, bool) {
	for s := SortNone; s <= SortValues; s++ {
		if s.String() == word {
			return s, true
		}
	}
	return SortNone, false
}

// sql reads lines up to an empty one, the end or the terminator; an empty terminator is none.
func (p *parser) sql(r *Record, terminator string) error {
	var lines []string
	for p.next < len(p.lines) && p.lines[p.next] != "" {
		line := p.take()
		if line == terminator {
			break
		}
		lines = append(lines, line)
	}
	r.SQL = strings.TrimRight(strings.Join(lines, "\n"), "; \n")
	if r.SQL == "" {
		return p.errorf("no statement")
	}
	return nil
}

// Append appends the file as Parse reads it.
func (f *File) Append(to []byte) []byte {
	b := bytes.NewBuffer(to)
	for i := range f.Records {
		f.Records[i].write(b)
	}
	return b.Bytes()
}

func (r *Record) write(b *bytes.Buffer) {
	for _, c := range r.Conditions {
		word := "skipif "
		if c.Only {
			word = "onlyif "
		}
		b.WriteString(word + c.Engine)
		if c.Reason != "" {
			b.WriteString(" # " + c.Reason)
		}
		b.WriteByte('\n')
	}
	switch r.Kind {
	case Verbatim:
		b.WriteString(r.Text + "\n")
	case Include:
		b.WriteString("include " + r.Text + "\n")
	case Threshold:
		b.WriteString("hash-threshold " + strconv.Itoa(r.Number) + "\n")
	case Halt:
		b.WriteString("halt\n")
	case Statement:
		if r.State == "" {
			b.WriteString("statement ok\n" + r.SQL + "\n")
		} else {
			b.WriteString("statement error " + r.State + "\n" + r.SQL + "\n")
		}
	case Query:
		r.writeQuery(b)
	}
}

func (r *Record) writeQuery(b *bytes.Buffer) {
	words := []string{"query"}
	if r.Types != "" {
		words = append(words, r.Types)
	}
	words = append(words, r.Sort.String())
	if r.ColNames {
		words = append(words, "colnames")
	}
	if r.Label != "" {
		words = append(words, r.Label)
	}
	b.WriteString(strings.Join(words, " ") + "\n" + r.SQL + "\n----\n")
	for _, line := range r.Answer {
		b.WriteString(line + "\n")
	}
}
