package timejoin

import "fmt"

// errChanges is for an input that takes rows back.
func errChanges(name string, input int) error {
	return fmt.Errorf("%s: the %s input takes rows back, which this join does not process", name, inputName(input))
}

// errOneInput is for a driver that does not tell the inputs apart.
func errOneInput(name string) error {
	return fmt.Errorf("%s has two inputs: rows come by ApplyInput", name)
}

// errEnded is for rows of an input that was said to be over.
func errEnded(name string, input int) error {
	return fmt.Errorf("%s: rows of the %s input after its end", name, inputName(input))
}
