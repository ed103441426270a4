// Command wire runs stream pipelines. All of it is in internal/cli.
package main

import (
	"os"

	"wire.example/wire/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
