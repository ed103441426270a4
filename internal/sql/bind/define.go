package bind

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/batch"
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
	mistakes   []error
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
	d.columns(r)
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
	}
	return r, d.err()
}

// Sink binds CREATE SINK without its query.
func (b *Binder) Sink(n *ast.CreateRelation, connectors Connectors, text string) (*catalog.Sink, error) {
	d := &definition{Binder: b, connectors: connectors, ast: n, name: n.Name.Last().Text}
	s := &catalog.Sink{Header: catalog.Header{Name: d.name, Text: text}}
	r := &catalog.Relation{}
	d.columns(r)
	if len(n.Columns) > 0 {
		s.Columns = r.Columns
	}
	for _, c := range n.Constraints {
		d.add(errorf(c.Span, sqlstate.FeatureNotSupported, "a sink has no %s", constraintName(c.Kind)))
	}
	for _, w := range n.Watermarks {
		d.add(errorf(w.Span, sqlstate.FeatureNotSupported, "a sink has no watermark").WithHint("Watermarks belong to sources."))
	}
	if declaration, ok := d.declaration(); ok {
		sink, mistakes := declare.ReadSink(connectors.Registry, declaration)
		d.declared(mistakes)
		s.Sink = logical.Sink{Name: d.name, Type: sink.Type, Config: sink.Config, Format: sink.Format, OnError: d.onError}
	}
	if len(d.mistakes) == 0 {
		d.generatedColumns(r)
		d.defaultValues(r)
	}
	return s, d.err()
}

// HasConnector reports whether the options of a CREATE name a connector.
func HasConnector(n *ast.CreateRelation) bool {
	return slices.ContainsFunc(n.Options, func(o ast.Option) bool { return optionName(o) == "connector" })
}

func optionName(o ast.Option) string {
	parts := make([]string, len(o.Name))
	for i, p := range o.Name {
		parts[i] = p.Text
	}
	return strings.Join(parts, ".")
}

// keys are the words of WITH that are no options of a connector or format.
func (d *definition) keys() []string {
	if d.ast.Kind == ast.Sink {
		return []string{"connector", "format", "on_error"}
	}
	return []string{"connector", "format", "on_error", "max_record_bytes"}
}

// declaration reads WITH.
func (d *definition) declaration() (*declare.Declaration[exprast.Span], bool) {
	out := &declare.Declaration[exprast.Span]{Name: declare.Word[exprast.Span]{Text: d.name, At: d.ast.Name.Span}, Keys: d.keys()}
	seen := map[string]bool{}
	for _, o := range d.ast.Options {
		name := optionName(o)
		if seen[name] {
			d.add(errorf(o.Span, sqlstate.SyntaxError, "option \"%s\" specified more than once", name))
		}
		seen[name] = true
		word := declare.Word[exprast.Span]{Text: o.Value.Text, At: o.Value.Span}
		if !slices.Contains(d.keys(), name) {
			at := declare.Word[exprast.Span]{Text: name, At: o.Span}
			out.Options = append(out.Options, declare.Option[exprast.Span]{Name: at, Value: optionValue(o.Value), At: o.Value.Span})
			continue
		}
		switch name {
		case "connector":
			out.Connector = word
		case "format":
			out.Format = word
		case "on_error":
			d.policy(o.Value)
		default:
			d.size(o.Value)
		}
	}
	if out.Connector.Text == "" {
		d.add(errorf(d.ast.Name.Span, sqlstate.InvalidParameterValue, "%s \"%s\" needs a connector", d.ast.Kind, d.name).
			WithHint("WITH (connector = '%s', …)", map[bool]string{true: "stdout", false: "file"}[d.ast.Kind == ast.Sink]))
		return nil, false
	}
	return out, true
}

