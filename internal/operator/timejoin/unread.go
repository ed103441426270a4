package timejoin

import (
	"encoding/binary"

	"wire.example/wire/internal/state/keyed"
)

// A restart leaves rows in the store unread, slice by slice: what slices there are, and which times they have, the checkpoint says. Rows of an Interval join are then in each slice what those that have left memory are; they
// come back by their keys, or as they are read on. Those of a Window join are read when their windows close.

// outlineVersion is the version of what Outline returns: docs/format/manifest.md.
const outlineVersion = 1

// partlyOutlined says of a slice that some of its rows are done with.
const partlyOutlined = 1

// outlined is what an outline says of a slice.
type outlined struct {
	number, min, max int64
	highest          uint64 // number of a row
	partly           bool
}

// Outline says of each slice its number, its times, the highest number of its rows, and whether some are done with; see keyed.Outlined.
func (s *store) Outline() (outline []byte, ok bool) {
	if !s.MayLeave() {
		return nil, false
	}
	outline = append(outline, outlineVersion)
	for _, p := range s.slices {
		o := outlined{number: p.number, min: p.min, max: p.max, highest: p.rows.Highest(), partly: p.partly}
		if outline = o.append(outline); len(outline) > keyed.MostOutline {
			return nil, false
		}
	}
	return outline, true
}

func (o *outlined) append(outline []byte) []byte {
	for _, v := range [...]int64{o.number, o.min, o.max} {
		outline = binary.AppendVarint(outline, v)
	}
	flags := byte(0)
	if o.partly {
		flags = partlyOutlined
	}
	return append(binary.AppendUvarint(outline, o.highest), flags)
}

// appendOutlined appends what an outline says.
func appendOutlined(to []outlined, outline []byte) (_ []outlined, ok bool) {
	if len(outline) == 0 || outline[0] != outlineVersion {
		return nil, false
	}
	for outline = outline[1:]; len(outline) > 0; {
		var o outlined
		for _, v := range [...]*int64{&o.number, &o.min, &o.max} {
			value, n := binary.Varint(outline)
			if n <= 0 {
				return nil, false
			}
			*v, outline = value, outline[n:]
		}
		highest, n := binary.Uvarint(outline)
		if n <= 0 || n == len(outline) || outline[n] > partlyOutlined {
			return nil, false
		}
		o.highest, o.partly = highest, outline[n] == partlyOutlined
		to, outline = append(to, o), outline[n+1:]
	}
	return to, true
}

// PostponeSlices leaves rows in the store; see keyed.Outlined.
func (s *store) PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error) {
	var all []outlined
	for _, outline := range outlines {
		if all, ok = appendOutlined(all, outline); !ok {
			return false, nil
		}
	}
	from = max(keyed.ShardFrom(from), s.kept.home.From)
	for _, o := range all {
		p := s.at(o.number)
		p.min, p.max = min(p.min, o.min), max(p.max, o.max)
		if s.ranged {
			err, p.partly = s.leave(p), p.partly || o.partly
		} else {
			err = s.enterLate(p, past, future)
		}
		if err != nil {
			return false, err
		}
		p.rows.Above(o.highest)
		p.rows.Postpone(from)
	}
	return true, s.readNameless()
}

// readNameless reads the rows that may get a slice of another number.
func (s *store) readNameless() error {
	for _, p := range s.slices {
		for more := s.nameless(p) && !s.ranged; more; {
			var err error
			if more, err = p.rows.ReadOn(readRows, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadOn reads rows of the last slice of which some are unread; see keyed.Unread. Those of a Window join are not read ahead.
func (s *store) ReadOn(most int, pass bool) (more bool, err error) {
	for i := len(s.slices) - 1; i >= 0 && !s.ranged; i-- {
		if p := s.slices[i]; p.rows.HasUnread() {
			more, err := p.rows.ReadOn(most, pass)
			return more || !p.rows.HasUnread(), err // unread still: there is no memory to note more
		}
	}
	return false, nil
}
