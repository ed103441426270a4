package window

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// partials are what rows add up to for all calls, each by a number; and additions of some to others, which wait until they are all carried out.
type partials struct {
	name  string
	calls []*slicedCall
	next  *keyed.Slab[uint32] // behind those that are free
	used  uint32              // how many were ever used
	free  uint32              // the first of those that are free
	idle  int                 // how many are free
	// into and from are pairs of numbers: the second is to be added to the first. gone are those that are free behind that.
	into, from, gone []uint32
}

func newPartials(config *Config, pool *batch.Pool, budget *limit.Budget) *partials {
	p := &partials{name: config.Name, next: keyed.NewSlab[uint32](budget), free: none}
	for i := range config.Calls {
		p.calls = append(p.calls, newSlicedCall(&config.Calls[i], pool, budget))
	}
	return p
}

// take returns the number of one that is empty.
func (p *partials) take() (uint32, error) {
	if n := p.free; n != none {
		p.free = *p.next.At(n)
		p.idle--
		return n, nil
	}
	if p.used == none {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s has more groups of slices than it can number", p.name)
	}
	n := int(p.used) + 1
	if err := p.next.Grow(n); err != nil {
		return 0, err
	}
	for _, c := range p.calls {
		if err := c.state.Grow(n); err != nil {
			return 0, err
		}
	}
	p.used++
	return p.used - 1, nil
}

// give takes one back. No addition may wait for it.
func (p *partials) give(n uint32) {
	for _, c := range p.calls {
		c.state.Free(n)
	}
	*p.next.At(n), p.free = p.free, n
	p.idle++
}

// add has from added to into, behind all additions before.
func (p *partials) add(into, from uint32) {
	p.into, p.from = append(p.into, into), append(p.from, from)
}

// giveLater takes one back when the additions were carried out.
func (p *partials) giveLater(n uint32) { p.gone = append(p.gone, n) }

// carryOut adds what was to be added.
func (p *partials) carryOut() error {
	for _, c := range p.calls {
		if err := c.folder.Fold(p.into, p.from); err != nil {
			return err
		}
	}
	p.into, p.from = p.into[:0], p.from[:0]
	for _, n := range p.gone {
		p.give(n)
	}
	p.gone = p.gone[:0]
	return nil
}

// append appends the states of all calls.
func (p *partials) append(dst []byte, n uint32) []byte {
	for _, c := range p.calls {
		dst = c.state.Append(n, dst)
	}
	return dst
}

// restore reads what append wrote at the beginning of data, and returns what follows.
func (p *partials) restore(data []byte) (n uint32, rest []byte, err error) {
	if n, err = p.take(); err != nil {
		return 0, nil, err
	}
	for _, c := range p.calls {
		if data, err = c.state.Restore(n, data); err != nil {
			return 0, nil, err
		}
	}
	return n, data, nil
}

// release gives all memory back.
func (p *partials) release() {
	p.next.Free()
	for _, c := range p.calls {
		c.state.Close()
		c.reset()
	}
	p.used, p.free, p.idle = 0, none, 0
	p.into, p.from, p.gone = p.into[:0], p.from[:0], p.gone[:0]
}
