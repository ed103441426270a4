package eval_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// probeNotes are the rows and labels that probe(label, x) was called for.
type probeNotes map[[2]int64]bool

// withProbe is the standard library and probe(label, x), which is x and notes where it was asked; its rows are numbered by the column id.
func withProbe(notes probeNotes, ids func() *batch.Column) *builtin.Registry {
	probe := func(kind schema.Kind) builtin.Function {
		return builtin.Function{
			Name: "probe", Params: []schema.Kind{schema.Int64, kind}, Result: schema.Of(kind), Volatility: builtin.Stable,
			Eval: func(c *builtin.Call) {
				c.Each(func(row int) {
					notes[[2]int64{c.Int64(0, row), ids().Int64s()[row]}] = true
					switch {
					case c.Args[1].IsNull(row):
						c.Out.SetNull(row)
					case kind == schema.Bool:
						c.Out.Bits().Put(row, c.Bool(1, row))
					default:
						c.Out.Int64s()[row] = c.Int64(1, row)
					}
				})
			},
		}
	}
	list := []builtin.Function{probe(schema.Bool), probe(schema.Int64)}
	for _, name := range []string{"length", "lower"} {
		for _, f := range builtin.Standard().Lookup(name) {
			list = append(list, *f)
		}
	}
	return builtin.NewRegistry(list)
}

// inputSchema is the table of the property: id numbers the rows.
func inputSchema() *schema.Schema {
	return schema.New(
		schema.Field{Name: "id", Type: kindOf(schema.Int64)},
		schema.Field{Name: "a", Type: kindOf(schema.Int64)}, schema.Field{Name: "b", Type: kindOf(schema.Int64)},
		schema.Field{Name: "i", Type: kindOf(schema.Int32)}, schema.Field{Name: "d", Type: kindOf(schema.Float64)},
		schema.Field{Name: "n", Type: schema.NumericOf(12, 2)}, schema.Field{Name: "m", Type: kindOf(schema.Numeric)},
		schema.Field{Name: "t", Type: kindOf(schema.Text)}, schema.Field{Name: "u", Type: kindOf(schema.Text)},
		schema.Field{Name: "p", Type: kindOf(schema.Bool)}, schema.Field{Name: "q", Type: kindOf(schema.Bool)},
	)
}

func texts() []string {
	return []string{"", "a", "ab", "abcabcabcabc", "abcabcabcabcd", "ABCabcABCabcabc, longer", "ABCabcABCabcabc, longes", "ä€b", "100%", "b_b"}
}

