package cli

import (
	"context"
	"log/slog"
	"strings"
)

// minHidden is the shortest value of a reference that is looked for in messages: shorter ones stand in too many words.
const minHidden = 4

// references remember what the references of a pipeline file stood for, so that no message repeats it. Filled before the run, then only read.
type references struct {
	pairs    []string // value, reference, …
	replacer *strings.Replacer
}

// note remembers that ${reference} stood for value.
func (r *references) note(value, reference string) {
	if len(value) < minHidden {
		return
	}
	r.pairs = append(r.pairs, value, "${"+reference+"}")
	r.replacer = strings.NewReplacer(r.pairs...)
}

// values are what references stood for.
func (r *references) values() []string {
	var all []string
	for i := 0; i < len(r.pairs); i += 2 {
		all = append(all, r.pairs[i])
	}
	return all
}

// hide puts references in the place of their values.
func (r *references) hide(text string) string {
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// wrap returns a log that hides.
func (r *references) wrap(log *slog.Logger) *slog.Logger {
	if r.replacer == nil {
		return log
	}
	return slog.New(hidingHandler{log.Handler(), r})
}

// hidingHandler hides values in the text of records and in their attributes that are text or errors.
type hidingHandler struct {
	slog.Handler
	references *references
}

// Handle passes r on with nothing to hide in it.
func (h hidingHandler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, h.references.hide(r.Message), r.PC)
	r.Attrs(func(attr slog.Attr) bool {
		out.AddAttrs(h.attr(attr))
		return true
	})
	return h.Handler.Handle(ctx, out)
}

// WithAttrs hides in attrs too.
func (h hidingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		hidden[i] = h.attr(attr)
	}
	return hidingHandler{h.Handler.WithAttrs(hidden), h.references}
}

// WithGroup opens a group.
func (h hidingHandler) WithGroup(name string) slog.Handler {
	return hidingHandler{h.Handler.WithGroup(name), h.references}
}

func (h hidingHandler) attr(attr slog.Attr) slog.Attr {
	switch value := attr.Value.Any().(type) {
	case string:
		return slog.String(attr.Key, h.references.hide(value))
	case error:
		return slog.String(attr.Key, h.references.hide(value.Error()))
	}
	return attr
}
