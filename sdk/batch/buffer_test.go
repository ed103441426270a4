package batch_test

import (
	"bytes"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func mustPanic(t *testing.T, what string, do func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s does not panic", what)
		}
	}()
	do()
}

func TestBufferGivesItsMemoryBackOnce(t *testing.T) {
	var p batch.Pool
	b := p.NewBuffer(100)
	if len(b.Data) != 0 || cap(b.Data) < 100 {
		t.Errorf("%d of %d bytes", len(b.Data), cap(b.Data))
	}
	if b.Shared() {
		t.Error("a new buffer is shared")
	}
	b.Retain()
	if !b.Shared() {
		t.Error("a retained buffer is not shared")
	}
	b.Release()
	if b.Shared() || p.Stats().Puts != 0 {
		t.Error("the memory went back while a reference was held")
	}
	b.Release()
	if got := p.Stats(); got.Puts != 1 || got.Bytes != 0 || b.Data != nil {
		t.Errorf("after the last reference: %+v", got)
	}
	mustPanic(t, "a release too many", b.Release)
}

func TestBufferGrows(t *testing.T) {
	var p batch.Pool
	empty := batch.WrapBuffer(nil)
	for name, b := range map[string]*batch.Buffer{"pooled": p.NewBuffer(8), "pooled, empty": p.NewBuffer(0), "wrapped": empty} {
		var want []byte
		for i := range 300 {
			piece := bytes.Repeat([]byte{byte(i)}, i)
			b.Grow(i)
			if cap(b.Data)-len(b.Data) < i {
				t.Fatalf("%s: no room for %d bytes after Grow", name, i)
			}
			b.Data = append(b.Data, piece...)
			want = append(want, piece...)
		}
		if !bytes.Equal(b.Data, want) {
			t.Errorf("%s: other bytes after growing", name)
		}
		first := &b.Data[0]
		b.Grow(0)
		if &b.Data[0] != first {
			t.Errorf("%s: moved though there was room", name)
		}
		b.Release()
	}
	if got := p.Stats().Bytes; got != 0 {
		t.Errorf("%d bytes are still lent", got)
	}
}

func TestBufferResetKeepsItsMemory(t *testing.T) {
	var p batch.Pool
	b := p.NewBuffer(64)
	b.Data = append(b.Data, "some text"...)
	before := cap(b.Data)
	b.Reset()
	if len(b.Data) != 0 || cap(b.Data) != before {
		t.Errorf("%d of %d bytes", len(b.Data), cap(b.Data))
	}
	b.Release()
}

func TestWrappedBufferBelongsToNoPool(t *testing.T) {
	data := []byte("lent by a test")
	b := batch.WrapBuffer(data)
	b.Release()
	if string(data) != "lent by a test" {
		t.Errorf("%q: the caller's bytes were changed", data)
	}
	mustPanic(t, "a release too many", b.Release)
}

func TestViewsOfSeveralColumnsShareBuffers(t *testing.T) {
	pool := &batch.Pool{}
	var sources []*batch.Column
	for _, text := range []string{"the first text is long", "the second text is long too"} {
		c := batch.NewColumn(pool, schema.Of(schema.Text))
		c.Reset(1)
		c.SetBytes(0, []byte(text))
		sources = append(sources, c)
	}
	both := batch.NewColumn(pool, schema.Of(schema.Text))
	both.Reset(2)
	for i, src := range sources {
		base := both.AddBuffers(src)
		v := src.Views()[0]
		v.Buf += base
		both.Views()[i] = v
	}
	for i, src := range sources {
		if got, want := string(both.Bytes(i)), string(src.Bytes(0)); got != want {
			t.Errorf("row %d is %q, want %q", i, got, want)
		}
	}
}
