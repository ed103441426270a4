package prompt

import (
	"cmp"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// Complete returns the words that may stand at the end of before, sorted, and where in before the word begins that they replace. after is
// what stands behind the cursor: the tables that it names count. Words of SQL are in lower case where the beginning is.
func (v *Vocabulary) Complete(before, after string) (from int, words []string) {
	if trimmed := strings.TrimLeft(before, " \t\n"); strings.HasPrefix(trimmed, `\`) {
		return v.command(before, trimmed)
	}
	c := &cursor{vocabulary: v}
	tokens, open := lex(before)
	from = len(before)
	switch last := len(tokens) - 1; {
	case open >= 0:
		if before[open] != '"' && before[open] != '\'' {
			return from, nil // a comment, or text in dollars
		}
		from = open
		c.text = before[open] == '\''
	case inLineComment(before, tokens):
		return from, nil
	case last >= 0 && tokens[last].Kind == parse.Ident && int(tokens[last].End) == len(before) && !tokens[last].Quoted:
		from = int(tokens[last].Start)
		tokens = tokens[:last]
	}
	c.beginning = before[from:]
	c.tokens = lastStatement(tokens)
	behind, _ := lex(strings.TrimLeft(before[from:], `"'`) + after)
	if end := slices.IndexFunc(behind, func(t parse.Token) bool { return t.Is(";") }); end >= 0 {
		behind = behind[:end]
	}
	c.all = slices.Concat(c.tokens, behind)
	c.offer()
	slices.SortFunc(c.found, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
	return from, slices.Compact(c.found)
}

// inLineComment tells whether text ends in a comment of its last line.
func inLineComment(text string, tokens []parse.Token) bool {
	if len(tokens) > 0 {
		text = text[tokens[len(tokens)-1].End:]
	}
	return strings.Contains(text[strings.LastIndexByte(text, '\n')+1:], "--")
}

func lastStatement(tokens []parse.Token) []parse.Token {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].Is(";") {
			return tokens[i+1:]
		}
	}
	return tokens
}

// command completes a command and its argument. line is the end of before without blanks at its beginning.
func (v *Vocabulary) command(before, line string) (from int, words []string) {
	name, _, argued := strings.Cut(line, " ")
	c := &cursor{vocabulary: v, beginning: line}
	if argued {
		c.beginning = line[strings.LastIndexByte(line, ' ')+1:]
	}
	switch {
	case !argued:
		c.names(v.Commands...)
	case name == `\d`:
		c.objects()
	case name == `\dt`:
		c.objects(Table)
	case name == `\ds`:
		c.objects(Source)
	case name == `\dk`:
		c.objects(Sink)
	case name == `\dv`:
		c.objects(View)
	case name == `\dm`:
		c.objects(MaterializedView)
	case name == `\df`:
		c.names(v.Functions...)
	case name == `\output`:
		c.names(v.Formats...)
	case name == `\timing`:
		c.names("off", "on")
	}
	slices.Sort(c.found)
	return len(before) - len(c.beginning), slices.Compact(c.found)
}

// cursor is a place in a statement, and what was found for it.
type cursor struct {
	vocabulary *Vocabulary
	// beginning is the part of the word that was typed, with a quote before it if one was.
	beginning string
	text      bool          // a string begins at beginning
	tokens    []parse.Token // of the statement, before the word
	all       []parse.Token // of the statement without the word
	found     []string
}

// before returns the nth token before the word, a token of no kind if there is none.
func (c *cursor) before(n int) *parse.Token {
	if i := len(c.tokens) - n; i >= 0 {
		return &c.tokens[i]
	}
	return &parse.Token{}
}

// take keeps those of names that go on with the beginning.
func (c *cursor) take(names ...string) {
	for _, name := range names {
		if len(name) >= len(c.beginning) && strings.EqualFold(name[:len(c.beginning)], c.beginning) {
			c.found = append(c.found, name)
		}
	}
}

// names takes names as they are.
func (c *cursor) names(names ...string) {
	if !c.text {
		c.take(names...)
	}
}

// quotable takes names of objects and columns, in quotes where SQL needs them or the beginning has one.
func (c *cursor) quotable(names ...string) {
	for _, name := range names {
		quoted := ast.QuoteName(name)
		if strings.HasPrefix(c.beginning, `"`) && !strings.HasPrefix(quoted, `"`) {
			quoted = `"` + quoted + `"`
		}
		if quoted != name && !strings.HasPrefix(c.beginning, `"`) && c.beginning != "" {
			if len(name) >= len(c.beginning) && strings.EqualFold(name[:len(c.beginning)], c.beginning) {
				c.found = append(c.found, quoted)
			}
			continue
		}
		c.names(quoted)
	}
}

// strings takes constants.
func (c *cursor) strings(values ...string) {
	for _, value := range values {
		c.take(ast.QuoteString(value))
	}
}

// words takes words of SQL, parted by blanks, in the case of the beginning.
func (c *cursor) words(list string) {
	if c.text || strings.HasPrefix(c.beginning, `"`) {
		return
	}
	if lower := strings.ToLower(c.beginning); c.beginning != "" && c.beginning == lower {
		list = strings.ToLower(list)
	}
	c.take(strings.Fields(list)...)
}

// objects takes the names of objects of the kinds, of all without one.
func (c *cursor) objects(kinds ...Kind) {
	for _, o := range c.vocabulary.Objects() {
		if len(kinds) == 0 || slices.Contains(kinds, o.Kind) {
			c.quotable(o.Name)
		}
	}
}

// offer finds what may stand at the cursor.
func (c *cursor) offer() {
	last := c.before(1)
	switch {
	case len(c.tokens) == 0:
		c.words(starters)
	case last.Is("."):
		c.qualified(c.before(2))
	case c.inOptions():
		c.option()
	case c.text:
		return
	case last.Is("::"):
		c.words(types)
	case c.special(last):
		return
	case last.Is("(") || last.Is("[") || last.Is(",") || last.Kind == parse.Operator || keyword(last):
		c.operand(last)
	default:
		c.words(followers)
		if c.before(2).Kind != parse.Ident {
			c.words(types)
		}
	}
}

// keyword tells whether an operand may follow a word.
func keyword(t *parse.Token) bool {
	if t.Kind != parse.Ident || t.Quoted {
		return false
	}
	switch t.Text {
	case "null", "true", "false", "end", "current_date", "current_timestamp", "default":
		return false
	case "by", "between", "set", "returning", "filter", "over", "partition", "within", "distinct", "values":
		return true
	}
	return t.Class == ast.Reserved
}

// special finds what follows words behind which only few things stand; false if last is none of them.
func (c *cursor) special(last *parse.Token) bool {
	if last.Kind != parse.Ident || last.Quoted {
		return c.listed(last)
	}
	first, second := c.tokens[0], c.before(2)
	switch last.Text {
	case "from", "join", "into", "update", "describe", "desc":
		if last.Text == "desc" && len(c.tokens) > 1 {
			return false
		}
		c.relations(last)
	case "exists":
		if !first.IsWord("drop") {
			return false
		}
		c.objects(c.kinds()...)
	case "source", "table", "sink", "view":
		switch {
		case first.IsWord("drop") || first.IsWord("show"):
			c.objects(c.kinds()...)
			if first.IsWord("drop") {
				c.words("IF")
			}
		case first.IsWord("create"):
			c.words("IF")
		default:
			c.objects()
		}
	case "set", "reset":
		if len(c.tokens) > 1 {
			return false
		}
		c.names(c.vocabulary.Settings...)
	case "show":
		c.names(c.vocabulary.Settings...)
		c.words("ALL CREATE FUNCTIONS MATERIALIZED SINKS SOURCES TABLES VIEWS")
	case "execute", "deallocate", "prepare":
		return len(c.tokens) == 1
	case "create":
		if second.IsWord("show") {
			c.words("MATERIALIZED SINK SOURCE TABLE VIEW")
			return true
		}
		c.words(next(last.Text))
	case "or":
		if !second.IsWord("create") {
			return false
		}
		c.words(next(last.Text))
	case "materialized":
		if first.IsWord("show") && len(c.tokens) == 2 {
			c.words("VIEWS")
			return true
		}
		c.words(next(last.Text))
	default:
		if next(last.Text) == "" {
			return false
		}
		c.words(next(last.Text))
	}
	return true
}

// relations finds what may follow FROM, JOIN, INTO and UPDATE.
func (c *cursor) relations(last *parse.Token) {
	switch last.Text {
	case "into", "update":
		c.objects(Table, Sink)
	case "describe", "desc":
		c.objects()
	default:
		c.objects(Source, Table, View, MaterializedView)
		c.words("LATERAL TABLE UNNEST( GENERATE_SERIES(")
	}
}

// listed finds further relations behind a comma of FROM; false if there is none.
func (c *cursor) listed(last *parse.Token) bool {
	if !last.Is(",") {
		return false
	}
	depth := 0
	for n := 2; n <= len(c.tokens); n++ {
		t := c.before(n)
		switch {
		case t.Is(")"):
			depth++
		case t.Is("("):
			if depth--; depth < 0 {
				return false
			}
		case depth == 0 && t.IsWord("from"):
			c.relations(t)
			return true
		case depth == 0 && t.Kind == parse.Ident && !t.Quoted && t.Class == ast.Reserved && !t.IsWord("as") && !t.IsWord("on"):
			return false
		}
	}
	return false
}

// kinds are those of the objects that a DROP or SHOW CREATE names.
func (c *cursor) kinds() []Kind {
	for i := range c.tokens {
		switch t := &c.tokens[i]; {
		case t.IsWord("source"):
			return []Kind{Source}
		case t.IsWord("table"):
			return []Kind{Table}
		case t.IsWord("sink"):
			return []Kind{Sink}
		case i > 0 && t.IsWord("view") && c.tokens[i-1].IsWord("materialized"):
			return []Kind{MaterializedView}
		case t.IsWord("view"):
			return []Kind{View}
		}
	}
	return nil
}

// operand finds what may begin an expression.
func (c *cursor) operand(last *parse.Token) {
	if c.tokens[0].IsWord("create") && !slices.ContainsFunc(c.tokens, func(t parse.Token) bool { return t.IsWord("select") }) {
		if last.Is("(") || last.Is(",") {
			c.words(definitions)
			return
		}
	}
	for _, o := range c.named() {
		c.quotable(o.Columns...)
	}
	c.words(operands)
	if last.Is("(") || last.IsWord("as") {
		c.words(queries)
	}
	for alias := range c.aliases() {
		c.quotable(alias)
	}
	if c.beginning != "" { // without a letter there are too many
		for _, f := range c.vocabulary.Functions {
			c.names(f + "(")
		}
	}
}

// qualified finds the columns of what a name before a period means.
func (c *cursor) qualified(name *parse.Token) {
	if o, ok := c.aliases()[name.Text]; ok && name.Kind == parse.Ident {
		c.quotable(o.Columns...)
	}
}

// named are the objects that the statement names.
func (c *cursor) named() []Object {
	var list []Object
	for _, o := range c.vocabulary.Objects() {
		if slices.ContainsFunc(c.all, func(t parse.Token) bool { return t.Kind == parse.Ident && t.Text == o.Name }) {
			list = append(list, o)
		}
	}
	return list
}

// aliases are the names that objects have in the statement, their own included.
func (c *cursor) aliases() map[string]Object {
	found := map[string]Object{}
	for _, o := range c.named() {
		found[o.Name] = o
		for i := range c.all {
			if t := c.all[i]; t.Kind != parse.Ident || t.Text != o.Name {
				continue
			}
			rest := c.all[i+1:]
			if len(rest) > 0 && rest[0].IsWord("as") {
				rest = rest[1:]
			}
			if len(rest) > 0 && rest[0].Kind == parse.Ident && (rest[0].Quoted || rest[0].Class == ast.NotKeyword) {
				found[rest[0].Text] = o
			}
		}
	}
	return found
}

// inOptions tells whether the cursor is in the parentheses of CREATE … WITH (…).
func (c *cursor) inOptions() bool {
	return c.tokens[0].IsWord("create") && c.optionsFrom() > 0
}

// optionsFrom is the number of the first token in the parentheses of WITH, 0 if the cursor is not in them.
func (c *cursor) optionsFrom() int {
	depth := 0
	for i := len(c.tokens) - 1; i > 0; i-- {
		switch t := &c.tokens[i]; {
		case t.Is(")"):
			depth++
		case t.Is("("):
			if depth--; depth < 0 {
				if c.tokens[i-1].IsWord("with") {
					return i + 1
				}
				return 0
			}
		}
	}
	return 0
}

// option finds names of options that are not given yet, and values.
func (c *cursor) option() {
	given := map[string]string{}
	for i := c.optionsFrom(); i+1 < len(c.all); i++ {
		if c.all[i].Kind == parse.Ident && c.all[i+1].Is("=") {
			given[c.all[i].Text] = ""
			if i+2 < len(c.all) && c.all[i+2].Kind == parse.String {
				given[c.all[i].Text] = c.all[i+2].Text
			}
		}
	}
	var of []Connector
	kind := c.kinds()
	for _, v := range c.vocabulary.Connectors {
		switch {
		case v.Kind != "":
			if v.Name == given["connector"] && suits(v, kind) {
				of = append(of, v)
			}
		case v.Name == given["format"]:
			of = append(of, v)
		}
	}
	switch last := c.before(1); {
	case last.Is("="):
		c.optionValues(c.before(2).Text, kind, of)
	case last.Is("(") || last.Is(","):
		names := []string{"connector", "format"}
		for _, v := range of {
			for _, o := range v.Options {
				names = append(names, o.Name)
			}
		}
		c.names(slices.DeleteFunc(names, func(name string) bool {
			_, done := given[name]
			return done
		})...)
	}
}

// suits tells whether a connector is one for objects of the kinds: a table may be either.
func suits(v Connector, kinds []Kind) bool {
	return len(kinds) == 0 || kinds[0] != Source && kinds[0] != Sink || v.Kind == kinds[0]
}

// optionValues finds the values that an option may have.
func (c *cursor) optionValues(name string, kinds []Kind, of []Connector) {
	switch name {
	case "connector":
		for _, v := range c.vocabulary.Connectors {
			if v.Kind != "" && suits(v, kinds) {
				c.strings(v.Name)
			}
		}
		return
	case "format":
		for _, v := range of {
			c.strings(v.Formats...)
		}
		if len(of) == 0 {
			for _, v := range c.vocabulary.Connectors {
				if v.Kind == "" {
					c.strings(v.Name)
				}
			}
		}
	}
	for _, v := range of {
		for _, o := range v.Options {
			if o.Name == name {
				c.strings(o.Values...)
			}
		}
	}
}
