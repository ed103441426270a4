package timejoin_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
)

func temporal(kind timejoin.Kind) timejoin.TemporalConfig {
	return timejoin.TemporalConfig{
		Config: timejoin.Config{
			Name: "j", Kind: kind, Left: columnTypes(), Right: columnTypes(), Pool: &batch.Pool{},
			Keys: []timejoin.Key{{Left: keyColumn, Right: keyColumn}},
		},
		LeftTime: timeColumn, RightTime: timeColumn,
	}
}

func temporalRig(t fataler, c timejoin.TemporalConfig, instances int, guarded bool) *rig {
	t.Helper()
	return newRig(t, c.HashColumns(0), instances, guarded, func(budget *limit.Budget) op.Multi {
		c.Budget = budget
		j, err := timejoin.NewTemporal(&c)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return j
	})
}

// drawVersions makes some rows of a stream updates and deletions.
func drawVersions(t *rapid.T, s stream) stream {
	for i := range s.rows {
		s.rows[i].kind = rapid.SampledFrom([]batch.Change{batch.Insert, batch.Insert, batch.UpdateAfter, batch.Delete}).Draw(t, "kind")
		if s.rows[i].time == nil && s.rows[i].kind == batch.Delete {
			s.rows[i].kind = batch.Insert
		}
	}
	return s
}

// versionAt returns the version of a key at a time, nil if there is none.
func versionAt(rights []row, key, time int64) (found *row) {
	for i := range rights {
		r := &rights[i]
		if r.key == nil || *r.key != key || r.time == nil || *r.time > time {
			continue
		}
		if found == nil || *r.time >= *found.time {
			found = r
		}
	}
	if found != nil && found.kind == batch.Delete {
		return nil
	}
	return found
}

func TestTemporalJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	for range 6 {
		rapid.Check(t, func(rt *rapid.T) {
			c := temporal(rapid.SampledFrom([]timejoin.Kind{timejoin.Inner, timejoin.Left}).Draw(rt, "kind"))
			c.Upsert = true
			lags := [2]int64{rapid.Int64Range(0, 4).Draw(rt, "left lag"), rapid.Int64Range(0, 4).Draw(rt, "right lag")}
			c.LeftLag, c.RightLag = lags[0]*unit, lags[1]*unit
			delay := rapid.Int64Range(0, 5).Draw(rt, "delay")
			residual := rapid.Bool().Draw(rt, "residual")
			if residual {
				c.Residual, c.Reads = program(t, "(l2 + r2) % 3 <> 0")
			}
			inputs := [2]stream{drawStream(rt, 1, delay, lags[0]), drawVersions(rt, drawStream(rt, 1001, delay, lags[1]))}
			r := temporalRig(rt, c, rapid.IntRange(1, 3).Draw(rt, "instances"), rapid.Bool().Draw(rt, "guarded"))
			r.keep(rt)
			r.check = func(b *batch.Batch) {
				left, _ := c.Lags()
				for i := range b.Rows() {
					times, row := b.Cols[timeColumn], b.Row(i)
					if r.passed != math.MinInt64 && r.passed != math.MaxInt64 && !times.IsNull(row) && times.Int64s()[row] < r.passed-left {
						rt.Fatalf("the time is %d, the watermark %d, the lag %d", times.Int64s()[row], r.passed, left)
					}
				}
			}
			rowsAndWatermarks(rt, r, inputs, true, nil)
			want := map[pair]int{}
			for _, l := range inputs[0].rows {
				var met *row
				if l.key != nil && l.time != nil {
					met = versionAt(inputs[1].rows, *l.key, *l.time)
				}
				switch {
				case met != nil && (!residual || (l.id+met.id)%3 != 0):
					want[pair{l.id, met.id}]++
				case c.Kind == timejoin.Left:
					want[pair{l.id, 0}]++
				}
			}
			r.same(want, fmt.Sprintf("%s join, lags %d and %d, residual %v\nleft %v\nright %v", c.Kind, c.LeftLag, c.RightLag, residual, inputs[0].rows, inputs[1].rows))
		})
	}
}

func of(kind batch.Change, r row) row { r.kind = kind; return r }

