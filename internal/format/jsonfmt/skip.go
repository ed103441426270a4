package jsonfmt

// skipValue checks the structure of the value at i and returns the byte after it, or -1. depth is how much deeper it may nest. Escapes
// and encoding of strings are not checked.
func (d *decoder) skipValue(i, depth int) int {
	switch c := at(d.p, i); c {
	case '"':
		return d.skipString(i)
	case '{', '[':
		if depth == 0 {
			return d.failAt("", errDepth(), i)
		}
		if c == '{' {
			return d.skipObject(i+1, depth-1)
		}
		return d.skipArray(i+1, depth-1)
	case 't':
		return d.literal(i, "true")
	case 'f':
		return d.literal(i, "false")
	case 'n':
		return d.literal(i, "null")
	default:
		if _, end := plainInteger(d.p, i); end > 0 {
			return end
		}
		return d.numberEnd(i)
	}
}

func (d *decoder) skipString(i int) int {
	end := d.stopAt(i + 1)
	if at(d.p, end) != '"' {
		if end, _, _ = d.stringEnd(i + 1); end < 0 {
			return d.unclosed(i)
		}
	}
	return end + 1
}

// skipObject passes over an object; i is the byte after its brace.
func (d *decoder) skipObject(i, depth int) int {
	if i = skipSpace(d.p, i); at(d.p, i) == '}' {
		return i + 1
	}
	for {
		if i = skipSpace(d.p, i); at(d.p, i) != '"' {
			return d.syntax(i, "a member name in quotes")
		}
		if i = d.skipString(i); i < 0 {
			return -1
		}
		if i = skipSpace(d.p, i); at(d.p, i) != ':' {
			return d.syntax(i, `":"`)
		}
		if i = d.skipValue(skipSpace(d.p, i+1), depth); i < 0 {
			return -1
		}
		i = skipSpace(d.p, i)
		switch at(d.p, i) {
		case ',':
			i++
		case '}':
			return i + 1
		default:
			return d.syntax(i, `"," or "}"`)
		}
	}
}

// skipArray passes over an array; i is the byte after its bracket.
func (d *decoder) skipArray(i, depth int) int {
	if i = skipSpace(d.p, i); at(d.p, i) == ']' {
		return i + 1
	}
	for {
		if i = d.skipValue(skipSpace(d.p, i), depth); i < 0 {
			return -1
		}
		i = skipSpace(d.p, i)
		switch at(d.p, i) {
		case ',':
			i++
		case ']':
			return i + 1
		default:
			return d.syntax(i, `"," or "]"`)
		}
	}
}
