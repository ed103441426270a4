// Command golden makes the answers of test/nexmark with a PostgreSQL 15; test/nexmark/README.md says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"wire.example/wire/test/nexmark"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "golden:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dsn := flag.String("postgres", "", "`DSN` of a PostgreSQL 15; nothing is left in it")
	dir := flag.String("dir", "test/nexmark", "`folder` of the suite")
	flag.Parse()
	if *dsn == "" {
		return errors.New("-postgres DSN is required")
	}
	for _, events := range nexmark.Sizes() {
		for _, c := range nexmark.Cases() {
			answers, err := nexmark.Answers(ctx, *dsn, c.Set, c.Form, events)
			if err != nil {
				return err
			}
			key := nexmark.Key(c.Set, c.Form, events)
			for _, name := range nexmark.Names() {
				fmt.Printf("%s %s: %d rows\n", key, name, len(answers[name]))
			}
			if err := nexmark.Save(*dir, key, answers); err != nil {
				return err
			}
		}
	}
	return nil
}