// optionValue is a value as connectors take it.
func optionValue(v ast.Value) any {
	switch v.Kind {
	case ast.NumberValue:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.Text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return f
		}
	case ast.BoolValue:
		return v.Text == "true"
	case ast.ListValue:
		list := make([]any, len(v.List))
		for i := range v.List {
			list[i] = optionValue(v.List[i])
		}
		return list
	case ast.MapValue:
		m := make(map[string]any, len(v.Map))
		for _, o := range v.Map {
			m[optionName(o)] = optionValue(o.Value)
		}
		return m
	}
	return v.Text
}

func (d *definition) policy(v ast.Value) {
	switch v.Text {
	case "fail":
	case "drop":
		d.onError = logical.Drop
	default:
		bad := errorf(v.Span, sqlstate.InvalidParameterValue, "on_error is fail or drop, not \"%s\"", v.Text)
		if v.Text == "dead_letter" {
			bad = errorf(v.Span, sqlstate.FeatureNotSupported, "on_error = dead_letter is not supported in SQL").WithHint("A pipeline in YAML has it.")
		}
		d.add(bad)
	}
}

func (d *definition) size(v ast.Value) {
	const most = 1 << 30
	n, err := connector.ParseBytes(v.Text)
	if err != nil || n < 1 || n > most {
		d.add(errorf(v.Span, sqlstate.InvalidParameterValue, "max_record_bytes must be a size from 1 to 1GB, such as 16MB, not \"%s\"", v.Text))
		return
	}
	d.maxRecord = int64(n)
}

// declared adds the mistakes that package declare found.
func (d *definition) declared(mistakes []declare.Mistake[exprast.Span]) {
	for _, m := range mistakes {
		d.add(errorf(m.At, sqlstate.InvalidParameterValue, "%s", m.Message))
	}
}

// source finds connector and format.
func (d *definition) source() (*logical.Source, bool) {
	out := &logical.Source{Name: d.name, EventTime: -1}
	declaration, ok := d.declaration()
	if !ok {
		return out, false
	}
	s, mistakes := declare.ReadSource(d.connectors.Registry, declaration)
	d.declared(mistakes)
	out.Type, out.Config, out.Format, out.OnError, out.MaxRecordBytes = s.Type, s.Config, s.Format, d.onError, d.maxRecord
	return out, len(mistakes) == 0
}

// schema finds the columns that are read: declared, given by connector or format, or inferred. Those that were not declared become the relation's.
func (d *definition) schema(r *catalog.Relation, s *logical.Source) error {
	fixed, err := fixedSchema(s)
	at := d.ast.Name.Span
	if err != nil {
		return errorf(at, sqlstate.InvalidParameterValue, "%s: %v", d.name, err)
	}
	read := schema.New()
	for _, c := range r.Columns {
		if c.Generated == nil {
			read.Fields = append(read.Fields, c.Field)
		}
	}
	switch {
	case fixed != nil && len(read.Fields) > 0 && !sameColumns(fixed, read):
		return errorf(d.ast.Columns[0].Span, sqlstate.InvalidParameterValue, "%s \"%s\" has the columns (%s)", r.Kind(), d.name, fixed).
			WithHint("Leave the list of columns out.")
	case fixed != nil:
		s.Schema = fixed
	case len(read.Fields) > 0:
		s.Schema = read
		return nil
	case d.connectors.Infer == nil:
		return errorf(at, invalidTable, "%s \"%s\" needs columns", r.Kind(), d.name).WithHint("Declare them: CREATE %s %s (id BIGINT, name TEXT) WITH (…).",
			strings.ToUpper(r.Kind().String()), exprast.QuoteName(d.name))
	default:
		if s.Schema, err = d.connectors.Infer(s); err != nil {
			return errorf(at, invalidTable, "%s: the columns cannot be inferred: %v", d.name, err).WithHint("Declare them.")
		}
	}
	if len(read.Fields) == 0 {
		var columns []catalog.Column
		for _, f := range s.Schema.Fields {
			columns = append(columns, catalog.Column{Field: f})
		}
		r.Columns = append(columns, r.Columns...)
	}
	return nil
}

func sameColumns(a, b *schema.Schema) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(x, y schema.Field) bool { return x.Name == y.Name && x.Type.Equal(y.Type) })
}

