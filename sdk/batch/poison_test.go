//go:build poison

package batch_test

import (
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestAKeptReferenceReadsGarbage is what the build tag is for.
func TestAKeptReferenceReadsGarbage(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(3)
	kept := c.Int64s()
	kept[1] = 42
	c.Reset(3)
	if kept[1] == 42 {
		t.Error("the old value can still be read")
	}
	b := (&batch.Pool{}).NewBuffer(10)
	b.Data = append(b.Data, "secret"...)
	text := b.Data
	b.Reset()
	if string(text) == "secret" {
		t.Error("the old bytes can still be read")
	}
}
