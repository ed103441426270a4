package bind

import (
	"errors"
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Connectors is what declarations of sources, tables and sinks refer to.
type Connectors struct {
	Registry *connector.Registry
	// Infer proposes the columns of a source that declares none; nil means that they must be declared.
	Infer func(*logical.Source) (*schema.Schema, error)
}

// definition is a CREATE SOURCE, TABLE or SINK in the making.
type definition struct {
	*Binder
	connectors Connectors
	ast        *ast.CreateRelation
	name       string
	onError    logical.OnError
	maxRecord  int64
	// change is what WITH says of the changes of a source, and changeAt where.
	change                string
	changeAt              exprast.Span
	ttl, idleAfter, drift int64
	mistakes              []error
}

func (d *definition) add(err error) {
	if err != nil {
		d.mistakes = append(d.mistakes, err)
	}
}

// err is all mistakes, in the order of the text.
func (d *definition) err() error {
	slices.SortStableFunc(d.mistakes, func(a, b error) int {
		x, y := asError(a), asError(b)
		if x == nil || y == nil {
			return 0
		}
		return int(x.Span.Start - y.Span.Start)
	})
	if len(d.mistakes) == 1 {
		return d.mistakes[0]
	}
	return errors.Join(d.mistakes...)
}

// Source binds CREATE SOURCE, and CREATE TABLE with a connector. text is the statement as it was written. The error may join several.
func (b *Binder) Source(n *ast.CreateRelation, connectors Connectors, text string) (*catalog.Relation, error) {
	d := &definition{Binder: b, connectors: connectors, ast: n, name: n.Name.Last().Text, maxRecord: codec.DefaultMaxRecordBytes}
	r := &catalog.Relation{Header: catalog.Header{Name: d.name, Text: text}, Stored: n.Kind == ast.Table}
	if err := Creatable(n.Name); err != nil {
		return nil, err
	}
	if n.Query != nil {
		return nil, errorf(n.Query.Span, sqlstate.FeatureNotSupported, "a %s with a connector takes no query", n.Kind).
			WithHint("Create a view for the query, or a table without a connector.")
	}
	source, ok := d.source()
	d.columns(r)
	d.key(r)
	if ok {
		d.add(d.schema(r, source))
	}
	if len(d.mistakes) == 0 {
		d.watermark(r, source)
		source.Key = readKey(r, source)
		if source.Changes == logical.Upsert && source.Key == nil {
			d.add(errorf(d.changeAt, sqlstate.InvalidParameterValue, "changes = 'upsert' needs the key by which rows replace each other").
				WithHint("Declare a PRIMARY KEY of columns that are read."))
		}
		d.generatedColumns(r)
		d.decodes(source)
	}
	r.Source = source
	return r, d.err()
}

// MemoryTable binds CREATE TABLE without a connector. The table has no Rows yet.
func (b *Binder) MemoryTable(n *ast.CreateRelation, text string) (*catalog.Relation, error) {
	d := &definition{Binder: b, ast: n, name: n.Name.Last().Text}
	r := &catalog.Relation{Header: catalog.Header{Name: d.name, Text: text}, Stored: true}
	if err := Creatable(n.Name); err != nil {
		return nil, err
	}
	if n.Query != nil {
		if err := d.columnsOfQuery(r); err != nil {
			return nil, err
		}
	} else {
		d.columns(r)
	}
	d.key(r)
	for _, o := range n.Options {
		d.add(errorf(o.Span, sqlstate.InvalidParameterValue, "a table in memory has no option \"%s\"", optionName(o)).
			WithHint("A table that is read from somewhere has the option connector, too."))
	}
	for _, w := range n.Watermarks {
		d.add(errorf(w.Span, sqlstate.FeatureNotSupported, "a table in memory has no watermark").WithHint("Watermarks belong to sources."))
	}
	if len(d.mistakes) == 0 {
		d.generatedColumns(r)
		d.defaultValues(r)
		d.checks(r)
	}
	return r, d.err()
}

// Sink binds CREATE SINK without its query.
func (b *Binder) Sink(n *ast.CreateRelation, connectors Connectors, text string) (*catalog.Sink, error) {
	d := &definition{Binder: b, connectors: connectors, ast: n, name: n.Name.Last().Text}
	s := &catalog.Sink{Header: catalog.Header{Name: d.name, Text: text}}
	if err := Creatable(n.Name); err != nil {
		return nil, err
	}
	r := &catalog.Relation{}
	d.columns(r)
	if len(n.Columns) > 0 {
		s.Columns = r.Columns
	}
	for _, c := range n.Constraints {
		if c.Kind != ast.PrimaryKey {
			d.add(errorf(c.Span, sqlstate.FeatureNotSupported, "a sink has no %s", constraintName(c.Kind)))
		}
	}
	d.key(r)
	for _, w := range n.Watermarks {
		d.add(errorf(w.Span, sqlstate.FeatureNotSupported, "a sink has no watermark").WithHint("Watermarks belong to sources."))
	}
	if declaration, ok := d.declaration(); ok {
		sink, mistakes := declare.ReadSink(connectors.Registry, declaration)
		d.declared(mistakes)
		s.Sink = logical.Sink{Name: d.name, Type: sink.Type, Config: sink.Config, Format: sink.Format, OnError: d.onError, Key: r.PrimaryKey}
	}
	if len(d.mistakes) == 0 {
		d.generatedColumns(r)
		d.defaultValues(r)
	}
	return s, d.err()
}