// fixedSchema returns the columns of a source that has no choice, else nil.
func fixedSchema(s *logical.Source) (*schema.Schema, error) {
	if s.Type.Rows != nil {
		return s.Type.Rows.Schema(s.Config)
	}
	if f, ok := s.Format.Format.(codec.Fixed); ok {
		return f.FixedSchema(), nil
	}
	return nil, nil
}

// decodes reports columns that the format cannot read.
func (d *definition) decodes(s *logical.Source) {
	if s.Format == nil || s.Schema == nil {
		return
	}
	_, err := s.Format.Format.NewDecoder(codec.DecodeSpec{Schema: s.Schema, Pool: &batch.Pool{}})
	if err == nil {
		return
	}
	at := d.ast.Name.Span
	for _, c := range d.ast.Columns {
		if strings.Contains(err.Error(), "column "+strconv.Quote(c.Name.Text)+":") && c.Type != nil {
			at = c.Type.Span
		}
	}
	d.add(errorf(at, sqlstate.FeatureNotSupported, "%s: %v", d.name, err))
}

// watermark reads WATERMARK FOR.
func (d *definition) watermark(r *catalog.Relation, s *logical.Source) {
	for i, w := range d.ast.Watermarks {
		if i > 0 {
			d.add(errorf(w.Span, invalidDefinition, "a source has one watermark"))
			return
		}
		column, delay, err := d.delay(r, w)
		if err != nil {
			d.add(err)
			continue
		}
		at, err := s.Schema.Find(column.Name)
		if err != nil || column.Generated != nil {
			d.add(errorf(w.Column.Span, sqlstate.FeatureNotSupported, "the time of a watermark cannot be the generated column \"%s\"", column.Name).
				WithHint("The time must be read with the row: declare a column of type TIMESTAMP or TIMESTAMPTZ that is in the data."))
			continue
		}
		s.EventTime, s.Delay = at, delay
	}
}

// readKey is the primary key as columns of the source, nil if one of them is computed.
func readKey(r *catalog.Relation, s *logical.Source) []int {
	var key []int
	for _, k := range r.PrimaryKey {
		if r.Columns[k].Generated != nil {
			return nil
		}
		at := slices.IndexFunc(s.Schema.Fields, func(f schema.Field) bool { return f.Name == r.Columns[k].Name })
		key = append(key, at)
	}
	slices.Sort(key)
	return key
}

// delay returns the column of a watermark and how far the watermark is behind it, in µs.
func (d *definition) delay(r *catalog.Relation, w *ast.Watermark) (catalog.Column, int64, error) {
	i := r.Column(w.Column.Text)
	if i < 0 {
		bad := errorf(w.Column.Span, sqlstate.UndefinedColumn, "column \"%s\" does not exist", w.Column.Text)
		return catalog.Column{}, 0, suggested(bad, w.Column.Text, columnNames(r.Columns), "")
	}
	column := r.Columns[i]
	if k := column.Type.Kind; k != schema.Timestamp && k != schema.TimestampTZ {
		return column, 0, errorf(w.Column.Span, sqlstate.DatatypeMismatch, "the time of a watermark must be a timestamp, and column \"%s\" is of type %s",
			column.Name, column.Type.PgName())
	}
	if isColumn(w.X, column.Name) {
		return column, 0, nil
	}
	if minus, ok := w.X.(*exprast.Binary); ok && minus.Op == "-" && isColumn(minus.L, column.Name) {
		micros, err := d.interval(minus.R)
		if err == nil && micros < 0 {
			err = errorf(minus.R.Location(), sqlstate.InvalidParameterValue, "a watermark cannot be ahead of its column")
		}
		return column, micros, err
	}
	return column, 0, errorf(w.X.Location(), sqlstate.FeatureNotSupported, "this expression is not supported for a watermark").
		WithHint("It is the column, or the column minus a constant interval: WATERMARK FOR %[1]s AS %[1]s - INTERVAL '4 seconds'.",
			exprast.QuoteName(column.Name))
}

