package temporal

import (
	"strconv"
)

type operation = func(args []string) (string, error)

// operations do what the queries of testdata/answers.sql do.
var operations = map[string]operation{
	"timestamp": func(args []string) (string, error) {
		a := &arguments{args: args}
		return stampText(a, a.stamp(0), nil)
	},
	"timestamptz": func(args []string) (string, error) {
		a := &arguments{args: args}
		z := a.session(0)
		return zonedText(a, a.stampTZ(1, z), nil, z)
	},
	"date": func(args []string) (string, error) {
		a := &arguments{args: args}
		return text(a, value(a, 0, ParseDate), nil, AppendDate)
	},
	"time": func(args []string) (string, error) {
		a := &arguments{args: args}
		return text(a, value(a, 0, ParseTime), nil, AppendTime)
	},
	"interval": func(args []string) (string, error) {
		a := &arguments{args: args}
		return spanText(a, a.span(0), nil)
	},
	"json": func(args []string) (string, error) {
		a := &arguments{args: args}
		s, err := text(a, a.stamp(0), nil, AppendTimestampISO)
		return `{"f1":"` + s + `"}`, err
	},
	"jsontz": func(args []string) (string, error) {
		a := &arguments{args: args}
		z := a.session(0)
		s, err := text(a, a.stampTZ(1, z), nil, func(dst []byte, t int64) []byte { return AppendTimestampTZISO(dst, t, z) })
		return `{"f1":"` + s + `"}`, err
	},
	"atzone": func(args []string) (string, error) {
		a := &arguments{args: args}
		t := a.stampTZ(1, nil)
		z := a.zone(0)
		if a.err != nil {
			return "", a.err
		}
		return stampText(a, z.ToLocal(t), nil)
	},
	"fromzone": func(args []string) (string, error) {
		a := &arguments{args: args}
		t := a.stamp(1)
		z := a.zone(0)
		if a.err != nil {
			return "", a.err
		}
		return zonedText(a, z.ToUTC(t), nil, UTC())
	},
	"add": withInterval(AddInterval),
	"sub": withInterval(SubInterval),
	"addtz": func(args []string) (string, error) {
		a := &arguments{args: args}
		z := a.session(0)
		v, err := AddIntervalTZ(a.stampTZ(1, z), a.span(2), z)
		return zonedText(a, v, err, z)
	},
	"diff": twoStamps(SubTimestamps),
	"age":  twoStamps(Age),
	"iadd": func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := a.span(0).Add(a.span(1))
		return spanText(a, v, err)
	},
	"isub": func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := a.span(0).Sub(a.span(1))
		return spanText(a, v, err)
	},
	"imul": func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := a.span(0).Mul(a.float(1))
		return spanText(a, v, err)
	},
	"idiv": func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := a.span(0).Div(a.float(1))
		return spanText(a, v, err)
	},
	"icmp": func(args []string) (string, error) {
		a := &arguments{args: args}
		return strconv.Itoa(a.span(0).Compare(a.span(1))), a.err
	},
	"jhours":    oneInterval(Interval.JustifyHours),
	"jdays":     oneInterval(Interval.JustifyDays),
	"jinterval": oneInterval(Interval.JustifyInterval),
	"extract": func(args []string) (string, error) {
		a := &arguments{args: args}
		return extractAs(a, KindTimestamp, a.stamp(1))
	},
	"extractdate": func(args []string) (string, error) {
		a := &arguments{args: args}
		return extractAs(a, KindDate, int64(value(a, 1, ParseDate)))
	},
	"extracttime": func(args []string) (string, error) {
		a := &arguments{args: args}
		return extractAs(a, KindTime, value(a, 1, ParseTime))
	},
	"extractinterval": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := field(args[0], KindInterval)
		if err != nil {
			return "", err
		}
		n, err := ExtractInterval(f, a.span(1))
		return numberText(a, n, err)
	},
	"extracttz": func(args []string) (string, error) {
		a := &arguments{args: args}
		z := a.session(0)
		f, err := field(args[1], KindTimestampTZ)
		if err != nil {
			return "", err
		}
		n, err := ExtractTZ(f, a.stampTZ(2, z), z)
		return numberText(a, n, err)
	},
	"trunc": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := field(args[0], KindTimestamp)
		if err != nil {
			return "", err
		}
		v, err := Trunc(f, a.stamp(1))
		return stampText(a, v, err)
	},
	"trunctz": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := field(args[1], KindTimestampTZ)
		if err != nil {
			return "", err
		}
		v, err := TruncTZ(f, a.stampTZ(2, nil), a.zone(0))
		return zonedText(a, v, err, UTC())
	},
	"truncinterval": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := field(args[0], KindInterval)
		if err != nil {
			return "", err
		}
		v, err := TruncInterval(f, a.span(1))
		return spanText(a, v, err)
	},
	"bin": func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := DateBin(a.span(0), a.stamp(1), a.stamp(2))
		return stampText(a, v, err)
	},
	"makedate": func(args []string) (string, error) {
		a := &arguments{args: args}
		v := a.ints()
		d, err := MakeDate(v[0], v[1], v[2])
		return text(a, d, err, AppendDate)
	},
	"maketime": func(args []string) (string, error) {
		a := &arguments{args: args}
		v := a.ints()
		t, err := MakeTime(v[0], v[1], a.float(2))
		return text(a, t, err, AppendTime)
	},
	"maketimestamp": func(args []string) (string, error) {
		a := &arguments{args: args}
		v := a.ints()
		t, err := MakeTimestamp(v[0], v[1], v[2], v[3], v[4], a.float(5))
		return stampText(a, t, err)
	},
	"makeinterval": func(args []string) (string, error) {
		a := &arguments{args: args}
		var v [6]int32
		for i, n := range a.ints()[:6] {
			v[i] = int32(n)
		}
		w, err := MakeInterval(v[0], v[1], v[2], v[3], v[4], v[5], a.float(6))
		return spanText(a, w, err)
	},
	"tochar": func(args []string) (string, error) {
		a := &arguments{args: args}
		t := a.stamp(1)
		f, err := CompileFormat([]byte(args[0]))
		if args[0] == "" || !FiniteTimestamp(t) {
			return "NULL", err
		}
		return text(a, t, err, f.Append)
	},
	"tochartz": func(args []string) (string, error) {
		a := &arguments{args: args}
		z := a.session(0)
		f, err := CompileFormat([]byte(args[1]))
		if args[1] == "" {
			return "NULL", err
		}
		return text(a, a.stampTZ(2, z), err, func(dst []byte, t int64) []byte { return f.AppendTZ(dst, t, z) })
	},
	"tocharinterval": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := CompileFormat([]byte(args[0]))
		if args[0] == "" || err != nil {
			return "NULL", err
		}
		b, err := f.AppendInterval(nil, a.span(1))
		return string(b), err
	},
	"totimestamp": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := CompileFormat([]byte(args[0]))
		if err != nil {
			return "", err
		}
		v, err := f.ParseTimestampTZ([]byte(args[1]), nil)
		return zonedText(a, v, err, UTC())
	},
	"todate": func(args []string) (string, error) {
		a := &arguments{args: args}
		f, err := CompileFormat([]byte(args[0]))
		if err != nil {
			return "", err
		}
		v, err := f.ParseDate([]byte(args[1]))
		return text(a, v, err, AppendDate)
	},
}

func withInterval(do func(int64, Interval) (int64, error)) operation {
	return func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := do(a.stamp(0), a.span(1))
		return stampText(a, v, err)
	}
}

func twoStamps(do func(a, b int64) (Interval, error)) operation {
	return func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := do(a.stamp(0), a.stamp(1))
		return spanText(a, v, err)
	}
}

func oneInterval(do func(Interval) (Interval, error)) operation {
	return func(args []string) (string, error) {
		a := &arguments{args: args}
		v, err := do(a.span(0))
		return spanText(a, v, err)
	}
}

func extractAs(a *arguments, k Kind, v int64) (string, error) {
	f, err := field(a.args[0], k)
	if err != nil {
		return "", err
	}
	n, err := Extract(f, k, v)
	return numberText(a, n, err)
}
