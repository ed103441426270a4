//go:build poison

package batch

// Poisoned says whether this build overwrites memory that was given back.
const Poisoned = true

// poisonWord is what freed memory reads as: an implausible number, and as a view a length that fails a bounds check.
const poisonWord = 0xDEADBEEFDEADBEEF

func poisonWords(s []uint64) {
	for i := range s {
		s[i] = poisonWord
	}
}

func poisonBytes(s []byte) {
	for i := range s {
		s[i] = 0xDE
	}
}
