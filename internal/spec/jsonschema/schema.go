package jsonschema

import (
	"bytes"
	"encoding/json"

	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// id names the schema; nothing is fetched from there.
const id = "https://wire.example/pipeline.schema.json"

// namePattern is what the names of sources, transforms and sinks look like.
const namePattern = `^[^. \t\n/"']+$`

// For returns the schema of pipeline files over the connectors and formats of r, indented, with a line feed at its end.
func For(r *connector.Registry) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document(r)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func document(r *connector.Registry) object {
	definitions := append(object{}, optionTypes...)
	definitions = append(definitions,
		member{"on_error", described("What becomes of rows that fail.", choice("fail", "drop", "dead_letter"))},
		member{"source", source(r)},
		member{"transform", transform()},
		member{"sink", sink(r, object{
			{"from", described("The sources, transforms or branches whose rows are written.", ref("texts"))},
			{"primary_key", described("The columns of which the sink gets the last row of each value, where rows change.", ref("texts"))},
		}, list{"from"})},
		member{"dead_letters", sink(r, object{}, nil)},
	)
	for _, f := range r.Formats {
		definitions = append(definitions, member{"format_" + f.Name, format(f)})
	}
	return object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", id},
		{"title", "Wire pipeline"},
		{"type", "object"},
		{"properties", object{
			{"name", described("Name of the pipeline.", ref("text"))},
			{"parallelism", object{
				{"description", "Lanes of each source; as many as the machine has cores unless said."},
				{"type", texts("integer", "string")},
				{"minimum", 1},
				{"maximum", 256},
				{"pattern", `^[0-9]+$|` + reference},
			}},
			{"memory", described("How much memory rows and state may take; --memory overrides it.", ref("size"))},
			{"state_compression", described("How state on disk is compressed from now on: snappy unless said; zstd, less on disk for more work; none. --state-compression overrides it.", choice(store.Compressions()...))},
			{"on_error", ref("on_error")},
			{"emit", described("When answers are given: final, once, when the input ends; changes, as they change; auto, final where all inputs end.", choice("auto", "final", "changes"))},
			{"sources", described("Where rows come from.", named("source").with("minProperties", 1))},
			{"transforms", described("What is done to rows.", object{{"anyOf", list{named("transform"), object{{"type", "null"}}}}})},
			{"sinks", described("Where rows go.", named("sink").with("minProperties", 1))},
			{"dead_letters", described("The sink of rows that failed under on_error: dead_letter.", ref("dead_letters"))},
		}},
		{"required", texts("name", "sources", "sinks")},
		{"additionalProperties", false},
		{"$defs", definitions},
	}
}

// described puts a sentence before a schema.
func described(doc string, schema object) object {
	return append(object{{"description", doc}}, schema...)
}

// named is a map of names to what a definition describes.
func named(definition string) object {
	return object{
		{"type", "object"},
		{"propertyNames", object{{"pattern", namePattern}}},
		{"additionalProperties", ref(definition)},
	}
}

// source describes an entry of sources: what all have, and for each connector its options and formats.
func source(r *connector.Registry) object {
	var names []string
	var branches list
	for _, t := range r.Sources {
		names = append(names, t.Name)
		properties, required := optionSchemas(t.NewConfig())
		then := object{{"description", t.Doc}}
		if t.Rows != nil {
			properties = properties.with("format", false).with("schema", false)
		} else {
			properties = properties.with("format", formatNames(r, nil, declare.DefaultFormat))
		}
		then = then.with("properties", properties)
		if len(required) > 0 {
			then = then.with("required", required)
		}
		if t.Rows == nil {
			then = then.with("allOf", formatBranches(r, declare.DefaultFormat))
		}
		branches = append(branches, branch("connector", t.Name, true, then))
	}
	return object{
		{"type", "object"},
		{"properties", object{
			{"connector", described("What reads the rows.", object{{"enum", texts(names...)}})},
			{"schema", object{
				{"description", "The columns: a map of names to types, such as {id: BIGINT, name: TEXT NOT NULL}."},
				{"type", "object"},
				{"additionalProperties", ref("text")},
				{"minProperties", 1},
			}},
			{"primary_key", described("The columns by which rows replace each other, or that no two rows have in common.", ref("texts"))},
			{"changes", described("How rows change: append, they stay; changelog, each has its kind of change; upsert, they replace each other by primary_key.", choice("append", "changelog", "upsert"))},
			{"event_time", described("The column that holds the time of the event.", ref("text"))},
			{"watermark", described("How far the watermark stays behind the largest event time.", ref("duration"))},
			{"on_error", ref("on_error")},
			{"max_record_bytes", described("Bound of one record; longer ones are rejected. Default 16MB.", ref("size"))},
		}},
		{"required", texts("connector")},
		{"dependentRequired", object{{"watermark", texts("event_time")}}},
		{"allOf", branches},
		{"unevaluatedProperties", false},
	}
}

