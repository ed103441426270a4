package generate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// configure returns the config of options, which the test holds to be right.
func configure(tb testing.TB, options map[string]any) *Config {
	tb.Helper()
	c := &Config{}
	if mistakes := connector.Apply(c, options); len(mistakes) > 0 {
		tb.Fatal(mistakes[0])
	}
	return c
}

// newTestDecoder returns the decoder of c's rows that makes what need says.
func newTestDecoder(tb testing.TB, c *Config, pool *batch.Pool, need []codec.Need) codec.Decoder {
	tb.Helper()
	d, err := newDecoder(c, codec.DecodeSpec{Schema: Schema(c), Need: need, Pool: pool})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// open returns a reader of c that goes on from the states in restore.
func open(tb testing.TB, c *Config, clk clock.Clock, restore ...connector.SplitState) connector.Reader {
	tb.Helper()
	r, err := SourceType(clk).Open(tb.Context(), connector.SourceEnv{Name: "s", Restore: restore}, c)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// manual is a clock that stands still.
func manual() *clock.Manual { return clock.NewManual(time.Unix(0, 0)) }

// render writes a row of columns; what nothing reads is "-".
func render(cols []*batch.Column, row int) string {
	var parts []string
	for _, c := range cols {
		parts = append(parts, renderValue(c, row))
	}
	return strings.Join(parts, "|")
}

func renderValue(c *batch.Column, row int) string {
	switch {
	case c == nil:
		return "-"
	case c.IsNull(row):
		return "NULL"
	}
	switch c.Kind() {
	case schema.Row:
		var members []*batch.Column
		for i := range c.Type().Fields {
			members = append(members, c.Child(i))
		}
		return "(" + render(members, row) + ")"
	case schema.Int32:
		return fmt.Sprint(c.Int32s()[row])
	case schema.Int64, schema.Timestamp:
		return fmt.Sprint(c.Int64s()[row])
	default:
		return string(c.Bytes(row))
	}
}

// renderEvent writes the members of an event as render does.
func renderEvent(e *nexmark.Event) string {
	var all []any
	switch p, a, b := &e.Person, &e.Auction, &e.Bid; e.Kind {
	case nexmark.KindPerson:
		all = []any{p.ID, p.Name, p.EmailAddress, p.CreditCard, p.City, p.State, p.DateTime, p.Extra}
	case nexmark.KindAuction:
		all = []any{a.ID, a.ItemName, a.Description, a.InitialBid, a.Reserve, a.DateTime, a.Expires, a.Seller, a.Category, a.Extra}
	default:
		all = []any{b.Auction, b.Bidder, b.Price, b.Channel, b.URL, b.DateTime, b.Extra}
	}
	parts := make([]string, len(all))
	for i, v := range all {
		if text, ok := v.([]byte); ok {
			v = string(text)
		}
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, "|")
}

// renderCombined writes an event as a row of the combined form.
func renderCombined(e *nexmark.Event) string {
	parts := []string{fmt.Sprint(uint8(e.Kind)), "NULL", "NULL", "NULL"}
	parts[1+e.Kind] = "(" + renderEvent(e) + ")"
	return strings.Join(parts, "|")
}

// rowsOf decodes the positions from first on, count of them.
func rowsOf(tb testing.TB, d codec.Decoder, first int64, count int) []string {
	tb.Helper()
	if err := d.Begin(&codec.Block{Name: name, First: first, Count: count}); err != nil {
		tb.Fatal(err)
	}
	var rows []string
	for {
		b, res, err := d.Decode()
		if err != nil {
			tb.Fatal(err)
		}
		if res.Records != b.Rows() || res.Filtered != 0 || len(res.Rejects) != 0 || b.Sel != nil {
			tb.Fatalf("%d rows, but the result is %+v", b.Rows(), res)
		}
		for i := range b.Rows() {
			rows = append(rows, render(b.Cols, i))
		}
		if !res.More {
			return rows
		}
	}
}

// read polls r to its end and returns the rows that d makes.
func read(tb testing.TB, r connector.Reader, d codec.Decoder) []string {
	tb.Helper()
	var rows []string
	for {
		var block codec.Block
		status, err := r.Poll(tb.Context(), nil, &block)
		if err != nil {
			tb.Fatal(err)
		}
		if status == connector.End {
			return rows
		}
		rows = append(rows, rowsOf(tb, d, block.First, block.Count)...)
	}
}
