package vfs

// journal is what changed since the last sync, oldest first.
type journal[T any] struct {
	changes []T
}

func (j *journal[T]) add(change T) { j.changes = append(j.changes, change) }

// take returns the changes and forgets them.
func (j *journal[T]) take() []T {
	changes := j.changes
	j.changes = nil
	return changes
}

// edit is a write of data at offset or, without data, a truncation to offset bytes.
type edit struct {
	offset int64
	data   []byte
}

// apply returns content after the edit, which may reuse its memory. A gap before offset is zeros.
func (e edit) apply(content []byte) []byte {
	if len(e.data) == 0 {
		return resize(content, e.offset)
	}
	if end := e.offset + int64(len(e.data)); end > int64(len(content)) {
		content = resize(content, end)
	}
	copy(content[e.offset:], e.data)
	return content
}

// resize cuts content, or extends it by zeros.
func resize(content []byte, size int64) []byte {
	if grow := size - int64(len(content)); grow > 0 {
		return append(content, make([]byte, grow)...)
	}
	return content[:size]
}

// renaming is a change of names in one directory: which node each has now, nil for none. A crash does not split it.
type renaming map[string]*node

func (r renaming) apply(entries map[string]*node) {
	for name, n := range r {
		if n == nil {
			delete(entries, name)
		} else {
			entries[name] = n
		}
	}
}

// sync makes what n holds durable.
func (n *node) sync() {
	for _, e := range n.writes.take() {
		n.stable.content = e.apply(n.stable.content)
	}
	for _, r := range n.names.take() {
		r.apply(n.stable.entries)
	}
}
