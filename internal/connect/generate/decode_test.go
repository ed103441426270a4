package generate

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// expected returns what the whole run of c is, made straight from Nexmark's generator.
func expected(tb testing.TB, c *Config) []string {
	tb.Helper()
	g, err := nexmark.NewGenerator(c.nexmark())
	if err != nil {
		tb.Fatal(err)
	}
	var rows []string
	for k := range g.Count() {
		switch e := g.At(k); {
		case c.Table == "":
			rows = append(rows, renderCombined(e))
		case c.Table == e.Kind.String():
			rows = append(rows, renderEvent(e))
		}
	}
	return rows
}

// sameRows reports the first row that differs.
func sameRows(t interface{ Fatalf(string, ...any) }, got, want []string) {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("row %d is\n%s\nwant\n%s", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
}

func TestRowsAreNexmarksEvents(t *testing.T) {
	for _, table := range []string{"", "person", "auction", "bid"} {
		for _, group := range []int64{1, 100} {
			options := map[string]any{"rows": int64(12_345), "seed": int64(3), "group_size": group}
			if table != "" {
				options["table"] = table
			}
			c := configure(t, options)
			got := read(t, open(t, c, manual()), newTestDecoder(t, c, &batch.Pool{}, nil))
			sameRows(t, got, expected(t, c))
		}
	}
}

func TestSequenceIsTheNumbersFromZero(t *testing.T) {
	c := configure(t, map[string]any{"kind": "sequence", "rows": int64(5_000)})
	rows := read(t, open(t, c, manual()), newTestDecoder(t, c, &batch.Pool{}, nil))
	if len(rows) != 5_000 || rows[0] != "0" || rows[1] != "1" || rows[4_999] != "4999" {
		t.Errorf("%d rows, from %v", len(rows), rows[:2])
	}
}

// Lanes get the blocks in turns, each with a decoder of its own: what a block gives depends neither on its cut nor on who decodes it.
func TestRowsDoNotDependOnCutsOrLanes(t *testing.T) {
	configs := []*Config{
		configure(t, map[string]any{"rows": int64(6_000), "group_size": int64(1_000)}),
		configure(t, map[string]any{"rows": int64(6_000), "table": "auction", "group_size": int64(7)}),
		configure(t, map[string]any{"rows": int64(6_000), "table": "person"}),
		configure(t, map[string]any{"kind": "sequence", "rows": int64(6_000)}),
	}
	var want [][]string
	for _, c := range configs {
		want = append(want, rowsOf(t, newTestDecoder(t, c, &batch.Pool{}, nil), 0, int(c.Rows)))
	}
	rapid.Check(t, func(rt *rapid.T) {
		which := rapid.IntRange(0, len(configs)-1).Draw(rt, "config")
		c, pool := configs[which], &batch.Pool{}
		lanes := make([]codec.Decoder, rapid.IntRange(1, 4).Draw(rt, "lanes"))
		for i := range lanes {
			lanes[i] = newTestDecoder(t, c, pool, nil)
		}
		var got []string
		for first := int64(0); first < c.Rows; {
			count := min(rapid.Int64Range(1, 3_000).Draw(rt, "count"), c.Rows-first)
			got = append(got, rowsOf(t, lanes[rapid.IntRange(0, len(lanes)-1).Draw(rt, "lane")], first, int(count))...)
			first += count
		}
		sameRows(rt, got, want[which])
	})
}

// What is not read is nil, and what is read stays the same.
func TestOnlyWhatIsNeededIsMade(t *testing.T) {
	combined := configure(t, map[string]any{"rows": int64(500)})
	whole := rowsOf(t, newTestDecoder(t, combined, &batch.Pool{}, nil), 0, 500)
	bidMembers := make([]codec.Need, 7)
	bidMembers[nexmark.BidPrice].Read, bidMembers[nexmark.BidURL].Read = true, true
	need := []codec.Need{{}, {Read: true}, {}, {Read: true, Members: bidMembers}}
	for i, row := range rowsOf(t, newTestDecoder(t, combined, &batch.Pool{}, need), 0, 500) {
		all := strings.Split(whole[i], "|")
		var want string
		switch all[0] {
		case "0":
			want = "-|" + strings.Join(all[1:len(all)-2], "|") + "|-|NULL"
		case "1":
			want = "-|NULL|-|NULL"
		default:
			want = "-|NULL|-|(-|-|" + all[5] + "|-|" + all[7] + "|-|-)"
		}
		if row != want {
			t.Fatalf("row %d is\n%s\nwant\n%s", i, row, want)
		}
	}
	sequence := configure(t, map[string]any{"kind": "sequence", "rows": int64(3)})
	if rows := rowsOf(t, newTestDecoder(t, sequence, &batch.Pool{}, []codec.Need{{}}), 0, 3); !slices.Equal(rows, []string{"-", "-", "-"}) {
		t.Errorf("%v", rows)
	}
}

// Nothing is read but whether there is a bid: its rows are NULL or not, its members are not there.
func TestARowOfWhichNoMemberIsRead(t *testing.T) {
	c := configure(t, map[string]any{"rows": int64(50)})
	need := []codec.Need{{}, {}, {}, {Read: true, Members: make([]codec.Need, 7)}}
	rows := rowsOf(t, newTestDecoder(t, c, &batch.Pool{}, need), 0, 50)
	if rows[3] != "-|-|-|NULL" || rows[4] != "-|-|-|(-|-|-|-|-|-|-)" {
		t.Errorf("row 3 is %s, row 4 is %s", rows[3], rows[4])
	}
}

func TestColumnsOfATableThatAreNotReadAreNil(t *testing.T) {
	c := configure(t, map[string]any{"rows": int64(5_000), "table": "person"})
	need := make([]codec.Need, 8)
	need[nexmark.PersonID].Read, need[nexmark.PersonState].Read = true, true
	whole := expected(t, c)
	got := rowsOf(t, newTestDecoder(t, c, &batch.Pool{}, need), 0, 5_000)
	if len(got) != 100 {
		t.Fatalf("%d persons among 5,000 events", len(got))
	}
	for i, row := range got {
		all := strings.Split(whole[i], "|")
		if want := all[0] + "|-|-|-|-|" + all[5] + "|-|-"; row != want {
			t.Fatalf("row %d is %s, want %s", i, row, want)
		}
	}
}

// A block of a table may hold none of its rows, and more than fit into a batch.
func TestBlocksWithoutAndWithManyRowsOfATable(t *testing.T) {
	c := configure(t, map[string]any{"rows": int64(100_000), "table": "bid"})
	d := newTestDecoder(t, c, &batch.Pool{}, nil)
	if rows := rowsOf(t, d, 50, 4); len(rows) != 0 {
		t.Errorf("%d bids among a person and three auctions", len(rows))
	}
	if rows := rowsOf(t, d, 0, 100_000); len(rows) != 92_000 {
		t.Errorf("%d bids among 100,000 events", len(rows))
	}
}

// What a dead letter keeps of a row is the row as JSON, with the columns that are read. It stays while the block does.
func TestRecordsAreRowsAsJSON(t *testing.T) {
	for _, test := range []struct {
		options map[string]any
		need    []codec.Need
		last    string
	}{
		{map[string]any{"rows": int64(5_000), "kind": "sequence"}, nil, `{"n":3099}`},
		{
			map[string]any{"rows": int64(5_000)},
			[]codec.Need{{Read: true}, {}, {Read: true}, {Read: true, Members: append([]codec.Need{{Read: true}}, make([]codec.Need, 6)...)}},
			`{"event_type":2,"auction":null,"bid":{"auction":1164}}`,
		},
		{map[string]any{"rows": int64(5_000), "table": "auction"}, []codec.Need{{Read: true}, {}, {}, {}, {}, {Read: true}, {}, {}, {}, {}}, `{"id":1185,"date_time":"2015-07-15T00:00:00.3053"}`},
	} {
		c := configure(t, test.options)
		d, err := newDecoder(c, codec.DecodeSpec{Schema: Schema(c), Pool: &batch.Pool{}, Origin: true, Need: test.need})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a block more begins anew
			if err := d.Begin(&codec.Block{Name: "generate", First: 100, Count: 3_000}); err != nil {
				t.Fatal(err)
			}
			var first batch.Origin
			record, text := 0, ""
			for more := true; more; {
				b, res, err := d.Decode()
				if err != nil {
					t.Fatal(err)
				}
				o := b.Origin
				if o.Name != "generate" || o.Offset >= 0 || o.RecordNumber(0) != record {
					t.Errorf("%v: origin %q, offset %d, record %d, want %d", test.options, o.Name, o.Offset, o.RecordNumber(0), record)
				}
				if record == 0 {
					first = *o
					first.Starts, first.Ends = slices.Clone(o.Starts), slices.Clone(o.Ends)
					text = string(o.Record(0))
				}
				record, more = record+b.Rows(), res.More
				if last := string(o.Record(b.Rows() - 1)); !json.Valid([]byte(last)) || !more && last != test.last {
					t.Errorf("%v: the last row of a batch is %s", test.options, last)
				}
			}
			if got := string(first.Record(0)); got != text {
				t.Errorf("%v: the first row was %s, and is %s", test.options, text, got)
			}
		}
	}
}

