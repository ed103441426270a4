package join

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Hash is the join that stores one input, the build side, and looks the rows of the other up in it.
//
// What it gives of stored rows alone comes out at the end, in the order of key groups and then of arrival; everything else in the order of the probe
// rows, and for each in the order of the stored ones. Probe rows that come before the build side has ended wait, and come out at its end in the order of key
// groups. Where state does not fit into memory the order is another one: see away.
type Hash struct {
	cfg   Config
	build *side
	held  *held
	probe *prober
	out   *output
	phase phase
	// ended says which inputs are over.
	ended [2]bool
	// last goes through the stored rows at the end.
	last  keyed.Cursor
	ids   []uint32
	rest  *rest
	away  *away
	found *foundRows
	// passed is the watermark that was let through last.
	passed int64
}

// phase is what the join is at.
type phase uint8

const (
	building        phase = iota // build rows are stored, probe rows held
	releasing                    // the build side is over: rows that were held are looked up
	releasingStored              // those that lie in the store
	probing                      // probe rows are looked up as they come
	finishing                    // both are over: stored rows come out
	finished
)

// NewHash returns a hash join. Without keys it tries all pairs: a nested loop. It does not keep c.
func NewHash(c *Config) (*Hash, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	h := &Hash{cfg: *c, passed: math.MinInt64}
	h.away = newAway(h)
	cfg := &h.cfg
	h.build = newSide(cfg, cfg.Build)
	h.build.away = h.away
	h.found = &foundRows{Rows: h.build.rows, h: h}
	h.held = newHeld(cfg, cfg.probe())
	h.out = newOutput(cfg, cfg.Build)
	h.probe = newProber(cfg, cfg.Build, h.build, h.out)
	if cfg.preserves(cfg.Build) {
		h.ids, h.rest = make([]uint32, batch.MaxRows), newRest(cfg, h.build, h.out)
	}
	return h, nil
}

// Apply is for operators of one input.
func (h *Hash) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(h.cfg.title())
}

// ApplyInput takes rows of one of the inputs.
func (h *Hash) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	switch {
	case op.Retracted(in):
		return false, errChanges(h.cfg.title())
	case h.ended[input]:
		return false, errEnded(h.cfg.title(), input)
	case input != h.cfg.Build && h.phase == building:
		return false, h.held.add(in, out)
	case input != h.cfg.Build && h.away.any:
		return h.away.look(in, out)
	case input != h.cfg.Build:
		return h.probe.run(in, false, out)
	}
	rows := int64(in.Rows())
	stored, err := h.build.add(in)
	out.Counts.In += rows
	out.Counts.Absorbed += int64(stored)
	out.Counts.Filtered += rows - int64(stored)
	return false, err
}

// Limit lets no watermark pass while probe rows wait: they come out behind those of the build side, which goes by another time, or at the end.
func (h *Hash) Limit(micros int64) int64 {
	if h.phase >= probing && !h.away.any || h.phase == finished {
		h.passed = micros
	}
	return h.passed
}

// OnInputEnd releases what was held once the build side is over, and emits what is left to say of stored rows once both are. The state has no
// note of ends: they are told again after a Restore.
func (h *Hash) OnInputEnd(input int, out *op.Output) (more bool, err error) {
	h.ended[input] = true
	if h.phase == building && h.ended[h.cfg.Build] {
		if h.phase = releasing; h.away.some() {
			h.away.begin()
			h.phase = releasingStored
			return true, nil
		}
	}
	switch h.phase {
	case releasing:
		if more, err := h.held.release(h.probe, out); more || err != nil {
			return more, err
		}
		h.held.free() // nothing that is still lent lies there
		h.phase = probing
	case releasingStored:
		if more, err := h.away.release(out); more || err != nil {
			return more, err
		}
		h.phase = probing
	default:
	}
	if h.phase == probing && h.ended[h.cfg.probe()] {
		if h.phase = finishing; h.away.any {
			h.away.begin()
		}
		return true, nil
	}
	if h.phase == finishing {
		if more, err := h.conclude(out); more || err != nil {
			return more, err
		}
		h.build.free()
		h.held.free()
		h.phase = finished
	}
	return false, nil
}

// conclude says what is left to say of rows when both inputs are over, and answers more until that is nothing.
func (h *Hash) conclude(out *op.Output) (more bool, err error) {
	if h.away.any {
		return h.away.finish(out)
	}
	return h.rest != nil && h.finish(out), nil
}

// finish emits stored rows, and answers whether it did: false is the end.
func (h *Hash) finish(out *op.Output) bool {
	for {
		n := h.build.rows.Scan(&h.last, h.ids)
		if n == 0 {
			return false
		}
		if h.rest.emit(h.ids[:n], out) {
			return true
		}
	}
}
