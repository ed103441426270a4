package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWhatTheRuntimeCannotUse is as good as damaged, if it says so: what else may be taken is named, and nothing is claimed. What it cannot read for another reason is no damage.
func TestWhatTheRuntimeCannotUse(t *testing.T) {
	foreign := errors.New("it is of another release")
	refuse := func(why error, epochs ...int64) func(*Options) {
		return func(o *Options) {
			o.Usable = func(m *Manifest) error {
				if slices.Contains(epochs, m.Epoch) {
					return fmt.Errorf("%w: epoch %d", why, m.Epoch)
				}
				return nil
			}
		}
	}
	since := func(epoch int64) func(*Options) { return func(o *Options) { o.AcceptSince = epoch } }
	b, _ := memBed(t)
	o := b.open(refuse(foreign, 0)) // nobody asks where there is nothing
	b.checkpoint(o, 1, 2, 3)
	b.must(o.Close())
	before := b.names("manifests")
	newest := stateDir + "/" + manifestName(4)

	_, err := b.try(refuse(ErrDamaged, 3))
	unusable := wantAs[*UnusableError](t, err)
	if !strings.Contains(err.Error(), newest+": checkpoint is damaged: epoch 3\nRestore the file") || len(unusable.Intact) != 2 || unusable.Intact[0].Epoch != 2 {
		t.Error(err)
	}
	_, err = b.try(refuse(ErrDamaged, 3, 2))
	if unusable = wantAs[*UnusableError](t, err); len(unusable.Intact) != 1 || unusable.Intact[0].Epoch != 1 {
		t.Errorf("another one that is not usable either: %v", err)
	}
	_, err = b.try(refuse(ErrDamaged, 2), since(2))
	if unusable = wantAs[*UnusableError](t, err); unusable.Asked != 2 || len(unusable.Intact) != 2 || unusable.Intact[0].Epoch != 3 {
		t.Errorf("asked for: %v", err)
	}
	_, err = b.try(refuse(foreign, 3))
	if errors.As(err, &unusable) || !errors.Is(err, foreign) || !strings.Contains(err.Error(), newest) {
		t.Errorf("foreign: %v", err)
	}
	if after := b.names("manifests"); !slices.Equal(after, before) {
		t.Errorf("starts that were refused left %q, and there were %q", after, before)
	}

	o = b.open(refuse(ErrDamaged, 3), since(2))
	if o.Latest().Epoch != 2 {
		t.Errorf("goes on from %d", o.Latest().Epoch)
	}
	b.must(o.Close())
	o = b.open(refuse(ErrDamaged, 1, 2, 3), fresh)
	if o.Latest() != nil {
		t.Errorf("goes on from %d", o.Latest().Epoch)
	}
	b.must(o.Close())
}
