package builtin

import (
	"unicode/utf8"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func patternFunctions() []Function {
	texts := schema.ArrayOf(schema.Of(text))
	return []Function{
		fn("~", boolean, matches(false, false), text, text), fn("~*", boolean, matches(true, false), text, text),
		fn("!~", boolean, matches(false, true), text, text), fn("!~*", boolean, matches(true, true), text, text),
		fn("regexp_like", boolean, regexpLike, text, text, text).optional(1),
		fn("regexp_count", integer, regexpCount, text, text, integer, text).optional(2),
		fn("regexp_instr", integer, regexpInstr, text, text, integer, integer, integer, text, integer).optional(5),
		fn("regexp_substr", text, regexpSubstr, text, text, integer, integer, text, integer).optional(4),
		fn("regexp_match", schema.Array, regexpMatch, text, text, text).optional(1).resultType(texts),
		fn("regexp_replace", text, regexpReplace, text, text, text, text).optional(1),
		fn("regexp_replace", text, regexpReplaceAt, text, text, text, integer, integer, text).optional(2),
		fn("regexp_split_to_array", schema.Array, regexpSplit, text, text, text).optional(1).resultType(texts),
		fn("substring", text, substringPattern, text, text), fn("substring", text, substringSimilar, text, text, text),
		fn("similar_to_escape", text, similarEscape, text, text).optional(1), fn("similar_escape", text, similarEscape, text, text).called(),
	}
}

// matches is the operator ~ and its kin.
func matches(fold, negated bool) func(*Call) {
	return func(c *Call) {
		p, out := c.patterns(areOptions{fold: fold}), c.Out.Bits()
		c.Each(func(i int) {
			r, bad := p.get(c.Bytes(1, i), nil)
			if bad != nil {
				c.Fail(i, bad)
				return
			}
			out.Put(i, r.match(c.Bytes(0, i)) != negated)
		})
	}
}

// regex returns the regular expression of argument 1 under the flags of argument flags, if there are as many; false if row failed.
func (c *Call) regex(p *patterns, row, flags int) (*regex, bool) {
	var letters []byte
	if flags < len(c.Args) {
		letters = c.Bytes(flags, row)
	}
	r, bad := p.get(c.Bytes(1, row), letters)
	if bad != nil {
		c.Fail(row, bad)
		return nil, false
	}
	return r, true
}

// noGlobal refuses the flag g, of which the function called name has no use.
func (c *Call) noGlobal(row, flags int, name string) bool {
	if flags >= len(c.Args) || !hasGlobal(c.Bytes(flags, row)) {
		return true
	}
	bad := errGlobal(name)
	if name == "regexp_match" {
		bad = bad.WithHint("Use the regexp_matches function instead.")
	}
	c.Fail(row, bad)
	return false
}

// intArg returns argument k at row if it is there, else otherwise; false if the value is less than least and row failed.
func (c *Call) intArg(k, row, otherwise, least int, name string) (int, bool) {
	if k >= len(c.Args) {
		return otherwise, true
	}
	v := int(c.Int32(k, row))
	if v < least {
		c.Fail(row, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, v))
		return 0, false
	}
	return v, true
}

func regexpLike(c *Call) {
	p, out := c.patterns(areOptions{}), c.Out.Bits()
	c.Each(func(i int) {
		if !c.noGlobal(i, 2, "regexp_like") {
			return
		}
		if r, ok := c.regex(p, i, 2); ok {
			out.Put(i, r.match(c.Bytes(0, i)))
		}
	})
}

func regexpCount(c *Call) {
	p, out := c.patterns(areOptions{}), c.Out.Int32s()
	c.Each(func(i int) {
		start, ok := c.intArg(2, i, 1, 1, "start")
		if !ok || !c.noGlobal(i, 3, "regexp_count") {
			return
		}
		r, ok := c.regex(p, i, 3)
		if !ok {
			return
		}
		b := c.Bytes(0, i)
		from, n := charOffset(b, start-1), int32(0)
		if utf8.RuneCount(b) < start-1 {
			out[i] = 0
			return
		}
		r.each(b, from, func([]int) bool {
			n++
			return true
		})
		out[i] = n
	})
}

// nth returns match number n from character start on, or nil.
func (r *regex) nth(b []byte, start, n int) []int {
	if utf8.RuneCount(b) < start-1 {
		return nil
	}
	var found []int
	r.each(b, charOffset(b, start-1), func(m []int) bool {
		if n--; n == 0 {
			found = m
		}
		return n > 0
	})
	return found
}

func regexpInstr(c *Call) {
	p, out := c.patterns(areOptions{}), c.Out.Int32s()
	c.Each(func(i int) {
		start, ok1 := c.intArg(2, i, 1, 1, "start")
		n, ok2 := 1, ok1
		if ok1 {
			n, ok2 = c.intArg(3, i, 1, 1, "n")
		}
		if !ok2 {
			return
		}
		end, ok := c.intArg(4, i, 0, 0, "endoption")
		if ok && end > 1 {
			c.Fail(i, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid value for parameter \"endoption\": %d", end))
			return
		}
		group, ok3 := 0, ok
		if ok {
			group, ok3 = c.intArg(6, i, 0, 0, "subexpr")
		}
		if !ok3 || !c.noGlobal(i, 5, "regexp_instr") {
			return
		}
		r, ok := c.regex(p, i, 5)
		if !ok {
			return
		}
		out[i] = 0
		b := c.Bytes(0, i)
		if m := r.nth(b, start, n); m != nil && group <= r.groups && m[2*group] >= 0 {
			out[i] = int32(utf8.RuneCount(b[:m[2*group+end]]) + 1) //nolint:gosec // at most 1 GiB
		}
	})
}

