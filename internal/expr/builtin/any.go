package builtin

import "wire.example/wire/sdk/schema"

func anyFunctions() []Function {
	return []Function{
		fn("num_nulls", integer, countNulls(true), Any).variadic().called(),
		fn("num_nonnulls", integer, countNulls(false), Any).variadic().called(),
	}
}

func countNulls(nulls bool) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int32s()
		c.Each(func(i int) {
			n := int32(0)
			for _, a := range c.Args {
				if a.IsNull(i) == nulls {
					n++
				}
			}
			out[i] = n
		})
	}
}

// listed is a type's name where PostgreSQL writes one in a signature.
func listed(k schema.Kind) string {
	switch k {
	case Any:
		return "any"
	case Elem:
		return "element"
	case TextArray:
		return "text[]"
	case schema.Array:
		return "array"
	case schema.Time:
		return "time"
	case schema.Timestamp:
		return "timestamp"
	case schema.TimestampTZ:
		return "timestamptz"
	default:
		return k.PgName()
	}
}
