package checkpoint

import (
	"errors"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

func TestRequest(t *testing.T) {
	dir := t.TempDir()
	open := func() *Owner {
		o, err := Open(t.Context(), Options{Dir: dir, Pipeline: "p"})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := open()
	r, err := Ask(vfs.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if epoch, err := r.Answer(); epoch != 0 || err != nil {
		t.Fatalf("answered before anybody was asked: %d, %v", epoch, err)
	}
	names, err := o.Asked()
	if err != nil || len(names) != 1 {
		t.Fatalf("asked: %v, %v", names, err)
	}
	if err := o.Answer(append(names, "request-0000000000000000"), 7); err != nil {
		t.Fatal(err)
	}
	if epoch, err := r.Answer(); epoch != 7 || err != nil {
		t.Fatalf("answer: %d, %v", epoch, err)
	}
	if names, err := o.Asked(); err != nil || len(names) != 0 {
		t.Fatalf("asked again: %v, %v", names, err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}

	// A run that begins removes requests, and whoever waits is told.
	if r, err = Ask(vfs.OS(), dir); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	o = open()
	if _, err := r.Answer(); !errors.Is(err, ErrRequestGone) {
		t.Fatalf("after another start: %v", err)
	}
	if err := errors.Join(r.Close(), o.Close()); err != nil {
		t.Fatal(err)
	}
	for name, ours := range map[string]bool{
		"request-0123456789abcdef": true, "done-0123456789abcdef-12": true, "request-": false, "request-01": false, "done-0123456789abcdef": false, "done-0123456789abcdef-x": false, "other": false,
	} {
		if isRequest(name) != ours {
			t.Errorf("isRequest(%q) is %v", name, !ours)
		}
	}
}