func regexpSubstr(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	p := c.patterns(areOptions{})
	c.Each(func(i int) {
		start, ok := c.intArg(2, i, 1, 1, "start")
		if !ok {
			return
		}
		n, ok := c.intArg(3, i, 1, 1, "n")
		if !ok {
			return
		}
		group, ok := c.intArg(5, i, 0, 0, "subexpr")
		if !ok || !c.noGlobal(i, 4, "regexp_substr") {
			return
		}
		r, ok := c.regex(p, i, 4)
		if !ok {
			return
		}
		m := r.nth(c.Bytes(0, i), start, n)
		if m == nil || group > r.groups || m[2*group] < 0 {
			c.Out.SetNull(i)
			return
		}
		c.sub(i, m[2*group], m[2*group+1])
	})
}

func regexpMatch(c *Call) {
	p := c.patterns(areOptions{})
	c.eachArray(func(i int, out *batch.Column) {
		if !c.noGlobal(i, 2, "regexp_match") {
			return
		}
		r, ok := c.regex(p, i, 2)
		if !ok {
			return
		}
		b := c.Bytes(0, i)
		m := r.find(b, 0)
		if m == nil {
			c.Out.SetNull(i)
			return
		}
		if r.groups > 0 {
			m = m[2:]
		}
		for k := 0; k < len(m); k += 2 {
			n := out.Len()
			out.Resize(n + 1)
			if m[k] < 0 {
				out.SetNull(n)
			} else {
				out.SetBytes(n, b[m[k]:m[k+1]])
			}
		}
	})
}

func regexpReplace(c *Call) {
	p := c.patterns(areOptions{})
	c.Each(func(i int) {
		n := 1
		if len(c.Args) > 3 {
			flags := c.Bytes(3, i)
			if len(flags) > 0 && flags[0] >= '0' && flags[0] <= '9' {
				c.Fail(i, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).
					WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly."))
				return
			}
			if hasGlobal(flags) {
				n = 0
			}
		}
		if r, ok := c.regex(p, i, 3); ok {
			c.replace(i, r, 0, n)
		}
	})
}

func regexpReplaceAt(c *Call) {
	p := c.patterns(areOptions{})
	c.Each(func(i int) {
		start, ok := c.intArg(3, i, 1, 1, "start")
		if !ok {
			return
		}
		n, ok := c.intArg(4, i, 1, 0, "n")
		if !ok {
			return
		}
		if len(c.Args) == 4 {
			n = 1
		}
		r, ok := c.regex(p, i, 5)
		if !ok {
			return
		}
		b := c.Bytes(0, i)
		if utf8.RuneCount(b) < start-1 {
			c.Out.SetBytes(i, b)
			return
		}
		c.replace(i, r, charOffset(b, start-1), n)
	})
}

// replace makes row i argument 0 with match number n from at on replaced, all of them if n is 0.
func (c *Call) replace(i int, r *regex, at, n int) {
	b, with := c.Bytes(0, i), replacement{c.Bytes(2, i)}
	c.appendRow(i, len(b)+len(with.text), func(dst []byte) []byte {
		done, count := 0, 0
		r.each(b, at, func(m []int) bool {
			if count++; n > 0 && count != n {
				return true
			}
			dst = append(dst, b[done:m[0]]...)
			dst = with.append(dst, b, m)
			done = m[1]
			return n == 0
		})
		return append(dst, b[done:]...)
	})
}

func regexpSplit(c *Call) {
	p := c.patterns(areOptions{})
	c.eachArray(func(i int, out *batch.Column) {
		if !c.noGlobal(i, 2, "regexp_split_to_array") {
			return
		}
		r, ok := c.regex(p, i, 2)
		if !ok {
			return
		}
		b := c.Bytes(0, i)
		r.split(b, func(from, to int) {
			n := out.Len()
			out.Resize(n + 1)
			out.SetBytes(n, b[from:to])
		})
	})
}

// substringPattern gives the part that matches the first group, or the whole match if there is none.
func substringPattern(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	p := c.patterns(areOptions{})
	c.Each(func(i int) {
		r, ok := c.regex(p, i, 2)
		if !ok {
			return
		}
		c.firstGroup(i, r)
	})
}

// firstGroup makes row i the part of argument 0 that the first group matches, the whole match if there is no group.
func (c *Call) firstGroup(i int, r *regex) {
	m := r.find(c.Bytes(0, i), 0)
	if m != nil && r.groups > 0 {
		m = m[2:]
	}
	if len(m) < 2 || m[0] < 0 {
		c.Out.SetNull(i)
		return
	}
	c.sub(i, m[0], m[1])
}
