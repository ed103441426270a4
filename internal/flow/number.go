package flow

import "maps"

// recordNumbers count the lines before the next block (the records, where those have no lines; a header left out), in each split from the beginning of the file that it is in, so that messages and dead
// letters name the line that a person finds there. They are stored with every epoch: a resumed run counts on.
type recordNumbers struct {
	splits map[int]place
	// stored are the numbers to go on from, by file.
	stored map[string]int64
}

// place is a split's file and the lines dealt of it.
type place struct {
	file    string
	records int64
}

// noSplit is the split of a mark.
const noSplit = -1

// before returns the number of lines before p in its file.
func (n *recordNumbers) before(p *parcel) int64 {
	if p.split == noSplit {
		return 0
	}
	at, known := n.splits[p.split]
	switch {
	case p.starts && at.file != p.name:
		return 0
	case !known:
		return n.stored[p.name]
	default:
		return at.records
	}
}

// pass counts the records of p.
func (n *recordNumbers) pass(p *parcel) {
	if p.split == noSplit {
		return
	}
	records := n.before(p) + int64(p.lines)
	if n.splits == nil {
		n.splits = map[int]place{}
	}
	n.splits[p.split] = place{file: p.name, records: records}
}

// snapshot returns the numbers by file. Files that no block came from since the run was resumed keep theirs.
func (n *recordNumbers) snapshot() map[string]int64 {
	all := map[string]int64{}
	maps.Copy(all, n.stored)
	for _, p := range n.splits {
		all[p.file] = p.records
	}
	return all
}
