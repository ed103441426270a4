package eval

import "bytes"

// commonBytes are frequent in texts and addresses, the most frequent first.
const commonBytes = "e tainosrhldcum/.pgwfybvk0123456789-:ETAINOSRHLDCUMjxqz"

// finder looks for text by its rarest byte, which the machine finds 32 bytes at a time.
type finder struct {
	text []byte
	at   int // where the rarest byte stands in text
}

func newFinder(text []byte) finder {
	f := finder{text: text}
	best := -1
	for i, ch := range text {
		rank := bytes.IndexByte([]byte(commonBytes), ch)
		if rank < 0 {
			rank = len(commonBytes)
		}
		if rank > best {
			best, f.at = rank, i
		}
	}
	return f
}

// index is bytes.Index(b, f.text). Where the byte turns out to be frequent, it is that.
func (f *finder) index(b []byte) int {
	if len(f.text) == 0 {
		return 0
	}
	rare, last := f.text[f.at], len(b)-len(f.text)
	for from, misses := 0, 0; from <= last; misses++ {
		if misses > 4 {
			if i := bytes.Index(b[from:], f.text); i >= 0 {
				return from + i
			}
			return -1
		}
		i := bytes.IndexByte(b[from+f.at:last+f.at+1], rare)
		if i < 0 {
			return -1
		}
		if from += i; bytes.Equal(b[from:from+len(f.text)], f.text) {
			return from
		}
		from++
	}
	return -1
}
