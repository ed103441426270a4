package numeric_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := any128().Draw(t, "d")
		text := d.String()
		back, err := numeric.ParseString(text)
		if err != nil || back != d {
			t.Fatalf("%#v became %q became %#v, %v", d, text, back, err)
		}
		if !d.IsFinite() {
			return
		}
		if want := rat(d).FloatString(int(d.Scale)); text != want && text != "-"+want {
			t.Fatalf("got %s, want %s", text, want)
		}
	})
}

// TestAppendCoefAtEveryScale meets each branch of the writer: no point, odd and even fractions, the point between the two halves.
func TestAppendCoefAtEveryScale(t *testing.T) {
	for _, text := range []string{"0", "7", "-42", "1234567890123456789", "18446744073709551615", "18446744073709551616", "-100000000000000000000", "99999999999999999999999999999999999999"} {
		n, _ := new(big.Int).SetString(text, 10)
		for scale := range 39 {
			want := withPoint(n.Sign() < 0, strings.TrimPrefix(text, "-"), scale)
			if got := string(numeric.AppendCoef([]byte("x="), int128(n), scale)); got != "x="+want {
				t.Errorf("%s at scale %d: %s, want %s", text, scale, got, want)
			}
		}
	}
}

func TestParseKeepsNothingOfItsInput(t *testing.T) {
	text := []byte(" 12345678901234567890.5 ")
	d, err := numeric.Parse(text)
	clear(text)
	if err != nil || d.String() != "12345678901234567890.5" {
		t.Fatalf("%s, %v", d, err)
	}
}

func TestParseErrorIsBounded(t *testing.T) {
	_, err := numeric.ParseString(strings.Repeat("x", 1<<20))
	if sqlstate.Of(err) != sqlstate.InvalidTextRepresentation || len(err.Error()) > 2048 {
		t.Fatalf("%d bytes of message", len(err.Error()))
	}
}

func TestParseRejectsNUL(t *testing.T) {
	for _, text := range []string{"1\x00", "\x001", "1.5\x00", "\x00"} {
		if d, err := numeric.ParseString(text); sqlstate.Of(err) != sqlstate.InvalidTextRepresentation {
			t.Errorf("%q: %s, %v", text, d, err)
		}
	}
}

func TestTextDoesNotAllocate(t *testing.T) {
	inputs := [][]byte{[]byte("908"), []byte("-1234.5678"), []byte("12345678901234567890.123456789"), []byte("1e30"), []byte("NaN")}
	room := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		for _, text := range inputs {
			d, _ := numeric.Parse(text)
			room = numeric.Append(room[:0], d)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestArithmeticDoesNotAllocate(t *testing.T) {
	a, b := parseFatal(t, "12345678901234567.123456789"), parseFatal(t, "-0.9876543")
	var s numeric.Sum
	if n := testing.AllocsPerRun(100, func() {
		sum, _ := numeric.Add(a, b)
		product, _ := numeric.Mul(b, b)
		quotient, _ := numeric.Div(a, b)
		rest, _ := numeric.Mod(a, b)
		rounded, _ := numeric.Round(quotient, 3)
		s.Add(sum)
		s.Add(product)
		s.Sub(rest)
		s.Add(rounded)
		_, _ = s.Result()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse checks against math/big: what is accepted has the value that is written, and its text is read back as the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "0", "-1.50", " 1e3 ", "1e-38", "NaN", "-inf", "+Infinity", ".5", "1.", "1e 5", "1e+", "..", "99999999999999999999999999999999999999", "1e38", "0e-50", "1.0e-20", "12345678901234567.8"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := numeric.Parse(text)
		if err != nil {
			if code := sqlstate.Of(err); code != sqlstate.InvalidTextRepresentation && code != sqlstate.NumericValueOutOfRange {
				t.Fatalf("%q: %s %v", text, code, err)
			}
			return
		}
		if d.Scale > 38 || d.Scale < numeric.ScaleNegInf || !d.Coef.InRange() || (d.Scale < 0 && !d.Coef.IsZero()) {
			t.Fatalf("%q became %#v", text, d)
		}
		if back, err := numeric.ParseString(d.String()); err != nil || back != d {
			t.Fatalf("%q became %s became %s, %v", text, d, back, err)
		}
		if !d.IsFinite() || len(text) > 100 {
			return
		}
		plain := strings.ReplaceAll(strings.Trim(string(text), " \t\n\v\f\r"), " ", "")
		if _, exponent, _ := strings.Cut(strings.ToLower(plain), "e"); len(exponent) > 4 {
			return
		}
		if want, ok := new(big.Rat).SetString(plain); ok && rat(d).Cmp(want) != 0 {
			t.Fatalf("%q became %s", text, d)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"908", "-1234.5678", "123456789012345678", "12345678901234567890.123456789"} {
		b.Run(text, func(b *testing.B) {
			input := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := numeric.Parse(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, text := range []string{"908", "-1234.5678", "1234567.890", "12345678901234567890.123456789"} {
		b.Run(text, func(b *testing.B) {
			d := parseFatal(b, text)
			room := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				room = numeric.Append(room[:0], d)
			}
		})
	}
}

func BenchmarkArithmetic(b *testing.B) {
	price, rate := parseFatal(b, "123456.78"), parseFatal(b, "0.908")
	wide := parseFatal(b, "12345678901234567890.123456789")
	for _, c := range []struct {
		name string
		a, b numeric.Decimal
		run  func(a, b numeric.Decimal) (numeric.Decimal, error)
	}{
		{"add", price, price, numeric.Add},
		{"add-scales", price, rate, numeric.Add},
		{"mul", price, rate, numeric.Mul},
		{"mul-wide", wide, rate, numeric.Mul},
		{"div", price, rate, numeric.Div},
		{"div-wide", wide, price, numeric.Div},
		{"mod", price, rate, numeric.Mod},
		{"power", price, rate, numeric.Power},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.run(c.a, c.b); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
