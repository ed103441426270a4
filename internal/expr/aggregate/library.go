package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

func countFunctions() []Function {
	star := plain("count", schema.Int64).called().zeroIfEmpty()
	star.Star = true
	return []Function{star, plain("count", schema.Int64, builtin.Any).zeroIfEmpty()}
}

// sumFunctions: sums are wider than what they add, so that a sum of integers does not overflow.
func sumFunctions() []Function {
	return []Function{
		plain("sum", schema.Int64, schema.Int16),
		plain("sum", schema.Int64, schema.Int32),
		plain("sum", schema.Numeric, schema.Int64),
		plain("sum", schema.Numeric, schema.Numeric),
		plain("sum", schema.Float32, schema.Float32),
		plain("sum", schema.Float64, schema.Float64),
		plain("sum", schema.Interval, schema.Interval),
		plain("avg", schema.Numeric, schema.Int16),
		plain("avg", schema.Numeric, schema.Int32),
		plain("avg", schema.Numeric, schema.Int64),
		plain("avg", schema.Numeric, schema.Numeric),
		plain("avg", schema.Float64, schema.Float32),
		plain("avg", schema.Float64, schema.Float64),
		plain("avg", schema.Interval, schema.Interval),
	}
}

// extremeFunctions are min and max, for the types that PostgreSQL has them for.
func extremeFunctions() []Function {
	var list []Function
	for _, name := range []string{"min", "max"} {
		for _, kind := range []schema.Kind{
			schema.Int16, schema.Int32, schema.Int64, schema.Float32, schema.Float64, schema.Numeric, schema.Text, schema.Date, schema.Time,
			schema.Timestamp, schema.TimestampTZ, schema.Interval,
		} {
			list = append(list, plain(name, kind, kind).ignoresRepeats().byValues())
		}
		list = append(list, plain(name, schema.Array, schema.Array).resultOf(argument(0)).ignoresRepeats().byValues())
	}
	return list
}

func boolFunctions() []Function {
	return []Function{
		plain("bool_and", schema.Bool, schema.Bool).ignoresRepeats(),
		plain("bool_or", schema.Bool, schema.Bool).ignoresRepeats(),
		plain("every", schema.Bool, schema.Bool).ignoresRepeats(),
	}
}

func bitFunctions() []Function {
	var list []Function
	for _, name := range []string{"bit_and", "bit_or", "bit_xor"} {
		for _, kind := range []schema.Kind{schema.Int16, schema.Int32, schema.Int64} {
			f := plain(name, kind, kind)
			if name != "bit_xor" {
				f = f.ignoresRepeats().byValues()
			}
			list = append(list, f)
		}
	}
	return list
}

// collectFunctions put all values of a group into one.
func collectFunctions() []Function {
	return []Function{
		plain("string_agg", schema.Text, schema.Text, schema.Text).called().inOrder(),
		plain("string_agg", schema.Bytes, schema.Bytes, schema.Bytes).called().inOrder(),
		plain("array_agg", schema.Array, builtin.NonArray).called().inOrder().resultOf(arrayOfArgument(0)),
		plain("array_agg", schema.Array, schema.Array).called().inOrder().resultOf(arrayOfArgument(0)),
		plain("json_agg", schema.JSONB, builtin.Any).called().inOrder(),
		plain("jsonb_agg", schema.JSONB, builtin.Any).called().inOrder(),
		plain("json_object_agg", schema.JSONB, builtin.Any, builtin.Any).called().inOrder(),
		plain("jsonb_object_agg", schema.JSONB, builtin.Any, builtin.Any).called().inOrder(),
	}
}

// varianceFunctions are exact for integers and NUMERIC, whose answer is NUMERIC, and have DOUBLE PRECISION for floats.
func varianceFunctions() []Function {
	var list []Function
	for _, name := range []string{"stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp"} {
		list = append(list,
			plain(name, schema.Numeric, schema.Int16),
			plain(name, schema.Numeric, schema.Int32),
			plain(name, schema.Numeric, schema.Int64),
			plain(name, schema.Numeric, schema.Numeric),
			plain(name, schema.Float64, schema.Float32),
			plain(name, schema.Float64, schema.Float64))
	}
	return list
}

// regressionFunctions take the dependent variable first and the independent one second.
func regressionFunctions() []Function {
	list := []Function{plain("regr_count", schema.Int64, schema.Float64, schema.Float64).zeroIfEmpty()}
	for _, name := range []string{
		"corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy",
	} {
		list = append(list, plain(name, schema.Float64, schema.Float64, schema.Float64))
	}
	return list
}

func percentileFunctions() []Function {
	doubles := func([]schema.Type) schema.Type { return schema.ArrayOf(schema.Of(schema.Float64)) }
	return []Function{
		plain("percentile_cont", schema.Float64, schema.Float64, schema.Float64).sorted(OrderedSet, 1),
		plain("percentile_cont", schema.Interval, schema.Float64, schema.Interval).sorted(OrderedSet, 1),
		plain("percentile_cont", schema.Array, builtin.DoubleArray, schema.Float64).sorted(OrderedSet, 1).resultOf(doubles),
		plain("percentile_cont", schema.Array, builtin.DoubleArray, schema.Interval).sorted(OrderedSet, 1).resultOf(arrayOfArgument(1)),
		plain("percentile_disc", builtin.Any, schema.Float64, builtin.Any).sorted(OrderedSet, 1).resultOf(argument(1)),
		plain("percentile_disc", schema.Array, builtin.DoubleArray, builtin.Any).sorted(OrderedSet, 1).resultOf(arrayOfArgument(1)),
	}
}

func modeFunctions() []Function {
	return []Function{plain("mode", builtin.Any, builtin.Any).sorted(OrderedSet, 0).resultOf(argument(0))}
}

func rankFunctions() []Function {
	var list []Function
	for _, fn := range []struct {
		name   string
		result schema.Kind
	}{{"rank", schema.Int64}, {"dense_rank", schema.Int64}, {"percent_rank", schema.Float64}, {"cume_dist", schema.Float64}} {
		f := plain(fn.name, fn.result, builtin.Any).called()
		f.Variadic = true
		f.Class = HypotheticalSet
		if fn.name == "dense_rank" {
			f = f.sorted(HypotheticalSet, 0)
		}
		list = append(list, f)
	}
	return list
}

func approximateFunctions() []Function {
	doubles := func([]schema.Type) schema.Type { return schema.ArrayOf(schema.Of(schema.Float64)) }
	return []Function{
		plain("approx_count_distinct", schema.Int64, builtin.Any).zeroIfEmpty().ignoresRepeats().byValues(),
		plain("approx_percentile", schema.Float64, schema.Float64, schema.Float64).called(),
		plain("approx_percentile", schema.Array, schema.Float64, builtin.DoubleArray).called().resultOf(doubles),
	}
}
