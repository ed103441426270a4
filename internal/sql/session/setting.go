package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	exprast "wire.example/wire/internal/expr/ast"
	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// setting is one that SHOW lists.
type setting struct {
	name, byDefault, doc string
	// check returns value as SHOW gives it, and what is wrong with it; nil for a setting that cannot be changed.
	check func(value string) (string, error)
}

// known are the settings, by name. Those that PostgreSQL has, too, have one value in Wire unless they are checked.
func known() []setting {
	return []setting{
		{"application_name", "", "Name of the program that uses the session.", anyText},
		{"client_encoding", "UTF8", "Encoding of texts.", only("UTF8", "utf-8", "unicode")},
		{"client_min_messages", "notice", "Least severity of messages that are shown.", anyText},
		{"datestyle", "ISO, MDY", "How dates are written.", only("ISO, MDY", "iso", "iso, mdy")},
		{"emit", "auto", "When answers are given: final, once; changes, as they change; auto, final where all inputs end.", oneOf("auto", "final", "changes")},
		{"extra_float_digits", "1", "Digits of floating-point numbers: the fewest that give the same number back.", only("1", "0", "2", "3")},
		{"intervalstyle", "postgres", "How intervals are written.", only("postgres")},
		{"memory", "0", "How much memory rows and state may take, such as '64MB'; 0 leaves it to --memory and the machine.", size},
		{"parallelism", "0", "Lanes of each source and tasks of each stage; 0 means as many as the machine has cores.", number(0, 256)},
		{"search_path", "public", "Schemas in which names are looked up.", only("public", "\"$user\", public")},
		{"server_encoding", "UTF8", "Encoding of texts.", nil},
		{"server_version", "15.0", "Version of PostgreSQL whose values and errors are given.", nil},
		{"state_compression", store.Snappy.String(), "How state on disk is compressed from now on: snappy; zstd, less on disk for more work; none. --state-compression overrides it.", oneOf(store.Compressions()...)},
		{"standard_conforming_strings", "on", "Whether a backslash in '…' is a backslash.", only("on", "true", "yes", "1")},
		{"statement_timeout", "0", "Longest time a statement may run, in ms or with a unit; 0 means any.", duration},
		{"timezone", "UTC", "Time zone in which TIMESTAMPTZ is written.", only("UTC", "gmt", "etc/utc", "zulu", "universal", "greenwich")},
		{"ttl", "0", "How long state that nothing touches is kept, such as '1 day', where nothing else bounds it; 0 means for ever.", span},
		{"transaction_isolation", "serializable", "How statements see each other's rows: one runs after the other.", nil},
	}
}

func anyText(value string) (string, error) { return value, nil }

// only takes value, and others in lower case as other ways to write it.
func only(value string, others ...string) func(string) (string, error) {
	return func(given string) (string, error) {
		if strings.EqualFold(given, value) || slices.Contains(others, strings.ToLower(given)) {
			return value, nil
		}
		return "", fmt.Errorf("Wire has %s only", value) //nolint:staticcheck // a sentence that is shown
	}
}

// oneOf takes any of values.
func oneOf(values ...string) func(string) (string, error) {
	return func(given string) (string, error) {
		if v := strings.ToLower(given); slices.Contains(values, v) {
			return v, nil
		}
		return "", fmt.Errorf("the value is %s or %s", strings.Join(values[:len(values)-1], ", "), values[len(values)-1])
	}
}

// span reads an interval without months.
func span(given string) (string, error) {
	if given == "0" {
		return given, nil
	}
	micros, err := bind.ParseSpan(given)
	if err != nil || micros < 0 {
		return "", fmt.Errorf("an interval such as '1 day' is expected, or 0")
	}
	return given, nil
}

// size reads a number of bytes.
func size(given string) (string, error) {
	if _, err := connector.ParseBytes(given); err != nil {
		return "", errors.New("a size such as '64MB' is expected, or 0")
	}
	return given, nil
}

func number(least, most int) func(string) (string, error) {
	return func(given string) (string, error) {
		n, err := strconv.Atoi(given)
		if err != nil || n < least || n > most {
			return "", fmt.Errorf("a whole number from %d to %d is expected", least, most)
		}
		return strconv.Itoa(n), nil
	}
}

// duration reads milliseconds, or a number with a unit.
func duration(given string) (string, error) {
	d, err := parseDuration(given)
	if err != nil {
		return "", err
	}
	switch {
	case d == 0:
		return "0", nil
	case d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "min", nil
	case d%time.Second == 0:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s", nil
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms", nil
}

func parseDuration(given string) (time.Duration, error) {
	text := strings.ReplaceAll(given, " ", "")
	if _, err := strconv.Atoi(text); err == nil {
		text += "ms"
	}
	text = strings.TrimSuffix(text, "in") // min is m to Go
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("milliseconds are expected, or a number with ms, s, min or h, such as '10s'")
	}
	return d, nil
}

