package storetest

import (
	"fmt"
	"maps"
	"slices"

	"wire.example/wire/internal/state/store"
)

// model is what a store should hold.
type model map[modelKey]string

type modelKey struct {
	space store.Space
	slice int64
	hash  uint64
	key   string
}

func (k modelKey) line(value string) string {
	return fmt.Sprintf("%v/%d/%x/%q=%.20q", k.space, k.slice, k.hash, k.key, value)
}

func (m model) copy() model {
	if m == nil {
		return model{}
	}
	return maps.Clone(m)
}

func (m model) drop(in func(modelKey) bool) {
	maps.DeleteFunc(m, func(k modelKey, _ string) bool { return in(k) })
}

// lines are the entries that in chooses, in the order of keys.
func (m model) lines(in func(modelKey) bool) []string {
	lines := map[string]string{}
	for k, value := range m {
		if in(k) {
			lines[string(store.AppendKey(nil, k.space, k.slice, k.hash, []byte(k.key)))] = k.line(value)
		}
	}
	out := []string{}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		out = append(out, lines[key])
	}
	return out
}
