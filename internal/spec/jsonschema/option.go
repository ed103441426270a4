package jsonschema

import (
	"strconv"

	"wire.example/wire/sdk/connector"
)

// reference is what a text with ${…} holds: its value is not known here.
const reference = `\$\{`

// The definitions that options refer to. A number or boolean may also be written in quotes.
//
//nolint:gochecknoglobals // immutable table
var optionTypes = object{
	{"text", object{{"description", "Text; numbers and booleans are taken as they are written."}, {"type", texts("string", "number", "boolean")}}},
	{"texts", object{
		{"description", "A text, or a list of texts."},
		{"anyOf", list{ref("text"), object{{"type", "array"}, {"items", ref("text")}, {"minItems", 1}}}},
	}},
	{"map", object{{"description", "A map of names to text."}, {"type", "object"}, {"additionalProperties", ref("text")}}},
	{"boolean", object{{"type", texts("boolean", "string")}, {"pattern", `^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$|` + reference}}},
	{"integer", object{{"type", texts("integer", "string")}, {"pattern", `^[+-]?[0-9]+$|` + reference}}},
	{"number", object{{"type", texts("number", "string")}, {"pattern", `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$|` + reference}}},
	{"duration", object{
		{"description", "A duration, such as 500ms, 4s or 1h30m."},
		{"anyOf", list{
			object{{"type", "string"}, {"pattern", `^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^\+?0$|` + reference}},
			object{{"const", 0}},
		}},
	}},
	{"size", object{
		{"description", "A number of bytes, or one with a unit, such as 64MB; units count in 1,024s."},
		{"type", texts("integer", "string")},
		{"minimum", 0},
		{"pattern", `^\s*[0-9]+(\.[0-9]*)?\s*([kKmMgGtT]([iI]?[bB])?|[bB])?\s*$|` + reference},
	}},
}

// definitionOf returns the definition for an option's type.
func definitionOf(optionType string) string {
	switch optionType {
	case "list of text":
		return "texts"
	case "map of text":
		return "map"
	default:
		return optionType
	}
}

// choice allows one of the values, or a reference.
func choice(values ...string) object {
	return object{{"anyOf", list{object{{"enum", texts(values...)}}, object{{"type", "string"}, {"pattern", reference}}}}}
}

// optionSchema describes one option.
func optionSchema(o *connector.Option) object {
	s := object{}
	if o.Doc != "" {
		s = s.with("description", o.Doc)
	}
	if o.Default != "" {
		s = s.with("default", byDefault(o))
	}
	if o.Secret {
		s = s.with("writeOnly", true)
	}
	if len(o.Enum) > 0 {
		return append(s, choice(o.Enum...)...)
	}
	return append(s, ref(definitionOf(o.Type))...)
}

// byDefault is an option's default as a value of its type, where JSON has one.
func byDefault(o *connector.Option) any {
	switch o.Type {
	case "boolean":
		if b, err := strconv.ParseBool(o.Default); err == nil {
			return b
		}
	case "integer":
		if n, err := strconv.ParseInt(o.Default, 10, 64); err == nil {
			return n
		}
	case "number":
		if n, err := strconv.ParseFloat(o.Default, 64); err == nil {
			return n
		}
	}
	return o.Default
}

// optionSchemas describes all options of a config: their properties, and which must be there.
func optionSchemas(config any) (properties object, required list) {
	options := connector.Describe(config)
	for i := range options {
		properties = properties.with(options[i].Name, optionSchema(&options[i]))
		if options[i].Required {
			required = append(required, options[i].Name)
		}
	}
	return properties, required
}