// sink describes an entry of sinks, with what stands in it besides.
func sink(r *connector.Registry, besides object, required list) object {
	var names []string
	var branches list
	for _, t := range r.Sinks {
		names = append(names, t.Name)
		properties, mandatory := optionSchemas(t.NewConfig())
		then := object{{"description", t.Doc}}
		if t.Format == "" && len(t.OwnFormats) == 0 {
			properties = properties.with("format", false)
		} else {
			properties = replaced(properties, "format", formatNames(r, t, t.Format))
		}
		then = then.with("properties", properties)
		if len(mandatory) > 0 {
			then = then.with("required", mandatory)
		}
		if t.Format != "" {
			then = then.with("allOf", formatBranches(r, t.Format))
		}
		branches = append(branches, branch("connector", t.Name, true, then))
	}
	properties := append(object{}, besides...)
	properties = append(properties,
		member{"connector", described("What writes the rows.", object{{"enum", texts(names...)}})},
		member{"on_error", ref("on_error")},
	)
	return object{
		{"type", "object"},
		{"properties", properties},
		{"required", append(list{"connector"}, required...)},
		{"allOf", branches},
		{"unevaluatedProperties", false},
	}
}

// replaced sets a member, whether it is there or not.
func replaced(o object, name string, value any) object {
	out := object{}
	for _, m := range o {
		if m.name != name {
			out = append(out, m)
		}
	}
	return out.with(name, value)
}

// formatNames are the formats to choose from; t is the sink, if it is one.
func formatNames(r *connector.Registry, t *connector.SinkType, byDefault string) object {
	var names []string
	if t == nil || t.Format != "" {
		for _, f := range r.Formats {
			names = append(names, f.Name)
		}
	}
	if t != nil {
		names = append(names, t.OwnFormats...)
	}
	s := object{{"description", "Form of the records."}, {"enum", texts(names...)}}
	if byDefault != "" {
		s = s.with("default", byDefault)
	}
	return s
}

// formatBranches allow the options of the format that is chosen, or of the one by default.
func formatBranches(r *connector.Registry, byDefault string) list {
	var branches list
	for _, f := range r.Formats {
		branches = append(branches, branch("format", f.Name, f.Name != byDefault, ref("format_"+f.Name)))
	}
	return branches
}

// branch applies then where the property has the value; where it may be absent, also if it is.
func branch(property, value string, mustBe bool, then object) object {
	condition := object{{"properties", object{{property, object{{"const", value}}}}}}
	if mustBe {
		condition = condition.with("required", texts(property))
	}
	return object{{"if", condition}, {"then", then}}
}

// format describes the options of a format. One that has its columns by itself takes no schema.
func format(f *codec.FormatType) object {
	properties, required := optionSchemas(f.NewConfig())
	if made, err := f.New(f.NewConfig()); err == nil {
		if _, fixed := made.(codec.Fixed); fixed {
			properties = properties.with("schema", false)
		}
	}
	s := object{{"description", f.Doc}}
	if len(properties) > 0 {
		s = s.with("properties", properties)
	}
	if len(required) > 0 {
		s = s.with("required", required)
	}
	return s
}
