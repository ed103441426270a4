package nexmark

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/connect/generate/nexmark"
)

// Set is what is done to the generator's events.
type Set string

const (
	// Plain leaves them as they are: out of order within groups of 40, none late.
	Plain Set = "plain"
	// Gap moves the second half to the next day.
	Gap Set = "gap"
	// Late is Gap, and some events come hundreds or thousands of places behind their own.
	Late Set = "late"
)

const (
	// eventsPerSecond of event time: a group of 40 events spans almost the 4 s by which watermarks stay behind.
	eventsPerSecond = 10
	groupSize       = 40
	// secondHalf is when the second half begins, in µs behind the first event: at 07:50 of the second day, so that q14 sees night, day and what is neither.
	secondHalf = (31*60 + 50) * 60 * 1_000_000
	// Of lateEvery events one comes later than its place, most of them by up to lateNear places, which makes a row late or not according to its split's own
	// watermark, and one in lateRare by up to lateFar.
	lateEvery = 19
	lateNear  = 160
	lateRare  = 4
	lateFar   = 3000
)

// SideInputKeys is how many rows side_input.csv has, with the keys from 0.
const SideInputKeys = 10_000

// config is the generator's.
func config(events int64) nexmark.Config {
	c := nexmark.DefaultConfig()
	c.Events, c.GroupSize, c.EventsPerSecond, c.Seed = events, groupSize, eventsPerSecond, 1
	return c
}

// line is an event as it stands in a file.
type line struct {
	kind nexmark.Kind
	// combined holds the typed form between from and to.
	combined string
	from, to int
}

func (l *line) typed() string { return l.combined[l.from:l.to] }

// lines are the events of a set in the order in which they come.
func lines(set Set, events int64) ([]line, error) {
	g, err := nexmark.NewGenerator(config(events))
	if err != nil {
		return nil, err
	}
	type placed struct {
		line
		place uint64
	}
	all := make([]placed, 0, events)
	for k := range g.Count() {
		e := g.Event(g.NumberAt(k))
		if set != Plain && e.Number >= g.Count()/2 {
			move(e, secondHalf-int64(g.Count()/2)*1_000_000/eventsPerSecond)
		}
		place := k
		if set == Late {
			place += delay(e.Number)
		}
		whole := string(nexmark.AppendJSON(nil, e))
		from := len(`{"event_type":0,"":`) + len(e.Kind.String())
		all = append(all, placed{line{e.Kind, whole, from, len(whole) - 1}, place})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return int(a.place) - int(b.place) }) //nolint:gosec // a few thousand
	out := make([]line, len(all))
	for i := range all {
		out[i] = all[i].line
	}
	return out, nil
}

// delay is by how many places an event comes late.
func delay(number uint64) uint64 {
	h := xxh3.Hash(binary.LittleEndian.AppendUint64(nil, number))
	switch {
	case h%lateEvery != 0:
		return 0
	case h>>16%lateRare == 0:
		return h >> 32 % lateFar
	}
	return h >> 32 % lateNear
}

// move makes an event happen later, by µs.
func move(e *nexmark.Event, by int64) {
	switch e.Kind {
	case nexmark.KindPerson:
		e.Person.DateTime += by
	case nexmark.KindAuction:
		e.Auction.DateTime += by
		e.Auction.Expires += by
	default:
		e.Bid.DateTime += by
	}
}

// Write writes a set into a folder: person.jsonl, auction.jsonl and bid.jsonl, the same rows in event.jsonl, and side_input.csv.
func Write(dir string, set Set, events int64) error {
	all, err := lines(set, events)
	if err != nil {
		return err
	}
	files := map[string]func(*line) string{"event": func(l *line) string { return l.combined }}
	for _, kind := range []nexmark.Kind{nexmark.KindPerson, nexmark.KindAuction, nexmark.KindBid} {
		files[kind.String()] = func(l *line) string {
			if l.kind == kind {
				return l.typed()
			}
			return ""
		}
	}
	for name, text := range files {
		if err := writeLines(filepath.Join(dir, name+".jsonl"), all, text); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "side_input.csv"), []byte(sideInput()), 0o600)
}

func writeLines(path string, all []line, text func(*line) string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // closed below where it counts
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range all {
		if t := text(&all[i]); t != "" {
			if _, err := w.WriteString(t + "\n"); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func sideInput() string {
	var b strings.Builder
	b.WriteString("key,value\n")
	for key := range SideInputKeys {
		fmt.Fprintf(&b, "%d,value of %d\n", key, key)
	}
	return b.String()
}