// Columns that are not read cost no memory, and all memory goes back.
func TestMemoryGoesBackToThePool(t *testing.T) {
	pool := &batch.Pool{}
	c := configure(t, map[string]any{"rows": int64(3_000)})
	need := []codec.Need{{Read: true}, {}, {}, {Read: true, Members: make([]codec.Need, 7)}}
	rowsOf(t, newTestDecoder(t, c, pool, need), 0, 3_000)
	if got := pool.Stats().Bytes; got != 1024*4+512 { // event_type, and the bitmap of bid in the smallest class
		t.Errorf("%d bytes lent", got)
	}
}

func BenchmarkDecode(b *testing.B) {
	price := make([]codec.Need, 7)
	price[nexmark.BidAuction].Read, price[nexmark.BidPrice].Read = true, true
	for _, bench := range []struct {
		name    string
		options map[string]any
		need    []codec.Need
	}{
		{"combined", map[string]any{}, nil},
		{"combined, auction and price of bids", map[string]any{}, []codec.Need{{Read: true}, {}, {}, {Read: true, Members: price}}},
		{"table bid", map[string]any{"table": "bid"}, nil},
		{"table person", map[string]any{"table": "person"}, nil},
		{"sequence", map[string]any{"kind": "sequence"}, nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := configure(b, bench.options)
			d := newTestDecoder(b, c, &batch.Pool{}, bench.need)
			b.ReportAllocs()
			const count = 10_240
			for first := int64(0); b.Loop(); first += count {
				if err := d.Begin(&codec.Block{First: first, Count: count}); err != nil {
					b.Fatal(err)
				}
				for more := true; more; {
					_, res, err := d.Decode()
					if err != nil {
						b.Fatal(err)
					}
					more = res.More
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/event")
		})
	}
}

// TestTimesOfEvents: every event has its time, whatever is needed of it.
func TestTimesOfEvents(t *testing.T) {
	for table, paths := range map[string][][]int{"": {{1, 6}, {2, 5}, {3, 5}}, "person": {{6}}, "auction": {{5}}, "bid": {{5}}} {
		options := map[string]any{"rows": int64(12_345), "group_size": int64(100)}
		if table != "" {
			options["table"] = table
		}
		c := configure(t, options)
		spec := codec.DecodeSpec{Schema: Schema(c), Pool: &batch.Pool{}, Times: paths, Need: make([]codec.Need, Schema(c).Len())}
		spec.Need[0].Read = true
		d, err := newDecoder(c, spec)
		if err != nil {
			t.Fatal(err)
		}
		g, err := nexmark.NewGenerator(c.nexmark())
		if err != nil {
			t.Fatal(err)
		}
		want := []int64{math.MinInt64}
		for k := range g.Count() {
			if e := g.At(k); table == "" || table == e.Kind.String() {
				want = append(want, max(want[len(want)-1], e.DateTime()))
			}
		}
		if err := d.Begin(&codec.Block{Count: int(c.Rows)}); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			b, res, err := d.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.Before, want[:b.Len]) || res.Top != want[b.Len] || b.Cols[1] != nil {
				t.Fatalf("%s: other times, or columns", table)
			}
			want = want[b.Len:]
			more = res.More
		}
		if len(want) != 1 {
			t.Errorf("%s: %d rows too few", table, len(want)-1)
		}
	}
}
