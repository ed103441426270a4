package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// rest emits stored rows of which everything is known.
type rest struct {
	cfg   *Config
	side  *side
	out   *output
	ids   []uint32
	marks []uint8
}

func newRest(c *Config, s *side, out *output) *rest {
	return &rest{cfg: c, side: s, out: out, ids: make([]uint32, 0, batch.MaxRows), marks: make([]uint8, 0, batch.MaxRows)}
}

// emit emits those of ids, at most batch.MaxRows, that come out, and reports whether there are any.
func (r *rest) emit(ids []uint32, out *op.Output) bool {
	r.ids, r.marks = r.ids[:0], r.marks[:0]
	for _, id := range ids {
		if truth := *r.side.rows.Mark(id); r.passes(truth) {
			r.ids, r.marks = append(r.ids, id), append(r.marks, truth)
		}
	}
	if len(r.ids) == 0 {
		return false
	}
	b := r.out.alone(r.side.rows, r.ids)
	if r.cfg.Kind == Mark {
		c := r.out.beginMark()
		for i, truth := range r.marks {
			setMark(c, i, truth)
		}
	}
	out.Emit(0, b)
	return true
}

// passes reports whether a stored row whose match is a truth comes out.
func (r *rest) passes(truth uint8) bool {
	switch r.cfg.Kind {
	case Semi:
		return truth == isTrue
	case Anti:
		return truth == isFalse || truth == isUnknown && !r.cfg.NullAware
	case Mark:
		return true
	default:
		return truth != isTrue
	}
}