func TestALeftRowWaitsForItsVersion(t *testing.T) {
	c := temporal(timejoin.Left)
	c.RightLag = 2 * unit
	r := temporalRig(t, c, 1, false)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.feed(0, []row{at(1, 7, 10), at(2, 7, 4), at(3, 8, 10)}, nil)
	r.watermark(1, 6*unit)
	r.feed(0, []row{at(7, 7, 4)}, nil)
	r.expect("versions at 4 may come")
	r.watermark(1, 6*unit+1)
	r.expect("no version at 4 may come", pair{2, 0}, pair{7, 0})
	r.feed(1, []row{at(1002, 7, 10)}, nil)
	r.watermark(1, 12*unit+1)
	r.expect("no version at 10 may come", pair{1, 1002}, pair{3, 0})
	r.feed(0, []row{at(4, 7, 9), at(5, 7, 11)}, nil)
	r.expect("one that need not wait", pair{4, 1001})
	r.end(1)
	r.expect("no version will come", pair{5, 1002})
	r.feed(0, []row{at(6, 7, 1000)}, nil)
	r.expect("nothing to wait for", pair{6, 1002})
	r.finish()
}

// TestOldVersionsAreFreed: of versions that are past the last of each key is kept, and deletions are not.
func TestOldVersionsAreFreed(t *testing.T) {
	c := temporal(timejoin.Left)
	c.Upsert = true
	r := temporalRig(t, c, 1, false)
	used := func() int64 { return r.instances[0].budget.Used() }
	var after []int64
	for round := range int64(40) {
		var rows []row
		for i := range int64(2000) {
			rows = append(rows, at(1001+2000*round+i, i%100, 10*round+i/100))
		}
		r.feed(1, rows, nil)
		for input := range 2 {
			r.watermark(input, 10*round*unit+9*unit)
		}
		after = append(after, used())
	}
	if first, last := after[5], after[len(after)-1]; last > first+first/10 {
		t.Errorf("%d bytes after 6 rounds, %d after 40", first, last)
	}
	var gone []row
	for i := range int64(100) {
		gone = append(gone, of(batch.Delete, at(900_000+i, i, 1000)))
	}
	r.feed(1, gone, nil)
	for input := range 2 {
		r.watermark(input, 2000*unit)
	}
	r.feed(0, []row{at(1, 7, 2000)}, nil)
	r.watermark(1, 3000*unit)
	r.expect("all are gone", pair{1, 0})
	r.finish()
}

func TestWhatADeleteTakes(t *testing.T) {
	timeless := at(1, 7, 0)
	timeless.time = nil
	for _, c := range []struct {
		what   string
		upsert bool
		gone   row
		want   map[pair]int
	}{
		{"the full image of a version", false, at(1002, 7, 10), map[pair]int{{1, 1001}: 1, {2, 0}: 1, {3, 1003}: 1}},
		{"another image", false, at(1009, 7, 10), map[pair]int{{1, 1001}: 1, {2, 1002}: 1, {3, 1003}: 1}},
		{"another key", false, at(1002, 9, 10), map[pair]int{{1, 1001}: 1, {2, 1002}: 1, {3, 1003}: 1}},
		{"a time", true, at(1009, 7, 15), map[pair]int{{1, 1001}: 1, {2, 0}: 1, {3, 1003}: 1}},
		{"no time", true, timeless, map[pair]int{{1, 1001}: 1, {2, 1002}: 1, {3, 0}: 1}},
	} {
		for _, kept := range []bool{false, true} {
			cfg := temporal(timejoin.Left)
			cfg.Upsert = c.upsert
			r := temporalRig(t, cfg, 1, false)
			if kept {
				r.keepAll()
			}
			r.feed(1, []row{at(1001, 7, 5), at(1002, 7, 10), at(1003, 7, 20)}, nil)
			r.feed(1, []row{of(batch.Delete, c.gone), of(batch.Delete, c.gone)}, nil)
			r.feed(0, []row{at(1, 7, 9), at(2, 7, 16), at(3, 7, 30)}, nil)
			r.restart(2)
			r.finish()
			r.same(c.want, c.what)
		}
	}
}

