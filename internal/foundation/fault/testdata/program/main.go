// Command program passes three kill points, naming each on standard output, then lists what it passed.
package main

import (
	"os"
	"strconv"

	"wire.example/wire/internal/foundation/fault"
)

func main() {
	for i := range 3 {
		os.Stdout.WriteString("before " + strconv.Itoa(i+1) + "\n")
		fault.Point("test/step")
	}
	fault.Point("test/end")
	for _, p := range fault.Points() {
		os.Stdout.WriteString(p.Name + "=" + strconv.FormatUint(p.Count, 10) + "\n")
	}
}
