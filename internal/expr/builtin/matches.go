package builtin

import "wire.example/wire/sdk/sqlstate"

// Patterns are the regular expressions that one caller has compiled, for functions that are no expressions. The zero value is ready; it
// belongs to one goroutine.
type Patterns struct{ p patterns }

func (s *Patterns) get(pattern, flags []byte) (*regex, *sqlstate.Error) {
	if s.p.compiled == nil {
		s.p.compiled = map[string]*regex{}
	}
	return s.p.get(pattern, flags)
}

// Split calls add with the bounds of each part of text between matches of pattern, as regexp_split_to_array takes them. name is the
// function's, for errors.
func (s *Patterns) Split(name string, text, pattern, flags []byte, add func(from, to int)) *sqlstate.Error {
	if hasGlobal(flags) {
		return errGlobal(name)
	}
	r, bad := s.get(pattern, flags)
	if bad != nil {
		return bad
	}
	r.split(text, add)
	return nil
}

// Matches calls add for the first match of pattern in text, for all of them under the flag g, with the bounds of its groups, or of the
// match if there are none; a group without part in the match has bounds of -1. add must not keep bounds.
func (s *Patterns) Matches(text, pattern, flags []byte, add func(bounds []int)) *sqlstate.Error {
	r, bad := s.get(pattern, flags)
	if bad != nil {
		return bad
	}
	all := hasGlobal(flags)
	r.each(text, 0, func(m []int) bool {
		if r.groups > 0 {
			m = m[2:]
		}
		add(m)
		return all
	})
	return nil
}

func errGlobal(name string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "%s() does not support the \"global\" option", name)
}