// TestAnUpdateThatChangesTheKey takes the version of the old key away: nothing replaces it. One of the same key stays the version of its time.
func TestAnUpdateThatChangesTheKey(t *testing.T) {
	r := temporalRig(t, temporal(timejoin.Left), 1, false)
	r.feed(1, []row{at(1001, 7, 5), at(1002, 8, 5)}, nil)
	r.feed(1, []row{of(batch.UpdateBefore, at(1001, 7, 5)), of(batch.UpdateAfter, at(1003, 9, 10))}, nil)
	r.feed(1, []row{of(batch.UpdateBefore, at(1002, 8, 5)), of(batch.UpdateAfter, at(1004, 8, 10))}, nil)
	r.feed(0, []row{at(1, 7, 6), at(2, 9, 11), at(3, 8, 6), at(4, 8, 11)}, nil)
	r.finish()
	r.same(map[pair]int{{1, 0}: 1, {2, 1003}: 1, {3, 1002}: 1, {4, 1004}: 1}, "updates")
}

func TestAsOfProcessingTime(t *testing.T) {
	for _, upsert := range []bool{false, true} {
		c := temporal(timejoin.Left)
		c.Processing, c.Upsert, c.LeftTime, c.RightTime = true, upsert, -1, -1
		r := temporalRig(t, c, 1, true)
		r.feed(0, []row{at(1, 7, 5)}, nil)
		r.expect("there is none", pair{1, 0})
		r.feed(1, []row{at(1001, 7, 5), at(1002, 8, 5)}, nil)
		r.feed(0, []row{at(2, 7, 1)}, nil)
		r.expect("times mean nothing", pair{2, 1001})
		r.feed(1, []row{of(batch.UpdateBefore, at(1001, 7, 5)), of(batch.UpdateAfter, at(1003, 7, 3))}, nil)
		r.restart(1)
		r.feed(0, []row{at(3, 7, 1), at(4, 8, 1)}, nil)
		r.expect("it was updated", pair{3, 1003}, pair{4, 1002})
		r.watermark(0, 100*unit)
		// A row with a new value comes before the one with the old value is taken back.
		r.feed(1, []row{at(1004, 7, 5), of(batch.Delete, at(1003, 7, 3)), of(batch.Delete, at(1002, 8, 5)), of(batch.Delete, at(1, 9, 5))}, nil)
		r.feed(0, []row{at(5, 7, 1), at(6, 8, 1)}, nil)
		if upsert {
			r.expect("they are deleted", pair{5, 0}, pair{6, 0})
		} else {
			r.expect("what was taken back was not the newest", pair{5, 1004}, pair{6, 0})
		}
		r.feed(1, []row{at(1005, 8, 5), of(batch.Delete, at(1005, 8, 5)), at(1006, 8, 5)}, nil)
		r.feed(0, []row{at(7, 8, 1)}, nil)
		r.expect("it is there again", pair{7, 1006})
		r.finish()
	}
}

func TestVersionsAreOfNoUseWithoutLeftRows(t *testing.T) {
	r := temporalRig(t, temporal(timejoin.Inner), 1, false)
	r.feed(0, []row{at(1, 7, 10)}, nil)
	r.end(0)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.watermark(1, 20*unit)
	r.expect("the one that waited", pair{1, 1001})
	r.feed(1, []row{at(1002, 7, 25)}, nil)
	r.finish()
	if r.counts.Absorbed != 1 || r.counts.Filtered != 1 || r.counts.Forwarded != 1 {
		t.Errorf("account %+v", r.counts)
	}
}

func TestTemporalJoinsThatNoPlanMayContain(t *testing.T) {
	for want, change := range map[string]func(c *timejoin.TemporalConfig){
		"inner temporal join j: it is said of 1 columns": func(c *timejoin.TemporalConfig) { c.Need = []bool{true} },
		"only inner and left joins know versions":        func(c *timejoin.TemporalConfig) { c.Kind = timejoin.Full },
		"it needs the primary key of the right input":    func(c *timejoin.TemporalConfig) { c.Keys = nil },
		"the left time is a bigint":                      func(c *timejoin.TemporalConfig) { c.LeftTime = keyColumn },
		"0 and -1 µs behind their watermarks":            func(c *timejoin.TemporalConfig) { c.RightLag = -1 },
	} {
		c := temporal(timejoin.Inner)
		change(&c)
		if _, err := timejoin.NewTemporal(&c); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
