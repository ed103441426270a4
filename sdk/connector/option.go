package connector

import (
	"fmt"
	"reflect"
	"strings"
)

// Option describes one option of a connector or format, read off the tags of its config struct:
//
//	Path string `option:"path" doc:"File, directory or glob." required:"true"`
//	Size Bytes  `option:"size" doc:"…" default:"64MB"`
//	Mode string `option:"mode" doc:"…" enum:"a,b" default:"a"`
//	Key  string `option:"token" doc:"…" secret:"true"`
//	Wait time.Duration `option:"timeout" doc:"…" tuning:"true"`
type Option struct {
	Name     string
	Type     string // text, list of text, boolean, integer, number, duration, size, map of text
	Doc      string
	Default  string
	Required bool
	Secret   bool
	// Tuning says that the option changes how rows are read or written, not which: state goes on when it is edited.
	Tuning bool
	Enum   []string
	index  int
}

// Describe returns the options of config, a pointer to a config struct, in the order of its fields. Fields without an option tag are
// not options.
func Describe(config any) []Option {
	t := reflect.TypeOf(config).Elem()
	var options []Option
	for i := range t.NumField() {
		f := t.Field(i)
		name, ok := f.Tag.Lookup("option")
		if !ok {
			continue
		}
		o := Option{
			Name: name, Type: typeName(f.Type), Doc: f.Tag.Get("doc"), Default: f.Tag.Get("default"),
			Required: f.Tag.Get("required") == "true", Secret: f.Tag.Get("secret") == "true", Tuning: f.Tag.Get("tuning") == "true", index: i,
		}
		if e := f.Tag.Get("enum"); e != "" {
			o.Enum = strings.Split(e, ",")
		}
		options = append(options, o)
	}
	return options
}

// Value returns what an option of config, which was described by it, is set to.
func Value(config any, o Option) any {
	return reflect.ValueOf(config).Elem().Field(o.index).Interface()
}

// OptionError is a mistake in one option. Name is the option the user wrote, or the missing one.
type OptionError struct {
	Name    string
	Message string
	Missing bool
}

// Error returns the message.
func (e *OptionError) Error() string { return e.Message }

// Validator is a config that checks what one option alone cannot show. Its errors are *OptionError where one option is at fault.
type Validator interface {
	Validate() error
}

// Apply sets the fields of config, a pointer to a config struct, to their defaults and then to values, whose elements are string, bool, int64,
// uint64, float64, []any or map[string]any as a YAML or SQL reader makes them. It reports every mistake, not the first.
func Apply(config any, values map[string]any) []*OptionError {
	options := Describe(config)
	v := reflect.ValueOf(config).Elem()
	var mistakes []*OptionError
	known := make(map[string]bool, len(options))
	for _, o := range options {
		known[o.Name] = true
		given, ok := values[o.Name]
		switch {
		case ok:
		case o.Required:
			mistakes = append(mistakes, &OptionError{Name: o.Name, Missing: true, Message: fmt.Sprintf("option %q is required: %s", o.Name, o.Doc)})
			continue
		case o.Default == "":
			continue
		default:
			given = o.Default
		}
		if err := setField(v.Field(o.index), o, given); err != nil {
			mistakes = append(mistakes, &OptionError{Name: o.Name, Message: err.Error()})
		}
	}
	for name := range values {
		if !known[name] {
			mistakes = append(mistakes, unknownOption(name, options))
		}
	}
	if validator, ok := config.(Validator); ok && len(mistakes) == 0 {
		mistakes = append(mistakes, validate(validator)...)
	}
	return mistakes
}

func validate(v Validator) []*OptionError {
	switch err := v.Validate().(type) { //nolint:errorlint // Validate returns the type itself, by contract
	case nil:
		return nil
	case *OptionError:
		return []*OptionError{err}
	default:
		return []*OptionError{{Message: err.Error()}}
	}
}

func unknownOption(name string, options []Option) *OptionError {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Name
	}
	msg := fmt.Sprintf("unknown option %q", name)
	if near := Nearest(name, names); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	} else if len(names) > 0 {
		msg += "; known options: " + strings.Join(names, ", ")
	}
	return &OptionError{Name: name, Message: msg}
}
