package cli

import (
	"context"
	"fmt"
	"strings"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/sdk/connector"
)

// metaCommand is a command of the prompt, begun by a backslash.
type metaCommand struct {
	name, args, doc string
	run             func(s *script, ctx context.Context, arg string) error
}

// metaCommands are all of them, in the order of the help.
func metaCommands() []metaCommand {
	show := func(statement string) func(*script, context.Context, string) error {
		return func(s *script, ctx context.Context, arg string) error {
			text := statement
			if arg != "" {
				text += " LIKE '" + strings.ReplaceAll(strings.ReplaceAll(arg, "'", "''"), "*", "%") + "'"
			}
			return s.note(ctx, s.session.Execute(ctx, text, s.printer))
		}
	}
	return []metaCommand{
		{`\?`, "", "this help", func(s *script, _ context.Context, _ string) error { return s.help() }},
		{`\d`, "[NAME]", "columns of a source, table, sink or view; without a name, a list of all", (*script).describe},
		{`\d+`, "[NAME]", "the same, and the statement that made it", func(s *script, ctx context.Context, name string) error {
			if err := s.describe(ctx, name); err != nil || name == "" {
				return err
			}
			return s.note(ctx, s.session.Execute(ctx, "SHOW CREATE "+name, s.printer))
		}},
		{`\dt`, "[PATTERN]", "tables", show("SHOW TABLES")},
		{`\ds`, "[PATTERN]", "sources", show("SHOW SOURCES")},
		{`\dk`, "[PATTERN]", "sinks", show("SHOW SINKS")},
		{`\dv`, "[PATTERN]", "views", show("SHOW VIEWS")},
		{`\dm`, "[PATTERN]", "materialized views", show("SHOW MATERIALIZED VIEWS")},
		{`\df`, "[PATTERN]", "functions", show("SHOW FUNCTIONS")},
		{`\echo`, "TEXT", "print a text on standard output", func(s *script, _ context.Context, arg string) error {
			_, err := fmt.Fprintln(s.app.out, arg)
			return err
		}},
		{`\warn`, "TEXT", "print a text on standard error", func(s *script, _ context.Context, arg string) error {
			_, err := fmt.Fprintln(s.app.err, arg)
			return err
		}},
		{`\i`, "FILE", "carry out a file", (*script).include},
		{`\output`, "FORMAT", "form of the rows: " + strings.Join(result.Formats(), ", "), (*script).setOutput},
		{`\timing`, "[on|off]", "print how long statements take", (*script).setTiming},
		{`\q`, "", "leave", func(s *script, _ context.Context, _ string) error {
			s.over = true
			return nil
		}},
	}
}

// command carries out a line that begins with a backslash.
func (s *script) command(ctx context.Context, line string) error {
	name, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSuffix(strings.TrimSpace(arg), ";")
	all := metaCommands()
	names := make([]string, len(all))
	for i, c := range all {
		if names[i] = c.name; c.name == name {
			return c.run(s, ctx, arg)
		}
	}
	message := fmt.Sprintf("unknown command %s", name)
	if near := connector.Nearest(name, names); near != "" {
		message += fmt.Sprintf("; did you mean %s?", near)
	}
	return s.note(ctx, fmt.Errorf("%s; \\? lists the commands", message))
}

func (s *script) help() error {
	for _, c := range metaCommands() {
		if _, err := fmt.Fprintf(s.app.out, "%-20s %s\n", strings.TrimSpace(c.name+" "+c.args), c.doc); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) describe(ctx context.Context, name string) error {
	if name != "" {
		return s.note(ctx, s.session.Execute(ctx, "DESCRIBE "+name, s.printer))
	}
	return s.note(ctx, s.session.List(ctx, s.printer))
}

func (s *script) include(ctx context.Context, path string) error {
	file, err := s.app.fs.Open(path)
	if err != nil {
		return s.note(ctx, err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	if !s.atOnce {
		return s.read(ctx, file)
	}
	s.atOnce = false // a file is a script, at the prompt too
	defer func() { s.atOnce = true }()
	if err := s.read(ctx, file); err != nil {
		return err
	}
	return s.note(ctx, s.session.Finish(ctx, s.printer))
}

func (s *script) setOutput(ctx context.Context, name string) error {
	format, err := result.ParseFormat(name)
	if err != nil {
		return s.note(ctx, err)
	}
	s.printer.settings.format = format
	return nil
}

func (s *script) setTiming(ctx context.Context, arg string) error {
	switch arg {
	case "":
		s.timing = !s.timing
	case "on", "off":
		s.timing = arg == "on"
	default:
		return s.note(ctx, fmt.Errorf(`\timing is on or off, not %q`, arg))
	}
	_, err := fmt.Fprintf(s.app.out, "Timing is %s.\n", map[bool]string{true: "on", false: "off"}[s.timing])
	return err
}
