package ast

import "strings"

// KeywordClass says where a word of SQL may stand as a name (PostgreSQL 15, appendix C).
type KeywordClass uint8

// The classes. A word of a class may be used wherever the comment says without being quoted.
const (
	NotKeyword     KeywordClass = iota // anywhere
	Unreserved                         // as any name: column, function, type
	ColumnName                         // as a column's or table's name, not as a function's or type's
	TypeOrFunction                     // as a function's or type's name, not as a column's
	Reserved                           // only after AS
)

// Keyword describes one word.
type Keyword struct {
	Class KeywordClass
	// NeedsAs is true where the word can name an output column only after AS.
	NeedsAs bool
}

// LookupKeyword returns what PostgreSQL knows of word, which must be in lower case; the zero Keyword if it is none.
func LookupKeyword(word string) Keyword { return keywords[word] }

//nolint:gochecknoglobals // immutable table
var keywords = buildKeywords()

func buildKeywords() map[string]Keyword {
	const count = 460
	table := make(map[string]Keyword, count)
	add := func(words string, k Keyword) {
		for _, w := range strings.Fields(words) {
			table[w] = k
		}
	}
	add(unreservedWords, Keyword{Class: Unreserved})
	add(unreservedNeedAs, Keyword{Class: Unreserved, NeedsAs: true})
	add(columnWords, Keyword{Class: ColumnName})
	add(columnNeedAs, Keyword{Class: ColumnName, NeedsAs: true})
	add(typeOrFunctionWords, Keyword{Class: TypeOrFunction})
	add(typeOrFunctionNeedAs, Keyword{Class: TypeOrFunction, NeedsAs: true})
	add(reservedWords, Keyword{Class: Reserved})
	add(reservedNeedAs, Keyword{Class: Reserved, NeedsAs: true})
	return table
}

// The words by class, as pg_get_keywords() of PostgreSQL 15 lists them.
const (
	unreservedWords = `
abort absolute access action add admin after aggregate also alter always asensitive assertion assignment at atomic attach
attribute backward before begin breadth by cache call called cascade cascaded catalog chain characteristics checkpoint class
close cluster columns comment comments commit committed compression configuration conflict connection constraints content
continue conversion copy cost csv cube current cursor cycle data database deallocate declare defaults deferred definer delete
delimiter delimiters depends depth detach dictionary disable discard document domain double drop each enable encoding encrypted
enum escape event exclude excluding exclusive execute explain expression extension external family finalize first following force
forward function functions generated global granted groups handler header hold identity if immediate immutable implicit import
include including increment index indexes inherit inherits inline input insensitive insert instead invoker isolation key label
language large last leakproof level listen load local location lock locked logged mapping match matched materialized maxvalue
merge method minvalue mode move name names new next nfc nfd nfkc nfkd no normalized nothing notify nowait nulls object of off
oids old operator option options ordinality others overriding owned owner parallel parameter parser partial partition passing
password plans policy preceding prepare prepared preserve prior privileges procedural procedure procedures program publication
quote range read reassign recheck recursive ref referencing refresh reindex relative release rename repeatable replace replica
reset restart restrict return returns revoke role rollback rollup routine routines rows rule savepoint schema schemas scroll
search security sequence sequences serializable server session set sets share show simple skip snapshot sql stable standalone
start statement statistics stdin stdout storage stored strict strip subscription support sysid system tables tablespace temp
template temporary text ties transaction transform trigger truncate trusted type types uescape unbounded uncommitted unencrypted
unknown unlisten unlogged until update vacuum valid validate validator value version view views volatile whitespace work wrapper
write xml yes zone`
	unreservedNeedAs = `
day filter hour minute month over second varying within without year`
	columnWords = `
between bigint bit boolean coalesce dec decimal exists extract float greatest grouping inout int integer interval least national
nchar none normalize nullif numeric out overlay position real row setof smallint substring time timestamp treat trim values
varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`
	columnNeedAs = `
char character precision`
	typeOrFunctionWords = `
authorization binary collation concurrently cross current_schema freeze full ilike inner is join left like natural outer right
similar tablesample verbose`
	typeOrFunctionNeedAs = `
isnull notnull overlaps`
	reservedWords = `
all analyse analyze and any asc asymmetric both case cast check collate column constraint current_catalog current_date
current_role current_time current_timestamp current_user default deferrable desc distinct do else end false foreign in initially
lateral leading localtime localtimestamp not null only or placing primary references select session_user some symmetric table
then trailing true unique user using variadic when`
	reservedNeedAs = `
array as create except fetch for from grant group having intersect into limit offset on order returning to union where window
with`
)
