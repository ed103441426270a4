package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/zeebo/xxh3"
)

// sumBlock is how many bytes a link of the chain covers.
const sumBlock = 1 << 20

// digest is the checksum of a file that is written from its beginning to its end: a chain of links, each the XXH3 of the link before (8 bytes,
// little-endian, 0 for the first) and of a block of sumBlock bytes, of fewer for the last. So the last block tells whether a file is the one that was read
// before; a part is read from its beginning, for what has changed there would be published. docs/format/sink-file.md draws it. The zero value needs begin.
type digest struct {
	chain uint64 // of all blocks but the last
	sum   uint64 // of all bytes, once hasher was asked
	block int    // bytes of the last block
	hash  xxh3.Hasher
	stale bool
}

// begin makes d the checksum of no bytes behind a chain.
func (d *digest) begin(chain uint64) {
	d.chain, d.sum, d.block, d.stale = chain, chain, 0, false
	d.link()
}

// link begins a block.
func (d *digest) link() {
	var before [8]byte
	binary.LittleEndian.PutUint64(before[:], d.chain)
	d.hash.Reset()
	_, _ = d.hash.Write(before[:]) // never fails
}

// Write takes the next bytes. It never fails.
func (d *digest) Write(data []byte) (int, error) {
	n := len(data)
	for len(data) > 0 {
		if d.block == sumBlock {
			d.chain, d.block = d.hash.Sum64(), 0
			d.link()
		}
		k := min(len(data), sumBlock-d.block)
		_, _ = d.hash.Write(data[:k])
		d.block += k
		data, d.stale = data[k:], true
	}
	return n, nil
}

// total is the checksum of everything so far.
func (d *digest) total() uint64 {
	if d.stale {
		d.sum, d.stale = d.hash.Sum64(), false
	}
	return d.sum
}

// mark is what is known of a file, or of the beginning of one: enough to know it again, and to go on behind it.
type mark struct {
	Length int64  `json:"length"` // bytes
	Sum    string `json:"sum,omitempty"`
	Chain  string `json:"chain,omitempty"` // of all blocks but the last
}

// mark is that of what was written so far, length bytes.
func (d *digest) mark(length int64) mark {
	return mark{Length: length, Sum: hex(d.total()), Chain: hex(d.chain)}
}

func hex(sum uint64) string { return fmt.Sprintf("%016x", sum) }

func unhex(text string) (sum uint64, err error) {
	sum, err = strconv.ParseUint(text, 16, 64)
	if err != nil || len(text) != 16 {
		return 0, fmt.Errorf("%q is no checksum", text)
	}
	return sum, nil
}

// errOtherBytes says that a file holds something else than a mark says.
var errOtherBytes = errors.New("other bytes")

// otherSum is errOtherBytes with the checksum that was found and the one that was to be.
func otherSum(found, want string) error {
	return fmt.Errorf("%w: their checksum is %s and not %s", errOtherBytes, found, want)
}

// resume checks the last block of m in f and makes d go on behind it.
func (d *digest) resume(f io.ReaderAt, m mark) error {
	chain, err := unhex(m.Chain)
	if err != nil {
		return err
	}
	last := max(m.Length-1, 0) / sumBlock * sumBlock
	d.begin(chain)
	return d.check(io.NewSectionReader(f, last, m.Length-last), m)
}

// whole reads all of m in f, checks it, and makes d go on behind it.
func (d *digest) whole(f io.ReaderAt, m mark) error {
	d.begin(0)
	return d.check(io.NewSectionReader(f, 0, m.Length), m)
}

func (d *digest) check(in io.Reader, m mark) error {
	if _, err := io.CopyBuffer(d, in, make([]byte, copyBytes)); err != nil {
		return err
	}
	if sum := hex(d.total()); sum != m.Sum {
		return otherSum(sum, m.Sum)
	}
	return nil
}

// copyBytes is how much is read at once of a file that is checked or copied.
const copyBytes = 256 << 10
