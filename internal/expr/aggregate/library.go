package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

func countFunctions() []Function {
	star := plain("count", schema.Int64).called().zeroIfEmpty().by(newCount)
	star.Star = true
	return []Function{star, plain("count", schema.Int64, builtin.Any).zeroIfEmpty().by(newCount)}
}

// sumFunctions: sums are wider than what they add, so that a sum of integers does not overflow.
func sumFunctions() []Function {
	return []Function{
		plain("sum", schema.Int64, schema.Int16).by(newIntSum[int16](false, schema.Int64)),
		plain("sum", schema.Int64, schema.Int32).by(newIntSum[int32](false, schema.Int64)),
		plain("sum", schema.Numeric, schema.Int64).by(newIntSum[int64](false, schema.Numeric)),
		plain("sum", schema.Numeric, schema.Numeric).by(newNumericSum(false)),
		plain("sum", schema.Float32, schema.Float32).by(newFloatSum[float32](false)),
		plain("sum", schema.Float64, schema.Float64).by(newFloatSum[float64](false)),
		plain("sum", schema.Interval, schema.Interval).by(newIntervalSum(false)),
		plain("avg", schema.Numeric, schema.Int16).by(newIntSum[int16](true, schema.Numeric)),
		plain("avg", schema.Numeric, schema.Int32).by(newIntSum[int32](true, schema.Numeric)),
		plain("avg", schema.Numeric, schema.Int64).by(newIntSum[int64](true, schema.Numeric)),
		plain("avg", schema.Numeric, schema.Numeric).by(newNumericSum(true)),
		plain("avg", schema.Float64, schema.Float32).by(newFloatSum[float32](true)),
		plain("avg", schema.Float64, schema.Float64).by(newFloatSum[float64](true)),
		plain("avg", schema.Interval, schema.Interval).by(newIntervalSum(true)),
	}
}

// extremeFunctions are min and max, for the types that PostgreSQL has them for.
func extremeFunctions() []Function {
	var list []Function
	for _, name := range []string{"min", "max"} {
		for _, kind := range []schema.Kind{
			schema.Int16, schema.Int32, schema.Int64, schema.Float32, schema.Float64, schema.Numeric, schema.Text, schema.Date, schema.Time,
			schema.Timestamp, schema.TimestampTZ, schema.Interval, schema.Array,
		} {
			f := plain(name, kind, kind).ignoresRepeats().byValues().by(newExtreme(kind, name == "max"))
			if kind == schema.Array {
				f = f.resultOf(argument(0))
			}
			list = append(list, f)
		}
	}
	return list
}

func boolFunctions() []Function {
	var list []Function
	for _, name := range []string{"bool_and", "bool_or", "every"} {
		list = append(list, plain(name, schema.Bool, schema.Bool).ignoresRepeats().by(newBool(name == "bool_or")))
	}
	return list
}

