package builtin

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
