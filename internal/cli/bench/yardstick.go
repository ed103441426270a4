package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"time"
)

// yardstickName is the case that shows what the machine gives: q0 as a Go program over encoding/json.
const yardstickName = "encoding-json"

// maxLine bounds a line of the yardstick's input.
const maxLine = 1 << 20

// yardstickEvent is what the yardstick decodes of an event.
type yardstickEvent struct {
	EventType int `json:"event_type"`
	Bid       *struct {
		Auction  int64  `json:"auction"`
		Bidder   int64  `json:"bidder"`
		Price    int64  `json:"price"`
		Channel  string `json:"channel"`
		URL      string `json:"url"`
		DateTime string `json:"date_time"`
		Extra    string `json:"extra"`
	} `json:"bid"`
}

// Yardstick does what q0 does, by hand: it decodes every line of the file at path with encoding/json, parses the time of each bid and folds
// all its values into a checksum, which it prints with the number of bids.
func Yardstick(path string, out io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 256<<10), maxLine)
	seed := maphash.MakeSeed()
	var sum uint64
	var bids int
	for lines.Scan() {
		var e yardstickEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return err
		}
		if e.EventType != 2 || e.Bid == nil {
			continue
		}
		at, err := time.Parse("2006-01-02 15:04:05.000000", e.Bid.DateTime)
		if err != nil {
			return err
		}
		bids++
		sum += maphash.Comparable(seed, [4]int64{e.Bid.Auction, e.Bid.Bidder, e.Bid.Price, at.UnixMicro()}) ^
			maphash.String(seed, e.Bid.Channel) ^ maphash.String(seed, e.Bid.URL) ^ maphash.String(seed, e.Bid.Extra)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d bids, checksum %016x\n", bids, sum)
	return err
}

func (b *bench) yardstick(ctx context.Context) (CaseCost, error) {
	doc := "the same as q0, by hand over encoding/json"
	b.say("%s: %s", yardstickName, doc)
	run := func(path string) func() (usage, error) {
		return func() (usage, error) { return b.process(ctx, "bench", "--yardstick", path) }
	}
	return b.slope(yardstickName, doc, run(b.long), run(b.short))
}