func bitFunctions() []Function {
	var list []Function
	for _, fn := range []struct {
		name string
		op   bitOp
	}{{"bit_and", bitAnd}, {"bit_or", bitOr}, {"bit_xor", bitXor}} {
		for _, f := range []Function{
			plain(fn.name, schema.Int16, schema.Int16).by(newBits[int16](fn.op)),
			plain(fn.name, schema.Int32, schema.Int32).by(newBits[int32](fn.op)),
			plain(fn.name, schema.Int64, schema.Int64).by(newBits[int64](fn.op)),
		} {
			if fn.op != bitXor {
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
		plain("string_agg", schema.Text, schema.Text, schema.Text).called().inOrder().by(newStringAgg),
		plain("string_agg", schema.Bytes, schema.Bytes, schema.Bytes).called().inOrder().by(newStringAgg),
		plain("array_agg", schema.Array, builtin.NonArray).called().inOrder().resultOf(arrayOfArgument(0)).by(newArrayAgg),
		plain("array_agg", schema.Array, schema.Array).called().inOrder().resultOf(arrayOfArgument(0)).by(newArrayAgg),
		plain("json_agg", schema.JSONB, builtin.Any).called().inOrder().by(newJSONAgg),
		plain("jsonb_agg", schema.JSONB, builtin.Any).called().inOrder().by(newJSONAgg),
		plain("json_object_agg", schema.JSONB, builtin.Any, builtin.Any).called().inOrder().by(newJSONObjectAgg),
		plain("jsonb_object_agg", schema.JSONB, builtin.Any, builtin.Any).called().inOrder().by(newJSONObjectAgg),
	}
}

// varianceFunctions are exact for integers and NUMERIC, whose answer is NUMERIC, and have DOUBLE PRECISION for floats.
func varianceFunctions() []Function {
	var list []Function
	for _, fn := range []struct {
		name string
		sp   spread
	}{
		{"stddev", spread{sample: true, root: true}},
		{"stddev_pop", spread{root: true}},
		{"stddev_samp", spread{sample: true, root: true}},
		{"variance", spread{sample: true}},
		{"var_pop", spread{}},
		{"var_samp", spread{sample: true}},
	} {
		list = append(list,
			plain(fn.name, schema.Numeric, schema.Int16).by(newIntMoments[int16](fn.sp)),
			plain(fn.name, schema.Numeric, schema.Int32).by(newIntMoments[int32](fn.sp)),
			plain(fn.name, schema.Numeric, schema.Int64).by(newIntMoments[int64](fn.sp)),
			plain(fn.name, schema.Numeric, schema.Numeric).by(newDecimalMoments(fn.sp)),
			plain(fn.name, schema.Float64, schema.Float32).by(newFloatMoments[float32](fn.sp)),
			plain(fn.name, schema.Float64, schema.Float64).by(newFloatMoments[float64](fn.sp)))
	}
	return list
}

// regressionFunctions take the dependent variable first and the independent one second.
func regressionFunctions() []Function {
	list := []Function{plain("regr_count", schema.Int64, schema.Float64, schema.Float64).zeroIfEmpty().by(newCount)}
	for _, name := range []string{
		"corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy",
	} {
		list = append(list, plain(name, schema.Float64, schema.Float64, schema.Float64).by(newRegression(statisticOf(name))))
	}
	return list
}

func doubles([]schema.Type) schema.Type { return schema.ArrayOf(schema.Of(schema.Float64)) }

func percentileFunctions() []Function {
	const double, doubleArray = schema.Float64, builtin.DoubleArray
	list := []Function{
		plain("percentile_cont", double, double, double).scanned(newPercentile(true, false)),
		plain("percentile_cont", schema.Interval, double, schema.Interval).scanned(newPercentile(true, false)),
		plain("percentile_cont", schema.Array, doubleArray, double).resultOf(doubles).scanned(newPercentile(true, true)),
		plain("percentile_cont", schema.Array, doubleArray, schema.Interval).resultOf(arrayOfArgument(1)).scanned(newPercentile(true, true)),
		plain("percentile_disc", builtin.Any, double, builtin.Any).resultOf(argument(1)).scanned(newPercentile(false, false)),
		plain("percentile_disc", schema.Array, doubleArray, builtin.Any).resultOf(arrayOfArgument(1)).scanned(newPercentile(false, true)),
	}
	for i := range list {
		list[i] = list[i].sorted(OrderedSet, 1)
	}
	return list
}

func modeFunctions() []Function {
	return []Function{plain("mode", builtin.Any, builtin.Any).sorted(OrderedSet, 0).resultOf(argument(0)).scanned(newMode)}
}

func rankFunctions() []Function {
	hypothetical := func(name string, result schema.Kind) Function {
		f := plain(name, result, builtin.Any).called()
		f.Variadic, f.Class, f.ValueIfEmpty = true, HypotheticalSet, true
		return f
	}
	return []Function{
		hypothetical("rank", schema.Int64).by(newRank(plainRank)),
		hypothetical("dense_rank", schema.Int64).sorted(HypotheticalSet, 0).scanned(newDenseRank),
		hypothetical("percent_rank", schema.Float64).by(newRank(percentRank)),
		hypothetical("cume_dist", schema.Float64).by(newRank(cumeDist)),
	}
}

func approximateFunctions() []Function {
	const double, doubleArray = schema.Float64, builtin.DoubleArray
	return []Function{
		plain("approx_count_distinct", schema.Int64, builtin.Any).zeroIfEmpty().ignoresRepeats().byValues().by(newDistinct),
		plain("approx_percentile", double, double, double).called().by(newQuantile(false)),
		plain("approx_percentile", schema.Array, double, doubleArray).called().resultOf(doubles).by(newQuantile(true)),
	}
}
