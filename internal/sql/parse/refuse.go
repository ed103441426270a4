package parse

import (
	"wire.example/wire/internal/expr/parse"
)

// refuse answers a statement that Wire has not: by name if PostgreSQL or another system has it, else as a syntax error.
func (p *parser) refuse(t *parse.Token) {
	hint, known := refusal(t.Text)
	if !known {
		p.UnexpectedHint("a statement begins with SELECT, INSERT, CREATE, DROP, EXPLAIN, DESCRIBE, SHOW, SET or the like")
		return
	}
	last := t
	switch t.Text {
	case "alter", "start", "security", "import":
		if next := p.PeekAt(1); next.Kind == parse.Ident && !next.Quoted {
			last = next
		}
	case "refresh":
		if p.AtWords("refresh", "materialized", "view") {
			last = p.PeekAt(2)
		}
	}
	span := t.To(last.Span)
	p.unsupported(span, upper(p.Text(span)), hint)
}

// refusal returns what to do instead of a statement that others have.
func refusal(word string) (hint string, known bool) {
	const (
		rows         = "rows are made by sources and queries and written by INSERT INTO; they are not changed in place"
		transactions = "every statement stands alone; Wire has no transactions of several statements"
		rights       = "rights are not given in SQL"
		cursors      = "use LIMIT and OFFSET, or read the whole answer"
		maintenance  = "nothing has to be done: leave it out"
		channels     = "to hear of new rows, read the source or the view that has them"
	)
	switch word {
	case "update", "delete", "merge", "upsert":
		return rows, true
	case "truncate":
		return "drop the table and create it again", true
	case "replace":
		return "write INSERT INTO; what becomes of old rows is an option of the sink", true
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release":
		return transactions, true
	case "grant", "revoke", "reassign", "security":
		return rights, true
	case "declare", "fetch", "move", "close":
		return cursors, true
	case "vacuum", "analyze", "analyse", "cluster", "reindex", "checkpoint", "discard", "optimize":
		return maintenance, true
	case "listen", "notify", "unlisten":
		return channels, true
	}
	return otherRefusal(word)
}

func otherRefusal(word string) (hint string, known bool) {
	switch word {
	case "alter":
		return "drop the object and create it again, or use CREATE OR REPLACE", true
	case "copy":
		return "read a file by CREATE SOURCE … WITH (connector = 'file', …), write one by CREATE SINK and INSERT INTO", true
	case "load", "import", "attach", "add":
		return "declare what is to be read by CREATE SOURCE", true
	case "lock":
		return "rows and tables are never locked; leave it out", true
	case "refresh":
		return "a materialized view is always up to date", true
	case "do", "call":
		return "Wire has no procedures", true
	case "comment":
		return "write a comment into the script: -- text", true
	case "use":
		return "there is one database; leave it out", true
	case "pragma":
		return "settings are changed by SET name TO value", true
	case "export", "unload":
		return "write rows by CREATE SINK and INSERT INTO", true
	}
	return "", false
}

// refuseObject answers CREATE or DROP of something that is no source, table, sink or view. verb is the word, start its token.
func (p *parser) refuseObject(verb string, start *parse.Token) {
	t := p.Peek()
	if t.Kind == parse.Ident && !t.Quoted {
		if hint, known := objectRefusal(t.Text); known {
			last := t
			if next := p.PeekAt(1); isWord(t, "unique", "foreign", "external", "text", "event", "access", "constraint", "default") && next.Kind == parse.Ident {
				last = next
			}
			p.unsupported(start.To(last.Span), verb+" "+upper(p.Text(t.To(last.Span))), hint)
			return
		}
	}
	if !p.failed() {
		p.UnexpectedHint(verb + " is followed by SOURCE, TABLE, SINK, VIEW or MATERIALIZED VIEW")
	}
}

// objectRefusal returns what to do instead of an object that others have.
func objectRefusal(word string) (hint string, known bool) {
	switch word {
	case "index", "unique":
		return "operators keep the indexes that they need by themselves", true
	case "function", "procedure", "aggregate", "constraint", "operator", "routine", "cast", "language", "trigger", "rule", "transform":
		return "write the expression in the query, or in a view", true
	case "type", "domain":
		return "write the type where it is used: ROW(a INT, b TEXT)", true
	case "sequence":
		return "use gen_random_uuid(), or row_number() OVER (…)", true
	case "schema", "database", "catalog":
		return "there is one database with one schema", true
	case "role", "user", "group", "policy":
		return "rights are not given in SQL", true
	case "foreign", "external", "stream", "connection", "server":
		return "declare what is to be read by CREATE SOURCE, what is to be written by CREATE SINK", true
	case "extension", "collation", "conversion", "default", "publication", "subscription", "tablespace", "statistics", "event", "access", "text",
		"owned", "secret":
		return "", true
	}
	return "", false
}
