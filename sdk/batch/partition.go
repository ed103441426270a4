package batch

// MaxParts is the largest number of parts of a Partitioner: one for each key group.
const MaxParts = 256

// Partitioner deals rows to parts by the key group of their hash, its top 8 bits: selections instead of copies. It belongs to one goroutine.
type Partitioner struct {
	owner  [MaxParts]uint8
	counts []int
	rows   []uint16 // MaxRows places for each part
}

// NewPartitioner returns a partitioner to parts parts, 1 to MaxParts; key group g goes to part owner[g], which is less than parts.
func NewPartitioner(parts int, owner [MaxParts]uint8) *Partitioner {
	return &Partitioner{owner: owner, counts: make([]int, parts), rows: make([]uint16, parts*MaxRows)}
}

// Spread returns the ownership in which each of parts parts has a contiguous range of key groups, as equal as can be.
func Spread(parts int) (owner [MaxParts]uint8) {
	for g := range owner {
		owner[g] = uint8(g * parts / MaxParts) //nolint:gosec // less than parts
	}
	return owner
}

// Deal deals the rows of b that count. hashes has one hash for each of them, as HashRows returns it. The parts are good until the next call.
func (p *Partitioner) Deal(b *Batch, hashes []uint64) {
	clear(p.counts)
	if b.Sel == nil {
		for i, h := range hashes {
			part := int(p.owner[h>>56])
			p.rows[part*MaxRows+p.counts[part]] = uint16(i) //nolint:gosec // a row number of a batch
			p.counts[part]++
		}
		return
	}
	for i, row := range b.Sel {
		part := int(p.owner[hashes[i]>>56])
		p.rows[part*MaxRows+p.counts[part]] = row
		p.counts[part]++
	}
}

// Rows returns the rows of a part, ascending: a selection of the batch that was dealt. Lent until the next Deal.
func (p *Partitioner) Rows(part int) []uint16 {
	from := part * MaxRows
	return p.rows[from : from+p.counts[part] : from+p.counts[part]]
}
