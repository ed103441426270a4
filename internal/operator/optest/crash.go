package optest

import (
	"maps"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
)

// point is a run as it was when its state was sealed: what it goes on from after a crash.
type point struct {
	next   int // the event after the seal
	at     []int
	rest   map[op.KeyGroup][]byte
	slices [][][]byte // outlines of the parts
	ended  []bool
	marks  []int64
	merged int64
	logs   []changelog
	// What had been given, by its length, and the account.
	rows, emitted []int
	rejects       int
	counts        op.Counts
}

// sealAll passes a barrier, and notes the run as it is then.
func (r *run) sealAll(next int, at []int) error {
	if r.keeping == nil {
		return nil
	}
	if err := r.each(r.seal); err != nil {
		return err
	}
	r.sinceSeal = 0
	rest, err := r.restOf()
	if err != nil {
		return err
	}
	p := &point{next: next, at: slices.Clone(at), rest: rest, slices: r.outlines(), ended: slices.Clone(r.ended), marks: slices.Clone(r.marks), merged: r.merged, rejects: len(r.result.Rejects), counts: r.result.Counts}
	for port := range r.result.Rows {
		p.rows, p.emitted = append(p.rows, len(r.result.Rows[port])), append(p.emitted, len(r.result.Emitted[port]))
	}
	for _, log := range r.logs {
		p.logs = append(p.logs, changelog{rows: maps.Clone(log.rows)})
	}
	r.point = p
	return nil
}

// crash forgets what has happened since the state was sealed last, and goes on from there with new instances, which get what was stored of it; if nothing was sealed since the
// last move, nothing happens. It returns the number of the event to go on with.
func (r *run) crash(e event, i int, at []int) (next int, err error) {
	p := r.point
	if p == nil || r.crashed[i] {
		return i + 1, nil
	}
	r.crashed[i], r.point = true, nil
	for _, in := range r.instances {
		if err := r.store(in, math.MaxInt64); err != nil {
			return 0, err
		}
		r.result.Peak = max(r.result.Peak, in.budget.Peak())
	}
	copy(at, p.at)
	r.ended, r.marks, r.merged, r.logs = p.ended, p.marks, p.merged, p.logs
	r.result.Counts, r.result.Rejects = p.counts, r.result.Rejects[:p.rejects]
	for port := range p.rows {
		r.result.Rows[port], r.result.Emitted[port] = r.result.Rows[port][:p.rows[port]], r.result.Emitted[port][:p.emitted[port]]
	}
	if err := r.restoreKept(e, p.rest, p.slices); err != nil {
		return 0, err
	}
	return p.next, r.endInputsAgain()
}
