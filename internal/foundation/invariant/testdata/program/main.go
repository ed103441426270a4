// Command program breaks an invariant and exits cleanly where assertions are off.
package main

import "wire.example/wire/internal/foundation/invariant"

func main() {
	invariant.Check(false, "position %d went back", 5)
}
