package setreturning

// docs says in a line what each function does.
//
//nolint:gochecknoglobals // immutable table
var docs = map[string]string{
	"generate_series":           "From a first value to a last one, in steps: of 1 where none is given.",
	"generate_subscripts":       "The numbers of an array's elements in dimension 1; backwards if the last argument is true.",
	"unnest":                    "The elements of an array. Of several arrays, in FROM: one column each, the shorter ones filled up with NULL.",
	"regexp_matches":            "The groups of the first match, or the match; those of all matches with flag g.",
	"regexp_split_to_table":     "The parts between matches.",
	"string_to_table":           "The fields between separators, the characters if the separator is NULL; what equals the third argument is NULL.",
	"jsonb_array_elements":      "The elements of a JSON array.",
	"jsonb_array_elements_text": "The elements of a JSON array as text.",
	"jsonb_each":                "The members of a JSON object.",
	"jsonb_each_text":           "The members of a JSON object, their values as text.",
	"jsonb_object_keys":         "The keys of a JSON object.",
	"jsonb_to_record":           "The members of a JSON object as columns, which AS t(a integer, …) declares.",
	"jsonb_to_recordset":        "The same of each object of a JSON array.",
	"jsonb_populate_record":     "A row with the members of a JSON object in place of its own.",
	"jsonb_populate_recordset":  "The same of each object of a JSON array.",
	"json_array_elements":       "jsonb_array_elements by another name.",
	"json_array_elements_text":  "jsonb_array_elements_text by another name.",
	"json_each":                 "jsonb_each by another name.",
	"json_each_text":            "jsonb_each_text by another name.",
	"json_object_keys":          "jsonb_object_keys by another name.",
	"json_to_record":            "jsonb_to_record by another name.",
	"json_to_recordset":         "jsonb_to_recordset by another name.",
	"json_populate_record":      "jsonb_populate_record by another name.",
	"json_populate_recordset":   "jsonb_populate_recordset by another name.",
}
