package display

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
)

// changingTable is rows that change, on a screen.
func changingTable(t *testing.T, height int) (*Changing, *screen) {
	t.Helper()
	tty := newScreen(60)
	return NewChanging(tty, clock.NewManual(wall), fixed(60, height), []string{"k", "n"}, []bool{false, true}, nil), tty
}

func change(t *testing.T, c *Changing, kind batch.Change, cells ...string) {
	t.Helper()
	if !c.Change(kind, cells, nil) {
		t.Fatal("too many rows")
	}
}

func shows(t *testing.T, tty *screen, want ...string) {
	t.Helper()
	if got := strings.TrimRight(tty.text(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the screen shows\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestRowsAreUpdatedInPlace(t *testing.T) {
	c, tty := changingTable(t, 24)
	change(t, c, batch.Insert, "a", "1")
	change(t, c, batch.Insert, "b", "1")
	c.Draw()
	shows(t, tty, " k | n", "---+---", " a | 1", " b | 1", "(2 rows, 2 changes)")
	change(t, c, batch.UpdateBefore, "a", "1")
	change(t, c, batch.UpdateAfter, "a", "20")
	change(t, c, batch.Insert, "c\x1b[2J", "1")
	c.Draw()
	shows(t, tty, " k     |  n", "-------+----", " a     | 20", " b     |  1", " c?[2J |  1", "(3 rows, 5 changes)")
	change(t, c, batch.Delete, "b", "1")
	change(t, c, batch.Delete, "b", "1") // it is not there any more
	c.Draw()
	shows(t, tty, " k     |  n", "-------+----", " a     | 20", " c?[2J |  1", "(2 rows, 7 changes)")
	writes := tty.writes
	c.Draw()
	if tty.writes != writes {
		t.Error("it was drawn though nothing had changed")
	}
}

func TestEqualRowsAreRowsOfTheirOwn(t *testing.T) {
	c, tty := changingTable(t, 24)
	for range 3 {
		change(t, c, batch.Insert, "a", "1")
	}
	change(t, c, batch.UpdateBefore, "a", "1")
	change(t, c, batch.UpdateAfter, "b", "1")
	change(t, c, batch.Delete, "a", "1")
	change(t, c, batch.UpdateAfter, "c", "1") // alone it is a row of its own
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	shows(t, tty, " k | n", "---+---", " a | 1", " b | 1", " c | 1", "(3 rows, 7 changes)")
}

func TestOfManyRowsThoseThatChangedLastAreShown(t *testing.T) {
	c, tty := changingTable(t, 7)
	for i := range 10 {
		change(t, c, batch.Insert, fmt.Sprint("r", i), "1")
	}
	change(t, c, batch.UpdateBefore, "r2", "1")
	change(t, c, batch.UpdateAfter, "r2", "2")
	c.Draw()
	shows(t, tty, " k  | n", "----+---", " r2 | 2", " r8 | 1", " r9 | 1", "(10 rows, of which 3 changed last; 12 changes)")
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	if text := tty.text(); strings.Count(text, "\n r") != 10 || !strings.Contains(text, "(10 rows, 12 changes)") {
		t.Errorf("at its end the screen shows\n%s", text)
	}
	if err := c.End(); err != nil || strings.Count(tty.text(), "\n r") != 10 {
		t.Errorf("the second end shows something, %v", err)
	}
}

func TestLongValuesAreCutWhileTheyChange(t *testing.T) {
	c, tty := changingTable(t, 24)
	long := strings.Repeat("x", 50)
	change(t, c, batch.Insert, long, "1")
	c.Draw()
	if strings.Contains(tty.text(), long) || !strings.Contains(tty.text(), strings.Repeat("x", 39)+"\u00e2") {
		t.Errorf("%s", tty.text())
	}
	if err := c.End(); err != nil || !strings.Contains(tty.text(), long+" | 1") {
		t.Errorf("%s, %v", tty.text(), err)
	}
}

func TestThereMayBeTooManyRows(t *testing.T) {
	c, _ := changingTable(t, 24)
	for i := range MaxChanging {
		change(t, c, batch.Insert, fmt.Sprint(i), "1")
	}
	if c.Change(batch.Insert, []string{"more", "1"}, nil) {
		t.Error("one row more was taken")
	}
	change(t, c, batch.UpdateBefore, "5", "1")
	change(t, c, batch.UpdateAfter, "5", "2")
	change(t, c, batch.Delete, "6", "1")
	change(t, c, batch.Insert, "more", "1")
}

func TestRowsAreDrawnAsTimeGoesBy(t *testing.T) {
	clk, tty := clock.NewManual(wall), newScreen(40)
	c := NewChanging(tty, clk, fixed(40, 24), []string{"k", "n"}, []bool{false, true}, nil)
	c.Start()
	<-tty.drew
	change(t, c, batch.Insert, "a", "1")
	clk.Advance(changeEvery)
	<-tty.drew
	shows(t, tty, " k | n", "---+---", " a | 1", "(1 row, 1 change)")
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	shows(t, tty, " k | n", "---+---", " a | 1", "(1 row, 1 change)")
}

func TestATerminalThatGoesAwayEndsIt(t *testing.T) {
	c, tty := changingTable(t, 24)
	c.Draw()
	tty.mu.Lock()
	tty.err = errors.New("gone")
	tty.mu.Unlock()
	change(t, c, batch.Insert, "a", "1")
	c.Draw()
	if err := c.End(); err == nil {
		t.Error("nobody is told")
	}
}

func TestRowsAreSorted(t *testing.T) {
	tty := newScreen(60)
	c := NewChanging(tty, clock.NewManual(wall), fixed(60, 7), []string{"k"}, []bool{false}, func(a, b any) int { return b.(int) - a.(int) })
	insert := func(name string, rank int) {
		if !c.Change(batch.Insert, []string{name}, rank) {
			t.Fatal("too many rows")
		}
	}
	insert("one", 1)
	insert("three", 3)
	insert("two", 2)
	c.Draw()
	shows(t, tty, " k", "-------", " three", " two", " one", "(3 rows, 3 changes)")
	c.Change(batch.UpdateBefore, []string{"one"}, 1)
	c.Change(batch.UpdateAfter, []string{"four"}, 4)
	insert("another four", 4)
	c.Draw()
	shows(t, tty, " k", "--------------", " four", " another four", " three", "(4 rows, of which these are the first 3; 6 changes)")
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	shows(t, tty, " k", "--------------", " four", " another four", " three", " two", "(4 rows, 6 changes)")
}
