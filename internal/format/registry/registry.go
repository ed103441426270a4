package registry

import (
	"wire.example/wire/internal/format/csvfmt"
	"wire.example/wire/internal/format/debezium"
	"wire.example/wire/internal/format/jsonfmt"
	"wire.example/wire/internal/format/rawfmt"
	"wire.example/wire/sdk/codec"
)

// New returns the formats, in the order in which documents show them.
func New() []*codec.FormatType {
	return []*codec.FormatType{jsonType(), csvType(), debeziumType(), linesType(), bytesType()}
}

func jsonType() *codec.FormatType {
	return &codec.FormatType{
		Name:      "json",
		Doc:       "One JSON object a line.",
		NewConfig: func() any { return &jsonfmt.Options{} },
		New:       func(config any) (codec.Format, error) { return jsonfmt.New(*config.(*jsonfmt.Options)) },
		Passes: func(from, to any) bool {
			o := from.(*jsonfmt.Options)
			return !o.Changelog && o.Deleted == "" && !to.(*jsonfmt.Options).Changelog
		},
		Changes: func(any) bool { return true },
		Reads:   func(config any) bool { return config.(*jsonfmt.Options).Changelog },
	}
}

func csvType() *codec.FormatType {
	return &codec.FormatType{
		Name:      "csv",
		Doc:       "Comma-separated values (RFC 4180), with or without a header.",
		NewConfig: func() any { return &csvfmt.Options{} },
		New:       func(config any) (codec.Format, error) { return csvfmt.New(*config.(*csvfmt.Options)) },
		Changes:   func(any) bool { return true },
		Reads:     func(config any) bool { return config.(*csvfmt.Options).Changelog },
	}
}

func debeziumType() *codec.FormatType {
	always := func(any) bool { return true }
	return &codec.FormatType{
		Name:      "debezium-json",
		Doc:       "Changes as Debezium writes them: a JSON object a line with the row before and after, and what was done.",
		NewConfig: func() any { return &debezium.Options{} },
		New: func(config any) (codec.Format, error) {
			o := config.(*debezium.Options)
			rows, err := jsonfmt.New(jsonfmt.Options{Epoch: o.Epoch, Coerce: o.Coerce, Strict: o.Strict})
			if err != nil {
				return nil, err
			}
			return debezium.New(rows), nil
		},
		Changes: always,
		Reads:   always,
	}
}

// none is the config of formats without options.
type none struct{}

func linesType() *codec.FormatType {
	return &codec.FormatType{
		Name:      "lines",
		Doc:       "Every line is one row with one TEXT column, as it stands.",
		NewConfig: func() any { return &none{} },
		New:       func(any) (codec.Format, error) { return rawfmt.NewLines(), nil },
	}
}

func bytesType() *codec.FormatType {
	return &codec.FormatType{
		Name:      "bytes",
		Doc:       "Everything that arrives together is one row with one BYTEA column.",
		NewConfig: func() any { return &none{} },
		New:       func(any) (codec.Format, error) { return rawfmt.NewBytes(), nil },
	}
}
