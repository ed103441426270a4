package ast

import "strings"

// QuoteString returns s as a string constant.
func QuoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// QuoteName returns name as SQL reads it back: in double quotes unless it is plain and lower case, and no keyword but an unreserved one.
func QuoteName(name string) string {
	if plainName(name) && LookupKeyword(name).Class <= Unreserved {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// plainName tells whether name, unquoted, is one identifier that folds to itself. Letters beyond ASCII are left to quotes.
func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '$')) {
			return false
		}
	}
	return name != ""
}

func upper(s string) string { return strings.ToUpper(s) }