func isColumn(n exprast.Node, name string) bool {
	c, ok := n.(*exprast.Column)
	return ok && len(c.Parts) == 1 && c.Parts[0].Text == name
}

// interval evaluates a constant interval without months, in µs.
func (b *Binder) interval(n exprast.Node) (int64, error) {
	q := &query{Binder: b, clause: inValues()}
	e, err := q.expr(&scope{query: q}, inValues(), n)
	if err != nil {
		return 0, err
	}
	return constantInterval(e, n)
}

// columns reads the list of columns.
func (d *definition) columns(r *catalog.Relation) {
	for _, c := range d.ast.Columns {
		if r.Column(c.Name.Text) >= 0 {
			d.add(errorf(c.Name.Span, duplicateColumn, "column \"%s\" specified more than once", c.Name.Text))
			continue
		}
		column := catalog.Column{Field: schema.Field{Name: c.Name.Text}}
		if c.Type == nil {
			d.add(errorf(c.Span, sqlstate.SyntaxError, "column \"%s\" needs a type", c.Name.Text).WithHint("For example BIGINT or TEXT."))
			continue
		}
		typ, err := bind.TypeOf(c.Type)
		if err != nil {
			d.add(err)
			continue
		}
		column.Type = typ
		var nullable ast.ConstraintKind // that was declared, counted from 1
		for _, k := range c.Constraints {
			d.constraint(r, &column, k, &nullable)
		}
		r.Columns = append(r.Columns, column)
	}
}

// constraint reads what follows a column's type.
func (d *definition) constraint(r *catalog.Relation, c *catalog.Column, k *ast.ColumnConstraint, nullable *ast.ConstraintKind) {
	switch k.Kind {
	case ast.NotNull, ast.Nullable:
		if *nullable != 0 && *nullable != k.Kind+1 {
			d.add(errorf(k.Span, sqlstate.SyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", c.Name, d.name))
		}
		*nullable = k.Kind + 1
		c.NotNull = c.NotNull || k.Kind == ast.NotNull
	case ast.Collation:
		if k.Kind == ast.Collation && c.Type.Kind != schema.Text {
			d.add(errorf(k.Span, sqlstate.DatatypeMismatch, "collations are not supported by type %s", c.Type.PgName()))
		}
	case ast.PrimaryKey:
		if r.PrimaryKey != nil {
			d.add(errorf(k.Span, invalidTable, "multiple primary keys for table \"%s\" are not allowed", d.name))
			return
		}
		r.PrimaryKey, c.NotNull = []int{len(r.Columns)}, true
	case ast.DefaultValue:
		if d.ast.Kind == ast.Source || d.ast.Kind == ast.Table && HasConnector(d.ast) {
			d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "a column that is read has no DEFAULT").WithHint("Write COALESCE(column, value) where it is used."))
			return
		}
		c.Default = k.X
	case ast.Generated:
		c.Generated = k.X
	default:
		d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "%s is not supported", constraintName(k.Kind)))
	}
}

func constraintName(k ast.ConstraintKind) string {
	return map[ast.ConstraintKind]string{
		ast.PrimaryKey: "PRIMARY KEY", ast.Unique: "UNIQUE", ast.Check: "CHECK", ast.References: "FOREIGN KEY", ast.DefaultValue: "DEFAULT",
	}[k]
}

// key reads the constraints beside the columns.
func (d *definition) key(r *catalog.Relation) {
	for _, k := range d.ast.Constraints {
		if k.Kind != ast.PrimaryKey {
			d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "%s is not supported", constraintName(k.Kind)))
			continue
		}
		if r.PrimaryKey != nil {
			d.add(errorf(k.Span, invalidTable, "multiple primary keys for table \"%s\" are not allowed", d.name))
			continue
		}
		for _, n := range k.Columns {
			i := r.Column(n.Text)
			switch {
			case i < 0:
				d.add(suggested(errorf(n.Span, sqlstate.UndefinedColumn, "column \"%s\" named in key does not exist", n.Text), n.Text, columnNames(r.Columns), ""))
			case slices.Contains(r.PrimaryKey, i):
				d.add(errorf(n.Span, duplicateColumn, "column \"%s\" appears twice in primary key constraint", n.Text))
			default:
				r.PrimaryKey = append(r.PrimaryKey, i)
				r.Columns[i].NotNull = true
			}
		}
	}
}

