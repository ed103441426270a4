package store

// Pieces are pieces of bytes that follow each other: Ends says where each ends.
type Pieces struct {
	Data []byte
	Ends []int
}

// Reset forgets all pieces.
func (p *Pieces) Reset() { p.Data, p.Ends = p.Data[:0], p.Ends[:0] }

// End makes what was appended to Data since the last one a piece.
func (p *Pieces) End() { p.Ends = append(p.Ends, len(p.Data)) }

// PutMany is Put for a key and a value for each of hashes. All is copied.
func (c *Changes) PutMany(s Space, slice int64, hashes []uint64, keys, values *Pieces) {
	g := groupKey{s, slice}
	if c.log != nil {
		c.logMany(g, hashes, keys, values)
		return
	}
	c.expect(len(hashes))
	parts, shift := c.parts, 64
	if len(parts) > 1 {
		shift -= spreadBits
	}
	keyEnds, valueEnds := keys.Ends[:len(hashes)], values.Ends[:len(hashes)]
	keyAt, valueAt := 0, 0
	for i, hash := range hashes {
		key, value := keys.Data[keyAt:keyEnds[i]], values.Data[valueAt:valueEnds[i]]
		keyAt, valueAt = keyEnds[i], valueEnds[i]
		if len(key) > MaxKey || len(value) > MaxValue {
			c.refuse(g, key, value)
			continue
		}
		p := &parts[hash>>shift]
		size := len(key) + len(value)
		if cap(p.tail)-len(p.tail) < size || p.used == 0 {
			p.nextChunk(size)
		}
		at := len(p.tail)
		p.tail = append(append(p.tail, key...), value...)
		if p.group != g || p.count == 0 {
			p.begin(g)
			c.runs++
		}
		e := p.next(hash)
		e.chunk, e.offset, e.key, e.value = uint32(p.used-1), uint32(at), uint32(len(key)), uint32(len(value)) //nolint:gosec // within the limits, and chunks are smaller, and fewer
		c.bytes += int64(PrefixLen + size)
		c.count++
	}
}

// logMany is PutMany in the form of a log.
func (c *Changes) logMany(g groupKey, hashes []uint64, keys, values *Pieces) {
	size, n := 0, len(hashes)
	if n > 0 {
		size = keys.Ends[n-1] + values.Ends[n-1]
	}
	if size > largestLogChunk/2 { // and some may be too large
		c.logEach(g, hashes, keys, values)
		return
	}
	c.log.addMany(g, hashes, keys, values, size)
	c.bytes += int64(size + n*PrefixLen)
	c.count += n
}

// logEach is logMany, one by one.
func (c *Changes) logEach(g groupKey, hashes []uint64, keys, values *Pieces) {
	keyAt, valueAt := 0, 0
	for i, hash := range hashes {
		key, value := keys.Data[keyAt:keys.Ends[i]], values.Data[valueAt:values.Ends[i]]
		keyAt, valueAt = keys.Ends[i], values.Ends[i]
		if len(key) > MaxKey || len(value) > MaxValue {
			c.refuse(g, key, value)
			continue
		}
		c.log.add(g, hash, key, value, false)
		c.bytes += int64(PrefixLen + len(key) + len(value))
		c.count++
	}
}