// settings are those of a session.
type settings struct {
	values      map[string]string
	initial     map[string]string
	parallelism int
	memory      int64 // bytes
	compression store.Compression
	timeout     time.Duration
	emit        logical.EmitMode
	ttl         int64 // µs
}

func newSettings(parallelism int) *settings {
	s := &settings{values: map[string]string{}, initial: map[string]string{}}
	for _, k := range known() {
		s.initial[k.name] = k.byDefault
	}
	s.initial["parallelism"] = strconv.Itoa(parallelism)
	for name, value := range s.initial {
		s.put(name, value)
	}
	return s
}

// get is the value of a setting.
func (s *settings) get(name string) (string, bool) {
	value, ok := s.values[strings.ToLower(name)]
	return value, ok
}

// put stores a value that was checked.
func (s *settings) put(name, value string) {
	s.values[name] = value
	switch name {
	case "parallelism":
		s.parallelism, _ = strconv.Atoi(value) // checked
	case "memory":
		n, _ := connector.ParseBytes(value) // checked
		s.memory = int64(n)
	case "state_compression":
		s.compression, _ = store.ParseCompression(value) // checked
	case "statement_timeout":
		s.timeout, _ = parseDuration(value) // checked
	case "emit":
		s.emit = map[string]logical.EmitMode{"final": logical.EmitFinal, "changes": logical.EmitChanges}[value]
	case "ttl":
		s.ttl, _ = bind.ParseSpan(value) // checked
	}
}

// DefaultSetting is the value of a setting in a session that has changed none.
func DefaultSetting(name string) (string, bool) { return newSettings(0).get(name) }

// SettingNames are the settings that SHOW ALL lists, sorted.
func SettingNames() []string {
	var names []string
	for _, k := range known() {
		names = append(names, k.name)
	}
	return names
}

// nameOf joins the parts of a name.
func nameOf(parts []exprast.Name) (string, exprast.Span) {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = strings.ToLower(p.Text)
	}
	return strings.Join(texts, "."), parts[0].To(parts[len(parts)-1].Span)
}

// find returns a setting. A name with a period that is none of Wire's is the user's own.
func find(parts []exprast.Name) (*setting, error) {
	name, at := nameOf(parts)
	all := known()
	names := make([]string, len(all))
	for i := range all {
		if names[i] = all[i].name; names[i] == name {
			return &all[i], nil
		}
	}
	if len(parts) > 1 {
		return &setting{name: name, check: anyText}, nil
	}
	bad := exprbind.Errorf(at, sqlstate.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	if near := connector.Nearest(name, names); near != "" {
		return nil, bad.WithHint("Perhaps you meant \"%s\".", near)
	}
	return nil, bad.WithHint("SHOW ALL lists the settings.")
}

func (s *Session) set(c *call, n *sqlast.Set) error {
	k, err := find(n.Name)
	if err != nil {
		return err
	}
	_, at := nameOf(n.Name)
	if k.check == nil {
		return exprbind.Errorf(at, cantChangeParameter, "parameter \"%s\" cannot be changed", k.name)
	}
	value := s.settings.initial[k.name]
	if len(n.Values) > 0 {
		texts := make([]string, len(n.Values))
		for i, v := range n.Values {
			texts[i] = v.Text
		}
		given := strings.Join(texts, ", ")
		if value, err = k.check(given); err != nil {
			return exprbind.Errorf(n.Values[0].To(n.Values[len(n.Values)-1].Span), invalidSettingValue,
				"invalid value for parameter \"%s\": \"%s\"", k.name, given).WithHint("%s.", capital(err.Error()))
		}
	}
	s.settings.put(k.name, value)
	return c.handler.Done("SET")
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (s *Session) reset(c *call, n *sqlast.Reset) error {
	if len(n.Name) == 0 {
		for name := range s.settings.values {
			s.settings.put(name, s.settings.initial[name])
		}
		return c.handler.Done("RESET")
	}
	k, err := find(n.Name)
	if err != nil {
		return err
	}
	s.settings.put(k.name, s.settings.initial[k.name])
	return c.handler.Done("RESET")
}

func (s *Session) showSetting(ctx context.Context, c *call, n *sqlast.ShowSetting) error {
	if len(n.Name) > 0 {
		k, err := find(n.Name)
		if err != nil {
			return err
		}
		return s.texts(ctx, c.handler, []string{k.name}, [][]string{{s.settings.values[k.name]}}, "SHOW")
	}
	var rows [][]string
	for _, k := range known() {
		rows = append(rows, []string{k.name, s.settings.values[k.name], k.doc})
	}
	return s.texts(ctx, c.handler, []string{"name", "setting", "description"}, rows, "SHOW")
}
