package csvfmt

import (
	"fmt"
	"strings"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Options are what a user may set; README.md tells more.
type Options struct {
	// Header says that files begin with the names of the columns.
	Header bool `default:"true" doc:"Files begin with a line of column names; without it, fields are the declared columns in order." option:"header" yaml:"header"`
	// Delimiter separates fields: one ASCII character, or \t.
	Delimiter string `default:"," doc:"What separates fields: one ASCII character, or \\t for a tab." option:"delimiter" yaml:"delimiter"`
	// Quote encloses fields that hold the delimiter, quotes or line ends: one ASCII character, or none.
	Quote string `default:"\"" doc:"What encloses fields that hold delimiters, quotes or line ends: one ASCII character, or none." option:"quote" yaml:"quote"`
	// Escape stands before a quote inside quotes: the quote itself, or a backslash.
	Escape string `default:"double" doc:"How a quote is written inside quotes: doubled, or after a backslash." enum:"double,backslash" option:"escape" yaml:"escape"`
	// Null is what stands for NULL, unquoted, besides the empty field.
	Null string `doc:"Unquoted text that stands for NULL; an empty unquoted field always does." option:"null_string" yaml:"null_string"`
	// Comment begins lines that are passed over: one ASCII character, or empty for none.
	Comment string `doc:"Lines that begin with this character are passed over." option:"comment" yaml:"comment"`
	// Trim takes blanks and tabs off both ends of unquoted fields.
	Trim bool `default:"false" doc:"Take blanks and tabs off both ends of unquoted fields, and allow them around quotes." option:"trim" yaml:"trim"`
	// Strict checks the values of columns that nothing reads, too.
	Strict bool `default:"false" doc:"Check every declared column, needed or not." option:"strict" yaml:"strict" tuning:"true"`
	// Changelog reads the kind of change from the column OpField, which must hold one of +I, -U, +U, -D.
	Changelog bool `default:"false" doc:"Read the kind of change (+I, -U, +U, -D) of each row." option:"changelog" yaml:"changelog"`
	// OpField is the column that holds the kind of change.
	OpField string `default:"op" doc:"Column that holds the kind of change; the first one where there is no header." option:"op_field" yaml:"op_field"`
}

// Validate checks what the tags cannot.
func (o *Options) Validate() error {
	_, err := newSyntax(*o)
	return err
}

// defaultOpField is the name of the column that holds the kind of change.
const defaultOpField = "op"

// New returns the format with options. Empty texts mean the defaults.
func New(options Options) (codec.Format, error) {
	s, err := newSyntax(options)
	if err != nil {
		return nil, err
	}
	if options.OpField == "" {
		options.OpField = defaultOpField
	}
	return &format{options: options, syntax: s}, nil
}

type format struct {
	options Options
	syntax  syntax
}

// syntax is how fields are told apart. A byte that is 0 does not occur.
type syntax struct {
	delimiter byte
	quote     byte
	backslash bool // escapes inside quotes
	comment   byte
	trim      bool
}

func newSyntax(o Options) (s syntax, err error) {
	s.trim, s.backslash = o.Trim, o.Escape == "backslash"
	if s.delimiter, err = oneByte("delimiter", o.Delimiter, ','); err != nil {
		return s, err
	}
	if o.Quote != "none" {
		if s.quote, err = oneByte("quote", o.Quote, '"'); err != nil {
			return s, err
		}
	}
	if s.comment, err = oneByte("comment", o.Comment, 0); err != nil {
		return s, err
	}
	switch {
	case strings.IndexByte("+-.", s.delimiter) >= 0:
		return s, &connector.OptionError{Name: "delimiter", Message: fmt.Sprintf("delimiter cannot be %q, which is part of numbers", s.delimiter)}
	case s.delimiter == s.quote:
		return s, clash("quote", "delimiter")
	case s.comment != 0 && (s.comment == s.delimiter || s.comment == s.quote):
		return s, clash("comment", "delimiter or the quote")
	case s.backslash && (s.delimiter == '\\' || s.quote == '\\'):
		return s, clash("escape", "delimiter or the quote")
	case strings.ContainsAny(o.Null, "\r\n"+string(rune(s.delimiter))) || s.quote != 0 && strings.IndexByte(o.Null, s.quote) >= 0:
		return s, &connector.OptionError{Name: "null_string", Message: fmt.Sprintf("null_string cannot be %q: it holds the delimiter, the quote or a line end", o.Null)}
	case o.Null != "" && s.trim && strings.Trim(o.Null, " \t") != o.Null:
		return s, &connector.OptionError{Name: "null_string", Message: fmt.Sprintf("null_string cannot be %q: trim takes its blanks off", o.Null)}
	}
	return s, nil
}

func clash(name, with string) error {
	return &connector.OptionError{Name: name, Message: fmt.Sprintf("%s cannot be the same character as the %s", name, with)}
}

func oneByte(name, text string, otherwise byte) (byte, error) {
	switch {
	case text == "":
		return otherwise, nil
	case text == `\t`:
		return '\t', nil
	case len(text) == 1 && (text[0] == '\t' || text[0] >= ' ' && text[0] < 0x7f) && !isWordByte(text[0]):
		return text[0], nil
	}
	return 0, &connector.OptionError{Name: name, Message: fmt.Sprintf("%s cannot be %q; write one ASCII character that is no letter or digit, such as %q", name, text, ",;|"[:1])}
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// NewDecoder returns a decoder of records.
func (f *format) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) { return newDecoder(f, spec) }

// NewEncoder returns an encoder. A column named like the column for the kind of change is refused.
func (f *format) NewEncoder(spec codec.EncodeSpec) (codec.Encoder, error) { return newEncoder(f, spec) }

// NewFramer returns a framer of records, which cuts off the header if there is one, and keeps the halves of updates together.
func (f *format) NewFramer() codec.Framer {
	plain := framer{scanner: scanner{syntax: f.syntax, state: recordStart}, pairs: f.options.Changelog, opField: f.options.OpField}
	switch header := f.options.Header; {
	case header && plain.pairs:
		return &headedPairFramer{headedFramer{plain}}
	case header:
		return &headedFramer{plain}
	case plain.pairs:
		return &pairFramer{plain}
	default:
		return &plain
	}
}

// Infer proposes a schema for the beginning of a file, header included, cut at the end of a record.
func (f *format) Infer(sample []byte) (*schema.Schema, error) { return infer(f, sample) }
