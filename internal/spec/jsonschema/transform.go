package jsonschema

// transform describes an entry of transforms: unnest, filter and select, in this order, or a split, or just a union.
func transform() object {
	alone := object{}
	var one list
	for _, part := range []string{"unnest", "filter", "select"} {
		alone = alone.with(part, false)
		one = append(one, object{{"required", texts(part)}})
	}
	union := object{{"properties", object{{"from", object{{"type", "array"}, {"minItems", 2}}}}}}
	return object{
		{"type", "object"},
		{"properties", object{
			{"from", described("The sources, transforms or branches whose rows come in; several are a union by column name.", ref("texts"))},
			{"unnest", object{
				{"description", "An array of which every element makes a row: its name, or {name for the elements: array}."},
				{"anyOf", list{ref("text"), ref("map").with("minProperties", 1).with("maxProperties", 1)}},
			}},
			{"filter", described("A condition; rows for which it holds go on.", ref("text"))},
			{"select", object{
				{"description", "The columns that go on: {new: expression}, or a list of names, \"*\", {except: […]}, {rename: {old: new}} and {new: expression}."},
				{"anyOf", list{ref("map"), object{{"type", "array"}, {"items", object{{"anyOf", list{ref("text"), selectItem()}}}}}}},
			}},
			{"split", described("Branches by name, with their conditions; a row takes the first that holds. The last may be else.",
				ref("map").with("minProperties", 1))},
			{"sql", described("A query in SQL, whose tables are what from names.", ref("text"))},
			{"on_error", ref("on_error")},
		}},
		{"required", texts("from")},
		{"anyOf", append(one, object{{"required", texts("split")}}, object{{"required", texts("sql")}}, union)},
		{"dependentSchemas", object{
			{"split", object{{"properties", alone.with("sql", false)}}},
			{"sql", object{{"properties", alone.with("split", false)}}},
		}},
		{"additionalProperties", false},
	}
}

// selectItem is a map in the list of a select.
func selectItem() object {
	return object{
		{"type", "object"},
		{"properties", object{
			{"except", described("Columns that \"*\" leaves out.", ref("texts"))},
			{"rename", described("Columns that \"*\" gives another name: {old: new}.", ref("map"))},
		}},
		{"additionalProperties", ref("text")},
	}
}
