package optest

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// changelog is the rows that a port has given and not taken back, as a bag.
type changelog struct {
	rows map[string]int
}

// take takes the changes of a batch, and says what is wrong with them.
func (c *changelog) take(b *batch.Batch) error {
	if c.rows == nil {
		c.rows = map[string]int{}
	}
	plain := *b
	plain.Kinds = nil
	half := false // the row before was an UpdateBefore
	for i, row := range sdktest.Rows(&plain) {
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[b.Row(i)]
		}
		if half != (kind == batch.UpdateAfter) {
			return fmt.Errorf("the halves of an update are not neighbours: %v %s", kind, row)
		}
		half = kind == batch.UpdateBefore
		if op.Adds(kind) {
			c.rows[row]++
			continue
		}
		if c.rows[row] == 0 {
			return fmt.Errorf("%v %s takes back a row that is not there", kind, row)
		}
		if c.rows[row]--; c.rows[row] == 0 {
			delete(c.rows, row)
		}
	}
	if half {
		return fmt.Errorf("a batch ends between the halves of an update")
	}
	return nil
}

// left are the rows that are left, sorted.
func (c *changelog) left() []string {
	var rows []string
	for row, n := range c.rows {
		rows = append(rows, slices.Repeat([]string{row}, n)...)
	}
	slices.Sort(rows)
	return rows
}

// Fold returns what is left, sorted, of the rows that changes made, of which each is as in Result.Emitted: with a kind in front, or an insert. The error says that
// a row was taken back that was not there.
func Fold(changes []string) ([]string, error) {
	c := changelog{rows: map[string]int{}}
	for _, change := range changes {
		kind, row := batch.Insert, change
		for k := batch.Insert; k <= batch.Delete; k++ {
			if sign := k.String() + " "; len(change) >= len(sign) && change[:len(sign)] == sign {
				kind, row = k, change[len(sign):]
			}
		}
		if op.Adds(kind) {
			c.rows[row]++
			continue
		}
		if c.rows[row] == 0 {
			return nil, fmt.Errorf("%s takes back a row that is not there", change)
		}
		if c.rows[row]--; c.rows[row] == 0 {
			delete(c.rows, row)
		}
	}
	return c.left(), nil
}
