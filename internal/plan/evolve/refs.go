package evolve

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// References stand in texts for sources, steps and calls of steps: {source "orders"}, {step "aggregate"}, {call "aggregate" 2}.

func sourceRef(name string) string         { return "{source " + strconv.Quote(name) + "}" }
func stepRef(name string) string           { return "{step " + strconv.Quote(name) + "}" }
func callRef(name string, call int) string { return fmt.Sprintf("{call %q %d}", name, call) }

// longest is how long a text may be; a longer one is replaced by its hash, and what it refers to.
const longest = 2000

// references finds references.
type references struct{ pattern *regexp.Regexp }

func newReferences() *references {
	return &references{regexp.MustCompile(`\{(source|step|call) ("(?:[^"\\]|\\.)*")(?: (\d+))?\}`)}
}

// shorten keeps a text at a length that can be stored.
func (r *references) shorten(text string) string {
	if len(text) <= longest {
		return text
	}
	var all []string
	numbers := map[string]int{}
	body := r.pattern.ReplaceAllStringFunc(text, func(ref string) string {
		if _, known := numbers[ref]; !known {
			numbers[ref] = len(all)
			all = append(all, ref)
		}
		return fmt.Sprintf("{%d}", numbers[ref])
	})
	out := fmt.Sprintf("#%016x(%s)", xxh3.HashString(body), strings.Join(all, ","))
	if len(out) > 4*longest {
		return fmt.Sprintf("#%016x", xxh3.HashString(text))
	}
	return out
}

// reference is a reference that was found.
type reference struct {
	kind, name string
	call       int
}

func (r *references) parse(text string) reference {
	m := r.pattern.FindStringSubmatch(text)
	if m == nil {
		return reference{}
	}
	name, _ := strconv.Unquote(m[2])
	call, _ := strconv.Atoi(m[3])
	return reference{m[1], name, call}
}

// rewrite replaces all references by what to makes of them.
func (r *references) rewrite(text string, to func(reference) string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return r.pattern.ReplaceAllStringFunc(text, func(ref string) string { return to(r.parse(ref)) })
}

// show makes a text one for people.
func (r *references) show(text string) string {
	text = r.rewrite(text, func(ref reference) string {
		if ref.kind == "call" {
			return fmt.Sprintf("%s.%d", ref.name, ref.call+1)
		}
		return ref.name
	})
	return text
}
