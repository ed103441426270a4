package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/term"

	"wire.example/wire/internal/cli/prompt"
	"wire.example/wire/internal/cli/result"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
)

// interactive returns standard input and output if both are a terminal on which lines can be edited.
func (a *app) interactive(getenv func(string) string) (in, out *os.File, ok bool) {
	in, isFile := a.in.(*os.File)
	out, isFileToo := a.out.(*os.File)
	if !isFile || !isFileToo || getenv("TERM") == "dumb" {
		return nil, nil, false
	}
	return in, out, term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd())) //nolint:gosec // a descriptor fits an int
}

// person is a script that somebody types.
type person struct {
	script
	history *prompt.History
	running *following
}

// following is the context of the statement that runs; it changes between two statements only.
type following struct{ context.Context }

// prompt carries out what a person types, until \q or Ctrl-D. Statements that fail do not end it, nor does Ctrl-C.
func (a *app) prompt(ctx context.Context, in, out *os.File, settings sqlSettings) error {
	interrupts := make(chan os.Signal, 1) // Ctrl-C between two statements does nothing
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	p := &person{running: &following{ctx}, script: script{app: a, printer: &printer{app: a, settings: settings}, keepGoing: true, atOnce: true}}
	p.session = a.newSession(p.running, settings) //nolint:contextcheck // it hands ctx on, or that of a statement
	var err error
	if p.history, err = prompt.OpenHistory(a.fs, prompt.Path(os.Getenv)); err != nil {
		p.printer.Notice(err.Error())
	}
	if !settings.quiet {
		fmt.Fprintln(a.out, `Statements end with a semicolon; \? lists the commands, \q leaves.`)
	}
	editor := prompt.NewEditor(in, out, p.history)
	text := ""
	words := p.vocabulary()
	editor.Complete = func(before, after string) (int, []string) {
		from, found := words.Complete(text+before, after)
		if from < len(text) { // a name that began on a line before
			return 0, nil
		}
		return from - len(text), found
	}
	for !p.over {
		line, err := editor.ReadLine(prompt.For(text))
		switch {
		case errors.Is(err, prompt.ErrInterrupted):
			text = ""
			continue
		case errors.Is(err, prompt.ErrTooLong):
			a.sqlError(err)
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if text, err = p.typed(ctx, text, line); err != nil {
			return err
		}
	}
	return nil
}

// typed carries out what is complete with another line behind text, and returns the rest.
func (p *person) typed(ctx context.Context, text, line string) (rest string, err error) {
	blank := strings.TrimSpace(text) == ""
	trimmed := strings.TrimSpace(line)
	if blank {
		text = ""
		switch strings.ToLower(strings.TrimSuffix(trimmed, ";")) {
		case "":
			return "", nil
		case "exit", "quit":
			trimmed = `\q`
		case "help":
			trimmed = `\?`
		}
	}
	if _, _, open := parse.Split(text); strings.HasPrefix(trimmed, `\`) && !open {
		p.remember(trimmed)
		return text, p.interruptible(ctx, func(ctx context.Context) error { return p.command(ctx, trimmed) })
	}
	text += line + "\n"
	spans, end, _ := parse.Split(text)
	if len(spans) > 0 {
		p.remember(text[:end]) // before it runs, whatever becomes of that
	}
	err = p.interruptible(ctx, func(ctx context.Context) error {
		var err error
		rest, err = p.complete(ctx, text, 1, false)
		return err
	})
	if len(spans) == 0 && rest == "" {
		p.remember(text) // it has no tokens, and was refused
	}
	return rest, err
}

func (p *person) remember(statement string) {
	if err := p.history.Add(statement); err != nil {
		p.printer.Notice(err.Error())
	}
}

// interruptible runs something that Ctrl-C ends.
func (p *person) interruptible(ctx context.Context, run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	p.running.Context = ctx
	err := run(ctx)
	if ctx.Err() == nil {
		return err
	}
	p.session.Take() // INSERTs that were collected
	if err := p.printer.drop(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.app.err, "ERROR: 57014: canceling statement due to user request")
	return err
}

// vocabulary is what completion knows.
func (p *person) vocabulary() *prompt.Vocabulary {
	v := &prompt.Vocabulary{Objects: p.objects, Settings: session.SettingNames(), Formats: result.Formats()}
	for _, row := range session.Functions(func(string) bool { return true }) {
		v.Functions = append(v.Functions, row[0])
	}
	v.Functions = slices.Compact(v.Functions)
	for _, c := range metaCommands() {
		v.Commands = append(v.Commands, c.name)
	}
	kinds := map[string]prompt.Kind{"source": prompt.Source, "sink": prompt.Sink}
	for _, e := range p.app.catalog() {
		c := prompt.Connector{Name: e.Name, Kind: kinds[e.Kind], Formats: e.Formats}
		for _, o := range e.Options {
			c.Options = append(c.Options, prompt.Option{Name: o.Name, Values: o.Enum})
		}
		v.Connectors = append(v.Connectors, c)
	}
	return v
}

// objects are those of the catalog.
func (p *person) objects() []prompt.Object {
	var list []prompt.Object
	for _, o := range p.session.Catalog().All(sqlast.AnyObject) {
		shown := prompt.Object{Name: o.ObjectName(), Kind: prompt.Kind(strings.ToUpper(o.Kind().String()))}
		switch o := o.(type) {
		case *catalog.Relation:
			shown.Columns = namesOf(o.Columns)
		case *catalog.Sink:
			shown.Columns = namesOf(o.Columns)
		case *catalog.View:
			for _, f := range o.Fields {
				shown.Columns = append(shown.Columns, f.Name)
			}
		}
		list = append(list, shown)
	}
	return list
}

func namesOf(columns []catalog.Column) []string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name
	}
	return names
}
