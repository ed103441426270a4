package nexmark

import "math/bits"

// prices holds the powers that a price is multiplied from, so that drawing one needs neither math.Pow (40 ns) nor a function whose last bit
// depends on the processor. Every product is converted to float64 explicitly: the language then forbids fusing it with an
// addition, and all machines agree.
type prices struct {
	decade [6]float64   // 10^(2+i)
	coarse [256]float64 // 10^(i/256)
	fine   [256]float64 // 10^(i/65536)
}

// The roots of ten below are rounded by the compiler from their decimal digits.
const (
	tenRoot256   = 1.0090350448414474377592544 // 10^(1/256)
	tenRoot65536 = 1.0000351352774618566085823 // 10^(1/65536)
	naturalTen   = 2.3025850929940456840179915 // ln 10
)

//nolint:gochecknoglobals // immutable table
var priceTable = newPrices()

func newPrices() prices {
	p := prices{decade: [6]float64{1e2, 1e3, 1e4, 1e5, 1e6, 1e7}}
	coarse, fine := 1.0, 1.0
	for i := range p.coarse {
		p.coarse[i], p.fine[i] = coarse, fine
		coarse *= tenRoot256
		fine *= tenRoot65536
	}
	return p
}

// price draws round(100·10^(6u)), u even in [0, 1): 100 to 100,000,000, each decade as likely.
func (s *stream) price() int64 {
	return priceTable.at(s.next())
}

// at returns the price for u = word/2⁶⁴.
func (p *prices) at(word uint64) int64 {
	decade, fraction := bits.Mul64(word, uint64(len(p.decade)))
	rest := float64(float64(fraction&(1<<48-1)) * (naturalTen / (1 << 64))) // below 3.6e-5: three terms of e^rest do
	tail := 1 + float64(rest*float64(1+float64(rest*0.5)))
	value := float64(p.decade[decade] * p.coarse[fraction>>56])
	value = float64(float64(value*p.fine[fraction>>48&0xff]) * tail)
	return int64(value + 0.5)
}
