package ast

// String returns the words of the operator, such as UNION.
func (o SetOp) String() string { return setOpWords[o] }

// String returns the words of the join, such as LEFT JOIN.
func (k JoinKind) String() string { return joinWords[k] }

// String returns the words before the items, such as ROLLUP; empty for GroupExprs.
func (k GroupKind) String() string { return groupWords[k] }

// String returns the words behind AS, empty for MaterializeDefault.
func (m Materialize) String() string { return materializeWords[m] }

// String returns the words behind EMIT, empty for EmitDefault.
func (m EmitMode) String() string { return emitWords[m] }

// String returns the words of the constraint, those of a column where they differ from a table's.
func (k ConstraintKind) String() string { return constraintWords[k] }

// String returns the name of the format.
func (f ExplainFormat) String() string { return formatWords[f] }

// String returns a name for messages, such as "list".
func (k ValueKind) String() string { return valueWords[k] }

//nolint:gochecknoglobals // immutable tables
var (
	setOpWords = [...]string{Union: "UNION", Intersect: "INTERSECT", Except: "EXCEPT"}
	joinWords  = [...]string{
		InnerJoin: "JOIN", LeftJoin: "LEFT JOIN", RightJoin: "RIGHT JOIN", FullJoin: "FULL JOIN", CrossJoin: "CROSS JOIN",
	}
	groupWords       = [...]string{GroupExprs: "", GroupingSets: "GROUPING SETS", Rollup: "ROLLUP", Cube: "CUBE"}
	materializeWords = [...]string{MaterializeDefault: "", MaterializeAlways: "MATERIALIZED", MaterializeNever: "NOT MATERIALIZED"}
	emitWords        = [...]string{EmitDefault: "", EmitOnWindowClose: "ON WINDOW CLOSE", EmitChanges: "CHANGES", EmitFinal: "FINAL"}
	constraintWords  = [...]string{
		NotNull: "NOT NULL", Nullable: "NULL", PrimaryKey: "PRIMARY KEY", Unique: "UNIQUE", DefaultValue: "DEFAULT",
		Generated: "GENERATED ALWAYS AS", Check: "CHECK", References: "REFERENCES", Collation: "COLLATE",
	}
	formatWords = [...]string{ExplainText: "text", ExplainJSON: "json"}
	valueWords  = [...]string{
		StringValue: "string", NumberValue: "number", BoolValue: "boolean", WordValue: "word", ListValue: "list", MapValue: "map",
	}
)
