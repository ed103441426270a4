package optest

import (
	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
)

// Catch is Check over a hundred seeds, and returns the first failure.
func Catch(o Operator, draw Draw, want func(inputs []*batch.Batch) [][]string) string {
	failure := rapid.Custom(func(t *rapid.T) string {
		inputs := draw(t, &batch.Pool{})
		s := drawSchedule(t, &o, inputs)
		var rows [][]string
		if want != nil {
			rows = want(inputs)
		}
		return text(compare(&o, s, inputs, rows))
	})
	for seed := range 100 {
		if got := failure.Example(seed); got != "" {
			return got
		}
	}
	return ""
}

// Starved says what is wrong with the error of an operator without memory.
func Starved(err error, name string) error { return starved(err, name) }