// drawBatch fills the schema's columns; each has NULLs or not.
func drawBatch(t *rapid.T, s *schema.Schema, rows int) *batch.Batch {
	b := &batch.Batch{Len: rows}
	for k, f := range s.Fields {
		c := batch.NewColumn(&batch.Pool{}, f.Type)
		c.Reset(rows)
		nulls := k > 0 && rapid.Bool().Draw(t, "nulls")
		for i := range rows {
			if nulls && rapid.IntRange(0, 2).Draw(t, "null") == 0 {
				c.SetNull(i)
				continue
			}
			if k == 0 {
				c.Int64s()[i] = int64(i)
				continue
			}
			drawValue(t, c, i)
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

func drawValue(t *rapid.T, c *batch.Column, i int) {
	small := rapid.IntRange(0, 9).Draw(t, "small") > 0
	switch c.Kind() {
	case schema.Int64:
		if c.Int64s()[i] = rapid.Int64Range(-3, 12).Draw(t, "v"); !small {
			c.Int64s()[i] = rapid.Int64().Draw(t, "v")
		}
	case schema.Int32:
		if c.Int32s()[i] = rapid.Int32Range(-3, 12).Draw(t, "v"); !small {
			c.Int32s()[i] = rapid.Int32().Draw(t, "v")
		}
	case schema.Float64:
		if c.Float64s()[i] = float64(rapid.Int64Range(-3, 12).Draw(t, "v")) / 2; !small {
			c.Float64s()[i] = rapid.Float64().Draw(t, "v")
		}
	case schema.Numeric:
		coef := numeric.Int128FromInt64(rapid.Int64Range(-300, 1200).Draw(t, "v"))
		if c.Type().Precision > 0 {
			c.SetDecimal(i, numeric.Decimal{Coef: coef, Scale: c.Type().Scale})
			return
		}
		if !small {
			coef = numeric.MulInt64(rapid.Int64().Draw(t, "hi"), rapid.Int64().Draw(t, "lo"))
		}
		c.SetDecimal(i, numeric.Decimal{Coef: coef, Scale: int16(rapid.IntRange(0, 4).Draw(t, "scale"))})
	case schema.Text:
		c.SetBytes(i, []byte(rapid.SampledFrom(texts()).Draw(t, "v")))
	default:
		c.Bits().Put(i, rapid.Bool().Draw(t, "v"))
	}
}

// grammar draws expressions of a type as SQL. Every choice among the first few needs no further depth.
type grammar struct {
	t      *rapid.T
	labels int
}

func (g *grammar) pick(depth, simple int, list ...func() string) string {
	n := len(list)
	if depth <= 0 {
		n = simple
	}
	return list[rapid.IntRange(0, n-1).Draw(g.t, "choice")]()
}

func (g *grammar) of(list ...string) string { return rapid.SampledFrom(list).Draw(g.t, "leaf") }

func (g *grammar) probe(x string) string {
	g.labels++
	return fmt.Sprintf("probe(%d::bigint, %s)", g.labels, x)
}

func (g *grammar) special(typ func(int) string, d int) string {
	return g.pick(d, 4,
		func() string {
			return "CASE WHEN " + g.boolean(d-1) + " THEN " + typ(d-1) + " ELSE " + typ(d-1) + " END"
		},
		func() string {
			return "CASE WHEN " + g.boolean(d-1) + " THEN " + typ(d-1) + " WHEN " + g.boolean(d-1) + " THEN " + typ(d-1) + " END"
		},
		func() string { return "coalesce(" + typ(d-1) + ", " + typ(d-1) + ")" },
		func() string { return "coalesce(" + typ(d-1) + ", " + typ(d-1) + ", " + typ(d-1) + ")" },
		func() string { return "nullif(" + typ(d-1) + ", " + typ(d-1) + ")" },
		func() string { return "greatest(" + typ(d-1) + ", " + typ(d-1) + ", " + typ(d-1) + ")" },
		func() string { return "least(" + typ(d-1) + ", " + typ(d-1) + ")" },
	)
}

func (g *grammar) pair(d int) (x, y string) {
	switch rapid.IntRange(0, 5).Draw(g.t, "type") {
	case 0:
		return g.text(d), g.text(d)
	case 1:
		return g.float(d), g.float(d)
	case 2:
		return g.number(d), g.number(d)
	case 3:
		return g.int4(d), g.integer(d)
	case 4:
		return g.boolean(d), g.boolean(d)
	default:
		return g.integer(d), g.integer(d)
	}
}

func (g *grammar) boolean(d int) string {
	return g.pick(d, 3,
		func() string { return g.of("p", "q", "true", "false", "NULL::boolean") },
		func() string { return "(a " + g.of("=", "<>", "<", "<=", ">", ">=") + g.of(" 2", " b", " 5") + ")" },
		func() string {
			return "(t " + g.of("=", "<>", "<", "<=", ">", ">=") + g.of(" 'a'", " u", " 'abcabcabcabcd'") + ")"
		},
		func() string {
			x, y := g.pair(d - 1)
			return "(" + x + g.of(" = ", " <> ", " < ", " <= ", " > ", " >= ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + y + ")"
		},
		func() string { return "(" + g.boolean(d-1) + " AND " + g.boolean(d-1) + ")" },
		func() string { return "(" + g.boolean(d-1) + " OR " + g.boolean(d-1) + ")" },
		func() string { return "(" + g.boolean(d-1) + " AND " + g.boolean(d-1) + " AND " + g.boolean(d-1) + ")" },
		func() string { return "(NOT " + g.boolean(d-1) + ")" },
		func() string { x, _ := g.pair(d - 1); return "(" + x + g.of(" IS NULL", " IS NOT NULL") + ")" },
		func() string {
			return "(" + g.boolean(d-1) + g.of(" IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE") + ")"
		},
		func() string {
			return "(" + g.integer(d-1) + g.of(" IN (1, 2, 3)", " IN (1, NULL)", " IN (1, 2, 3, 4, 5, 6, 7)", " IN (a, 3, 10 / b)") + ")"
		},
		func() string {
			return "(" + g.text(d-1) + g.of(" IN ('a', 'ab')", " IN ('a', 'abcabcabcabcd', NULL)", " IN (u, '')", " NOT IN ('', 'ab', 'ä€b')") + ")"
		},
		func() string { return "(" + g.number(d-1) + g.of(" IN (1, 2.50)", " IN (1, n)") + ")" },
		func() string {
			return "(" + g.integer(d-1) + " BETWEEN " + g.integer(d-1) + " AND " + g.integer(d-1) + ")"
		},
		func() string {
			return "(" + g.text(d-1) + g.of(" LIKE ", " ILIKE ", " NOT LIKE ") + g.of("'a%'", "'%b'", "'%c%'", "'_'", "'%a_c%'", "'abc'", "'%\\%'", "'%b\\_b'", "'%AB%'", "u", "'%a%b%'", "''") + ")"
		},
		func() string { return g.special(g.boolean, d) },
		func() string { return g.probe(g.boolean(d - 1)) },
	)
}

func (g *grammar) integer(d int) string {
	return g.pick(d, 3,
		func() string { return g.of("a", "b") },
		func() string {
			return g.of("0::bigint", "1::bigint", "7::bigint", "-1::bigint", "9223372036854775807", "NULL::bigint")
		},
		func() string {
			return "(a" + g.of(" + ", " - ", " * ", " / ", " % ") + g.of("b", "2", "7", "-3", "a") + ")"
		},
		func() string {
			return "(" + g.integer(d-1) + g.of(" + ", " - ", " * ", " / ", " % ") + g.integer(d-1) + ")"
		},
		func() string {
			return "(" + g.integer(d-1) + g.of(" + ", " - ", " * ", " / ", " % ") + g.int4(d-1) + ")"
		},
		func() string { return "(- " + g.integer(d-1) + ")" },
		func() string { return g.int4(d-1) + "::bigint" },
		func() string { return g.number(d-1) + "::bigint" },
		func() string { return g.special(g.integer, d) },
		func() string { return g.probe(g.integer(d - 1)) },
	)
}

func (g *grammar) int4(d int) string {
	return g.pick(d, 2,
		func() string { return "i" },
		func() string { return g.of("0", "1", "(-2)", "2147483647") },
		func() string { return "length(" + g.text(d-1) + ")" },
		func() string { return "(" + g.int4(d-1) + g.of(" + ", " - ", " * ", " / ", " % ") + g.int4(d-1) + ")" },
		func() string { return g.integer(d-1) + "::integer" },
	)
}

func (g *grammar) float(d int) string {
	return g.pick(d, 2,
		func() string { return "d" },
		func() string {
			return g.of("0.5::double precision", "0::double precision", "1e300::double precision", "'NaN'::double precision")
		},
		func() string { return "(" + g.float(d-1) + g.of(" + ", " - ", " * ", " / ") + g.float(d-1) + ")" },
		func() string { return "(- " + g.float(d-1) + ")" },
		func() string { return g.integer(d-1) + "::double precision" },
		func() string { return g.special(g.float, d) },
	)
}

func (g *grammar) number(d int) string {
	return g.pick(d, 3,
		func() string { return g.of("n", "m") },
		func() string {
			return g.of("0.908", "2.50", "-1.0", "123456789012345678901234567890.5", "NULL::numeric")
		},
		func() string { return "(a * 0.908)" },
		func() string { return "(" + g.number(d-1) + g.of(" + ", " - ", " * ") + g.number(d-1) + ")" },
		func() string { return "(" + g.integer(d-1) + g.of(" + ", " - ", " * ") + g.number(d-1) + ")" },
		func() string { return "(- " + g.number(d-1) + ")" },
		func() string { return g.number(d-1) + "::numeric(8,1)" },
		func() string { return g.integer(d-1) + "::numeric" },
		func() string { return g.special(g.number, d) },
	)
}

func (g *grammar) text(d int) string {
	return g.pick(d, 2,
		func() string { return g.of("t", "u") },
		func() string { return g.of("'a'", "''", "'abcabcabcabcd'", "NULL::text") },
		func() string { return g.integer(d-1) + "::text" },
		func() string { return "lower(" + g.text(d-1) + ")" },
		func() string { return g.special(g.text, d) },
	)
}

func (g *grammar) any(d int) string {
	x, y := g.pair(d)
	return g.of(x, y)
}

// trial is one drawn program with its input.
type trial struct {
	t      *rapid.T
	notes  probeNotes
	in     *batch.Batch // the whole input
	ids    *batch.Column
	exprs  []*bind.Expr
	folded []*bind.Expr
	texts  []string
}

func drawTrial(t *rapid.T, draw func(g *grammar) []string) *trial {
	tr := &trial{t: t, notes: probeNotes{}}
	s := inputSchema()
	tr.in = drawBatch(t, s, rapid.SampledFrom([]int{1, 3, 17, 64, 70, 130}).Draw(t, "rows"))
	registry := withProbe(tr.notes, func() *batch.Column { return tr.ids })
	tr.texts = draw(&grammar{t: t})
	for _, text := range tr.texts {
		node, err := parse.Expr(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e, err := bind.Bind(node, bind.FromSchema(s), bind.WithFunctions(registry))
		if err != nil {
			t.Skip(text, err) // a constant that does not fit its type
		}
		tr.exprs, tr.folded = append(tr.exprs, e), append(tr.folded, eval.Fold(e))
	}
	return tr
}

func (tr *trial) compile(exprs ...*bind.Expr) *eval.Program {
	p, err := eval.Compile(&batch.Pool{}, exprs...)
	if err != nil {
		tr.t.Fatalf("%v: %v", tr.texts, err)
	}
	return p
}

// pieces cuts the input into batches, each with a selection of its own.
func (tr *trial) pieces() []*batch.Batch {
	var out []*batch.Batch
	for from := 0; from < tr.in.Len; {
		to := min(tr.in.Len, from+rapid.SampledFrom([]int{1, 5, 64, 130}).Draw(tr.t, "cut"))
		rows := make([]uint16, 0, to-from)
		for i := from; i < to; i++ {
			rows = append(rows, uint16(i))
		}
		b := &batch.Batch{Len: len(rows)}
		for _, c := range tr.in.Cols {
			part := batch.NewColumn(&batch.Pool{}, c.Type())
			part.Gather(c, rows)
			b.Cols = append(b.Cols, part)
		}
		if chance := rapid.SampledFrom([]int{0, 1, 2, 8}).Draw(tr.t, "selection"); chance > 0 {
			b.Sel = []uint16{}
			for i := range b.Len {
				if rapid.IntRange(0, chance).Draw(tr.t, "selected") == 0 {
					b.Sel = append(b.Sel, uint16(i))
				}
			}
		}
		spoil(b)
		out = append(out, b)
		from = to
	}
	return out
}

// spoil fills what nobody may look at, NULLs and rows that do not count, with what would make a kernel fail or panic that did.
func spoil(b *batch.Batch) {
	for _, c := range b.Cols[1:] {
		for row := range b.Len {
			if !c.IsNull(row) && (b.Sel == nil || slices.Contains(b.Sel, uint16(row))) {
				continue
			}
			switch c.Kind() {
			case schema.Text:
				c.Views()[row] = batch.View{Len: 0xdeadbeef, Prefix: [4]byte{'a', 'b', 'c', 'a'}, Buf: 0xdeadbeef, Off: 0xdeadbeef}
				if row%2 == 0 {
					c.Views()[row].Len = 13 // as long as a text that is there
				}
			case schema.Numeric:
				c.Coefs()[row] = numeric.Int128{Lo: 0xdeadbeefdeadbeef, Hi: -0x2152411021524111}
			case schema.Int64:
				c.Int64s()[row] = []int64{0, 1 << 62, -1 << 63}[row%3]
			case schema.Int32:
				c.Int32s()[row] = []int32{0, 1 << 30, -1 << 31}[row%3]
			default:
			}
		}
	}
}

// evaluate compares a program of all expressions with the reference over one piece.
func (tr *trial) evaluate(p *eval.Program, b *batch.Batch, only int) {
	tr.ids = b.Cols[0]
	clear(tr.notes)
	var errs builtin.Errors
	cols := p.Eval(b, nil, &errs)
	if !slices.IsSorted(errs.Rows) || len(slices.Compact(slices.Clone(errs.Rows))) != len(errs.Rows) {
		tr.t.Fatalf("%v: failed rows %v are not ascending", tr.texts, errs.Rows)
	}
	for i := range b.Rows() {
		row := b.Row(i)
		in := &interpreter{b: b, row: row, seen: map[int64]bool{}}
		failed := false
		for k, e := range tr.folded {
			if only >= 0 && k != only {
				continue
			}
			want := in.run(e)
			failed = failed || want.failed != ""
			if at := k; want.failed == "" && !slices.Contains(errs.Rows, uint16(row)) {
				if only >= 0 {
					at = 0
				}
				if !sameValue(cols[at], row, want.value) {
					tr.t.Fatalf("%s in row %d\n got %v\nwant %v", tr.texts[k], row, load(cols[at], row), want.value)
				}
			}
		}
		if got := slices.Contains(errs.Rows, uint16(row)); got != failed {
			tr.t.Fatalf("%v in row %d: failed %v, want %v", tr.texts, row, got, failed)
		}
		tr.checkProbes(in, row, failed)
	}
	if len(errs.Rows) > 0 && b.Sel != nil {
		for _, r := range errs.Rows {
			if !slices.Contains(b.Sel, r) {
				tr.t.Fatalf("%v: row %d failed, which nobody wanted", tr.texts, r)
			}
		}
	}
}

// checkProbes: what the reference did not evaluate for a row the program must not evaluate either. A row that failed is free.
func (tr *trial) checkProbes(in *interpreter, row int, failed bool) {
	if failed {
		return
	}
	id := in.b.Cols[0].Int64s()[row]
	for note := range tr.notes {
		if note[1] == id && !in.seen[note[0]] {
			tr.t.Fatalf("%v: probe %d was evaluated for row %d outside its guard", tr.texts, note[0], row)
		}
	}
	for label := range in.seen {
		if !tr.notes[[2]int64{label, id}] {
			tr.t.Fatalf("%v: probe %d was not evaluated for row %d", tr.texts, label, row)
		}
	}
}

// TestProgramsComputeWhatTheReferenceDoes: values, failures and guards, whatever the cuts and selections, with several expressions in one
// program, which is used again from batch to batch.
func TestProgramsComputeWhatTheReferenceDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrial(t, func(g *grammar) []string {
			list := []string{g.any(3)}
			for range rapid.IntRange(0, 2).Draw(g.t, "more") {
				list = append(list, g.any(2))
			}
			return list
		})
		all, first := tr.compile(tr.exprs...), tr.compile(tr.exprs[0])
		defer all.Close()
		defer first.Close()
		for _, b := range tr.pieces() {
			tr.evaluate(all, b, -1)
			tr.evaluate(first, b, 0)
		}
	})
}

// TestFilterKeepsWhatTheReferenceFindsTrue: an AND at the top stops at NULL already, as WHERE does.
func TestFilterKeepsWhatTheReferenceFindsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrial(t, func(g *grammar) []string { return []string{g.boolean(3)} })
		p := tr.compile(tr.exprs...)
		defer p.Close()
		kept := []uint16{9999}
		for _, b := range tr.pieces() {
			tr.ids = b.Cols[0]
			var errs builtin.Errors
			kept = p.Filter(b, kept[:1], &errs)
			var want, failed []uint16
			for i := range b.Rows() {
				row := b.Row(i)
				switch out := (&interpreter{b: b, row: row, seen: map[int64]bool{}}).where(tr.folded[0]); {
				case out.failed != "":
					failed = append(failed, uint16(row))
				case out.value == true:
					want = append(want, uint16(row))
				}
			}
			if !slices.Equal(kept[1:], want) || !slices.Equal(errs.Rows, failed) {
				t.Fatalf("%v\n kept %v failed %v\n want %v failed %v", tr.texts, kept[1:], errs.Rows, want, failed)
			}
		}
	})
}

func (in *interpreter) where(e *bind.Expr) outcome {
	if e.Op != bind.And {
		return in.run(e)
	}
	for _, a := range e.Args {
		if out := in.run(a); out.failed != "" || out.value != true {
			return out
		}
	}
	return outcome{value: true}
}

// TestFoldKeepsValues: folding may forget errors, as PostgreSQL does where a constant decides, but it neither makes any nor changes a value.
func TestFoldKeepsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := drawTrial(t, func(g *grammar) []string { return []string{g.any(3)} })
		for row := range tr.in.Len {
			in := &interpreter{b: tr.in, row: row, seen: map[int64]bool{}}
			before, after := in.run(tr.exprs[0]), in.run(tr.folded[0])
			if before.failed != "" {
				continue
			}
			if a, b := before.String(), after.String(); a != b {
				t.Fatalf("%v in row %d: %v became %v", tr.texts, row, a, b)
			}
		}
	})
}
