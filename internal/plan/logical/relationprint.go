package logical

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/sdk/schema"
)

// columnNames lists columns of s by their numbers.
func columnNames(s *schema.Schema, columns []int) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = schema.QuoteName(s.Fields[c].Name)
	}
	return strings.Join(names, ", ")
}

// sortKeys shows an order as SQL writes it.
func sortKeys(s *schema.Schema, keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = schema.QuoteName(s.Fields[k.Column].Name)
		if k.Desc {
			parts[i] += " DESC"
		}
		if k.NullsFirst != k.Desc {
			parts[i] += map[bool]string{true: " NULLS FIRST", false: " NULLS LAST"}[k.NullsFirst]
		}
	}
	return strings.Join(parts, ", ")
}

// String shows strategy, kind and condition.
func (n *Join) String() string {
	var conditions []string
	for _, k := range n.Keys {
		op := " = "
		if k.NullSafe {
			op = " IS NOT DISTINCT FROM "
		}
		conditions = append(conditions, schema.QuoteName(n.Left.Schema().Fields[k.Left].Name)+op+schema.QuoteName(n.Right.Schema().Fields[k.Right].Name))
	}
	if n.Condition != nil {
		conditions = append(conditions, n.Condition.Text(append(slices.Clone(n.Left.Schema().Fields), n.Right.Schema().Fields...)))
	}
	text := n.Strategy.String() + " " + n.Name + ": " + n.Kind.String()
	if n.Dependent {
		text += " dependent"
	}
	if n.AsOf != nil {
		text += " as of " + n.AsOf.Text(n.Left.Schema().Fields)
	}
	if len(conditions) > 0 {
		text += " on " + strings.Join(conditions, " AND ")
	}
	if n.Bounds != nil {
		text += ", " + n.Bounds.String()
	}
	if n.Strategy == HashJoin || n.Strategy == BroadcastJoin || n.Strategy == NestedLoop {
		text += map[bool]string{true: ", build left", false: ", build right"}[n.BuildLeft]
	}
	return text
}

// String shows the keys and how many rows are kept.
func (n *Sort) String() string {
	text := map[bool]string{true: "changing "}[n.Changing] + "sort " + n.Name + ": " + sortKeys(n.Input.Schema(), n.Keys)
	if n.Partition != nil {
		text += ", for each " + columnNames(n.Input.Schema(), n.Partition)
	}
	text += kept(n.Limit, n.Offset)
	if n.WithTies {
		text += " with ties"
	}
	if n.Rank != NoRank {
		text += ", with " + n.Rank.String()
	}
	if n.Timed {
		text += ", as event time passes"
	}
	return text
}

func kept(limit, offset int64) string {
	text := ""
	if limit != NoLimit {
		text += fmt.Sprintf(", limit %d", limit)
	}
	if offset > 0 {
		text += fmt.Sprintf(", offset %d", offset)
	}
	return text
}

// String shows how many rows are kept.
func (n *Limit) String() string {
	return "limit " + n.Name + ": " + strings.TrimPrefix(kept(n.Limit, n.Offset), ", ")
}

// String shows the operation.
func (n *SetOp) String() string {
	return map[bool]string{true: "changing "}[n.Changing] + "set " + n.Name + ": " + n.Kind.String() + map[bool]string{true: " ALL", false: ""}[n.All]
}
