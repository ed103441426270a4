package builtin

import (
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// numberTemplate keeps the last compiled template of numbers.
type numberTemplate struct {
	text     string
	compiled *numeric.Template
}

// numberTemplate returns the template of argument 1, compiled once where it stays the same.
func (c *Call) numberTemplate(i int) (*numeric.Template, error) {
	b := c.Bytes(1, i)
	t, ok := c.State.(*numberTemplate)
	if ok && t.text == string(b) {
		return t.compiled, nil
	}
	compiled, err := numeric.CompileTemplate(string(b))
	if err == nil {
		c.State = &numberTemplate{string(b), compiled}
	}
	return compiled, err
}

// numbers writes the number of each row by its template.
func (c *Call) numbers(write func(t *numeric.Template, dst []byte, row int) ([]byte, error)) {
	c.Each(func(i int) {
		t, err := c.numberTemplate(i)
		if !c.Check(i, err) {
			return
		}
		own := c.Out.OwnBuffer(64)
		start := len(own.Data)
		data, err := write(t, own.Data, i)
		if c.Check(i, err) {
			own.Data = data
			c.Out.SetOwn(i, start)
		}
	})
}

func formatInteger(c *Call) {
	small := c.Args[0].Col.Kind() == schema.Int32
	c.numbers(func(t *numeric.Template, dst []byte, row int) ([]byte, error) {
		if small {
			return t.AppendDecimal(dst, numeric.FromInt64(int64(c.Int32(0, row))), 32)
		}
		return t.AppendDecimal(dst, numeric.FromInt64(c.Int64(0, row)), 64)
	})
}

func formatDecimal(c *Call) {
	c.numbers(func(t *numeric.Template, dst []byte, row int) ([]byte, error) {
		return t.AppendDecimal(dst, c.Args[0].Col.Decimal(c.Args[0].At(row)), 0)
	})
}

func formatReal(c *Call) {
	single := c.Args[0].Col.Kind() == schema.Float32
	c.numbers(func(t *numeric.Template, dst []byte, row int) ([]byte, error) {
		if single {
			return t.AppendFloat(dst, float64(c.Args[0].Col.Float32s()[c.Args[0].At(row)]), 32)
		}
		return t.AppendFloat(dst, c.Float(0, row), 64)
	})
}

func parseNumber(c *Call) {
	c.Each(func(i int) {
		if len(c.Bytes(1, i)) == 0 {
			c.Out.SetNull(i)
			return
		}
		t, err := c.numberTemplate(i)
		if !c.Check(i, err) {
			return
		}
		d, err := t.Parse(string(c.Bytes(0, i)))
		if c.Check(i, err) {
			c.Out.SetDecimal(i, d)
		}
	})
}