// generatedColumns checks the expressions of generated columns.
func (d *definition) generatedColumns(r *catalog.Relation) {
	var read []column
	for _, c := range r.Columns {
		if c.Generated == nil {
			read = append(read, column{c.Name, columnOf(len(read), c.Field)})
		}
	}
	s := generatedScope(read)
	for _, c := range r.Columns {
		if c.Generated == nil {
			continue
		}
		e, err := d.generation(s, c)
		switch {
		case err != nil:
			d.add(d.aboutGenerated(r, err))
		case volatile(e):
			d.add(errorf(c.Generated.Location(), invalidDefinition, "generation expression is not immutable"))
		case c.Default != nil:
			d.add(errorf(c.Generated.Location(), sqlstate.SyntaxError, "both default and generation expression specified for column \"%s\" of table \"%s\"",
				c.Name, d.name))
		}
	}
}

// aboutGenerated explains that a generated column was referred to in another one.
func (d *definition) aboutGenerated(r *catalog.Relation, err error) error {
	bad := asError(err)
	for _, c := range r.Columns {
		if bad != nil && c.Generated != nil && bad.Message == "column \""+c.Name+"\" does not exist" {
			return errorf(bad.Span, invalidDefinition, "cannot use generated column \"%s\" in column generation expression", c.Name).
				WithHint("A generated column cannot reference another generated column.")
		}
	}
	return err
}

// defaultValues checks the expressions of DEFAULT.
func (d *definition) defaultValues(r *catalog.Relation) {
	for _, c := range r.Columns {
		if c.Default == nil {
			continue
		}
		if at := mentionedColumn(c.Default); at != nil {
			d.add(errorf(at.Span, sqlstate.FeatureNotSupported, "cannot use column reference in DEFAULT expression"))
			continue
		}
		_, err := d.defaultOf(c)
		d.add(err)
	}
}

func mentionedColumn(n exprast.Node) *exprast.Column {
	var found *exprast.Column
	exprast.Walk(n, func(n exprast.Node) bool {
		if c, ok := n.(*exprast.Column); ok {
			found = c
		}
		return found == nil
	})
	return found
}

// View binds CREATE [MATERIALIZED] VIEW.
func (b *Binder) View(n *ast.CreateView, text string) (*catalog.View, error) {
	name := n.Name.Last().Text
	if len(n.Options) > 0 {
		return nil, errorf(n.Options[0].Span, sqlstate.FeatureNotSupported, "a view has no option \"%s\"", optionName(n.Options[0]))
	}
	r, err := b.query(n.Query, place{}, nil, name, false)
	if err != nil {
		return nil, err
	}
	if len(n.Columns) > len(r.columns) {
		return nil, errorf(n.Columns[len(r.columns)].Span, sqlstate.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	v := &catalog.View{Header: catalog.Header{Name: name, Text: text}, Materialized: n.Materialized, Query: n.Query}
	for i, c := range r.columns {
		at := n.Query.Span
		if i < len(n.Columns) {
			c.name, at = n.Columns[i].Text, n.Columns[i].Span
		}
		if slices.ContainsFunc(v.Fields, func(f schema.Field) bool { return f.Name == c.name }) {
			return nil, errorf(at, duplicateColumn, "column \"%s\" specified more than once", c.name).WithHint("Rename one with AS, or list the view's columns.")
		}
		v.Fields = append(v.Fields, schema.Field{Name: c.name, Type: c.typ})
	}
	v.Reads = b.Read()
	return v, nil
}

// Read are the names of the objects that were read so far, sorted.
func (b *Binder) Read() []string {
	names := make([]string, 0, len(b.read))
	for n := range b.read {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
